"""`python -m card_agent`: look at readers and cards, or serve the pages that a login needs."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from card_agent.pcsc import PcscTransport
from card_agent.report import card_lines, reader_lines
from card_agent.running import PortTaken, run
from card_agent.server import HERE
from card_agent.settings import AgentSettings
from foundation.settings import SettingsError, load
from foundation.texts import LANGUAGES, load_texts

_DESCRIPTION = """\
The card agent: the program on the citizen's own computer that talks to the My Number Card.
Without a command it lists the readers, the certificates on each card and the tries left, as `show` does."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0, or 2 with one sentence on standard error."""
    options = _parser().parse_args(arguments)
    texts = load_texts(HERE / "translations")[options.language]
    transport = PcscTransport()
    try:
        if options.command == "serve":
            run(load(AgentSettings, options.settings), transport, language=options.language)
        elif options.command == "readers":
            _say(reader_lines(transport, texts))
        else:
            _say(card_lines(transport, texts))
    except (SettingsError, PortTaken) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m card_agent", description=_DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--language", choices=LANGUAGES, default=_own_language(), help="language of what is printed (default: LANG)"
    )
    commands = parser.add_subparsers(dest="command", title="commands", metavar="")
    serve = commands.add_parser(
        "serve",
        help="answer logins on 127.0.0.1 until Ctrl-C",
        description="Serve the pages that sites open when a login needs the card. Only 127.0.0.1 is listened on, and "
        "only the sites in the settings are served.",
    )
    serve.add_argument("--settings", type=Path, required=True, metavar="FILE", help="settings, for example agent.toml")
    commands.add_parser("readers", help="list the card readers")
    commands.add_parser("show", help="show the certificates on each card and the tries left; no PIN is asked")
    return parser


def _say(lines: Sequence[str]) -> None:
    sys.stdout.write("\n".join(lines) + "\n")


def _own_language() -> str:
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "ja" if locale.startswith("ja") else "en"


if __name__ == "__main__":
    sys.exit(main())
