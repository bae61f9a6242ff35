"""The command `idp`: what an operator does. Every command says what it did, and ends with one sentence if it cannot."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from foundation.clock import system_clock
from idp import worker
from idp.adapters.db import schema
from idp.adapters.db.engine import DatabaseUrlRefused
from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.adapters.keys.files import KeyUnusable
from idp.adapters.keys.key_folder import KeyFolder, make_keys
from idp.composition import build, open_engine, registration_checks
from idp.onboarding_file import OnboardingRefused, read_onboarding_file
from idp.server import Server
from idp.settings import IdpSettings, Profile, SettingsError, load_settings
from idp.usecases.service_providers import Onboarding, OnboardingConflict

SETTINGS_VARIABLE = "IDP_SETTINGS"
REFUSALS = (
    SettingsError,
    KeyUnusable,
    schema.SchemaMismatch,
    DatabaseUrlRefused,
    OnboardingRefused,
    OnboardingConflict,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status 0, 1 with one sentence on standard error, or 2 for wrong words."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    given = _parser().parse_args(arguments)
    if given.settings is None:
        sys.stderr.write(f"Name the settings: --settings FILE, or the variable {SETTINGS_VARIABLE}.\n")
        return 2
    try:
        given.act(load_settings(given.settings), given)
    except REFUSALS as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


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


def sp_apply(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Register the service providers of a file; applying it again changes nothing."""
    engine = open_engine(settings)
    schema.require_current(engine)
    sectors, sites = read_onboarding_file(given.file, registration_checks(settings))
    changes = Onboarding(work=SqlUnitOfWork(engine)).apply(sectors, sites, now=system_clock())
    for site, change in changes.items():
        print(f"{site}: {change.value}")


def sp_list(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Show the service providers."""
    del given
    engine = open_engine(settings)
    schema.require_current(engine)
    with SqlUnitOfWork(engine).reading() as stores:
        sites = stores.service_providers.all()
    if not sites:
        print("no service provider is registered: idp sp apply FILE")
    for site in sites:
        facts = (
            f"{site.protocol.value:<5} sector {site.sector:<10} tier {site.tier.name.lower():<9} circle {site.circle}"
        )
        print(f"{site.id:<12} {facts}   {site.name.en}   {site.protocol_id}")


def serve(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Serve browsers and sites."""
    del given
    build(settings)  # A fault of keys, trust or schema is one sentence here, not a worker that restarts for ever.
    Server(settings, lambda: build(settings).app).run()


def work(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Do what is due: revocation lists, expiry."""
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
    commands = parser.add_subparsers(title="commands", metavar="", required=True)
    commands.add_parser("init", help="make keys and database once; never overwrites").set_defaults(act=init)
    db = commands.add_parser("db", help="the database").add_subparsers(title="commands", metavar="", required=True)
    db.add_parser("upgrade", help="bring the database to this program's schema").set_defaults(act=db_upgrade)
    sp = commands.add_parser("sp", help="service providers").add_subparsers(title="commands", metavar="", required=True)
    apply = sp.add_parser("apply", help="register the service providers of a file; running it again changes nothing")
    apply.add_argument("file", type=Path, help="for example config/service_providers/shop.toml")
    apply.set_defaults(act=sp_apply)
    sp.add_parser("list", help="show the service providers").set_defaults(act=sp_list)
    commands.add_parser("serve", help="serve browsers and sites until ended").set_defaults(act=serve)
    worker_command = commands.add_parser("worker", help="do due work until ended; any number of copies may run")
    worker_command.add_argument("--once", action="store_true", help="end when nothing is due")
    worker_command.set_defaults(act=work)
    return parser
