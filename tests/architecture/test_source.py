"""Rules of the house that no tool of the check holds."""

import ast
import dataclasses
import importlib
import inspect
import pkgutil
from enum import Enum

import pytest

import idp.domain
from tests.support.source import ROOT, SHIPPED, modules

WALL_CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"), ("time", "time")}
OURS = tuple(package for package in SHIPPED if package != "sp_examples")
"""Example sites use nothing of ours, not even the clock."""
DOMAIN = [module.name for module in pkgutil.iter_modules(idp.domain.__path__)]


def test_time_is_read_in_one_place() -> None:
    read = {
        path
        for path, tree in modules(*OURS)
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and (_name(node.value), node.attr) in WALL_CLOCKS
    }
    assert read == {"foundation/clock.py"}


def test_packages_are_empty_so_that_a_name_has_one_address() -> None:
    files = [file for package in SHIPPED for file in (ROOT / package).rglob("__init__.py")]
    assert len(files) > 10
    assert [str(file) for file in files if file.read_text(encoding="utf-8").strip()] == []


@pytest.mark.parametrize("module", DOMAIN)
def test_values_of_the_domain_are_frozen_and_named(module: str) -> None:
    for name, kind in inspect.getmembers(importlib.import_module(f"idp.domain.{module}"), inspect.isclass):
        if kind.__module__ != f"idp.domain.{module}" or issubclass(kind, Exception | Enum):
            continue
        assert dataclasses.is_dataclass(kind), name
        assert kind.__dataclass_params__.frozen, name  # type: ignore[attr-defined]
        kinds = {parameter.kind for parameter in inspect.signature(kind).parameters.values()}
        assert kinds == {inspect.Parameter.KEYWORD_ONLY}, name
        assert hasattr(kind, "__slots__"), name


def test_any_and_cast_stand_in_bridges_only() -> None:
    users = {
        path
        for path, tree in modules("idp", "jpki", "card_agent")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module == "typing"
        and {"Any", "cast"} & {a.name for a in node.names}
    }
    assert {path for path in users if not path.endswith("/bridge.py")} <= ONE_FILE_WRAPPERS


ONE_FILE_WRAPPERS = {"card_agent/pcsc.py", "idp/server.py"}
"""Around a library without types, of one file each."""


def _name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else ""
