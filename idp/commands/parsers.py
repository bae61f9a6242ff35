"""How commands are declared: each with its help, its examples, and `--json`."""

import argparse
from collections.abc import Callable
from typing import TypeAlias

from idp.settings import IdpSettings

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 (has no public name)

Act = Callable[[IdpSettings, argparse.Namespace], int | None]
"""Does a command; the exit status, None for 0."""


def group(commands: Commands, name: str, *, about: str) -> Commands:
    """A word that commands follow: `idp sp …`."""
    return commands.add_parser(name, help=about).add_subparsers(title="commands", metavar="COMMAND", required=True)


def command(
    commands: Commands, name: str, act: Act, *, about: str, examples: str | None = None
) -> argparse.ArgumentParser:
    """A command that `act` does; `about` is one sentence that begins with a small letter and has no full stop."""
    parser = commands.add_parser(
        name,
        help=about,
        description=f"{about[0].upper()}{about[1:]}.",
        epilog=examples,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="answer in JSON (default: in words)")
    parser.set_defaults(act=act)
    return parser
