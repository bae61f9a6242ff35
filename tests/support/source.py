"""Reading our own source, for tests about the whole house."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SHIPPED = ("idp", "jpki", "card_agent", "foundation", "sp_examples")


def modules(*packages: str) -> Iterator[tuple[str, ast.Module]]:
    """Every module below `packages`, by its path from the root of the project."""
    for package in packages:
        for file in sorted((ROOT / package).rglob("*.py")):
            yield file.relative_to(ROOT).as_posix(), _tree(file)


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def makers_of(name: str, *packages: str) -> set[str]:
    """The modules in which `name` is called, that is, in which such a value is made."""
    return {path for path, tree in modules(*packages) if any(called == name for called in calls(tree))}


def calls(tree: ast.AST) -> Iterator[str]:
    """The last name of everything that is called."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                yield called.id
            elif isinstance(called, ast.Attribute):
                yield called.attr
