"""The command `idp`: what an operator does. Every command says what it did, and ends with one sentence if it cannot."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy.exc import OperationalError

from foundation.clock import system_clock
from idp import worker
from idp.adapters.db import schema
from idp.adapters.db.engine import DatabaseUrlRefused
from idp.adapters.keys.files import KeyUnusable
from idp.adapters.keys.key_folder import KeyFolder, make_keys
from idp.commands.keys import add_key_commands
from idp.commands.metadata_sources import add_metadata_commands
from idp.commands.output import CommandRefused, refuse
from idp.commands.sectors import add_sector_commands
from idp.commands.service_providers import add_sp_commands
from idp.composition import build, open_engine
from idp.domain.metadata_source import MetadataRefused, SourceRefused
from idp.server import Server
from idp.settings import IdpSettings, Profile, SettingsError, load_settings
from idp.usecases.admission import SiteRefused

SETTINGS_VARIABLE = "IDP_SETTINGS"
REFUSALS = (
    SettingsError,
    KeyUnusable,
    schema.SchemaMismatch,
    DatabaseUrlRefused,
    CommandRefused,
    SiteRefused,
    SourceRefused,
    MetadataRefused,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0; 1 with what is wrong on standard error, or as JSON on standard output; or 2 for wrong words."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    given = _parser().parse_args(arguments)
    if given.settings is None:
        sys.stderr.write(f"Name the settings: --settings FILE, or the variable {SETTINGS_VARIABLE}.\n")
        return 2
    try:
        status = given.act(load_settings(given.settings), given)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads has enough, as `head` has. What is still in the buffer must not be written at the end, too.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OperationalError:
        refuse(CommandRefused("The database cannot be reached, or others keep it busy."), as_json=_wants_json(given))
        return 1
    except REFUSALS as error:
        refuse(error, as_json=_wants_json(given))
        return 1
    return status or 0


def _wants_json(given: argparse.Namespace) -> bool:
    """Not every command knows the option."""
    return bool(getattr(given, "json", False))


def init(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Make keys and database once; nothing is ever overwritten."""
    del given
    file = settings.database.file
    for folder in (settings.keys.folder, settings.revocation.folder, *([file.parent] if file else [])):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = make_keys(
        KeyFolder(path=settings.keys.folder),
        name=settings.host,
        now=system_clock(),
        for_development=settings.profile is Profile.DEVELOPMENT,
    )
    for file in made:
        print(f"made {file}")
    engine = open_engine(settings)
    if schema.current_version(engine) is None:
        print(f"made the database with schema {schema.upgrade(engine)}")
    elif not made:
        print("keys and database are there already; nothing was changed")


def db_upgrade(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Bring the database to this program's schema."""
    del given
    print(f"the database has schema {schema.upgrade(open_engine(settings))}")


def serve(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Serve browsers and sites."""
    del given
    build(settings)  # A fault of keys, trust or schema is one sentence here, not a worker that restarts for ever.
    Server(settings, lambda: build(settings).app).run()


def work(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Do what is due: revocation lists, metadata of sites, expiry."""
    worker.run(settings, once=given.once)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="idp", description="The identity provider, for its operators.")
    variable = os.environ.get(SETTINGS_VARIABLE)
    parser.add_argument(
        "--settings",
        type=Path,
        default=Path(variable) if variable else None,
        metavar="FILE",
        help=f"settings, for example config/development/idp.toml (default: the variable {SETTINGS_VARIABLE})",
    )
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    commands.add_parser("init", help="make keys and database once; never overwrites").set_defaults(act=init)
    db = commands.add_parser("db", help="the database").add_subparsers(
        title="commands", metavar="COMMAND", required=True
    )
    db.add_parser("upgrade", help="bring the database to this program's schema").set_defaults(act=db_upgrade)
    add_sp_commands(commands)
    add_sector_commands(commands)
    add_metadata_commands(commands)
    add_key_commands(commands)
    commands.add_parser("serve", help="serve browsers and sites until ended").set_defaults(act=serve)
    worker_command = commands.add_parser("worker", help="do due work until ended; any number of copies may run")
    worker_command.add_argument("--once", action="store_true", help="end when nothing is due")
    worker_command.set_defaults(act=work)
    return parser
