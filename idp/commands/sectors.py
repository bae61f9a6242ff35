"""`idp sector`: who may know citizens by the same identifier, and why."""

import argparse

from foundation.clock import system_clock
from idp.adapters.db import schema
from idp.commands.output import Json, say, table
from idp.commands.parsers import Commands, command, group
from idp.composition import open_engine, service_providers
from idp.domain.service_provider import Sector, SectorCode
from idp.settings import IdpSettings
from idp.usecases.service_providers import ServiceProviders

EXAMPLES = """\
example:
  idp sector add tax --owner "Tax Agency" --purpose "To recognise who files" --legal-basis "Sample Act, article 1"
"""


def sector_add(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Define a sector."""
    sector = Sector(code=given.code, owner=given.owner, purpose=given.purpose, legal_basis=given.legal_basis)
    change = _sites(settings).add_sector(sector, now=system_clock())
    say(given, {"change": change.value, "sector": _json(sector)}, [f"{sector.code}: {change.value}"])


def sector_list(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Show the sectors."""
    sectors = _sites(settings).sectors()
    rows = [(sector.code, sector.owner, sector.purpose, sector.legal_basis) for sector in sectors]
    lines = (
        table([("CODE", "OWNER", "PURPOSE", "LEGAL BASIS"), *rows]) if rows else ["no sector yet: idp sector add CODE"]
    )
    say(given, {"sectors": [_json(sector) for sector in sectors]}, lines)


def add_sector_commands(commands: Commands) -> None:
    """Add `sector` and what belongs to it."""
    sector = group(commands, "sector", about="who may know citizens by the same identifier")
    add = command(
        sector,
        "add",
        sector_add,
        about="define one; its service providers know a citizen by one identifier, and no others do",
        examples=EXAMPLES,
    )
    add.add_argument("code", type=SectorCode, metavar="CODE", help="its name in the register; it never changes")
    add.add_argument("--owner", required=True, metavar="TEXT", help="who answers for it")
    add.add_argument("--purpose", required=True, metavar="TEXT", help="why its sites may recognise a citizen")
    add.add_argument("--legal-basis", required=True, metavar="TEXT", help="by which law, or by whose consent")
    command(sector, "list", sector_list, about="show them")


def _sites(settings: IdpSettings) -> ServiceProviders:
    engine = open_engine(settings)
    schema.require_current(engine)
    return service_providers(settings, engine)


def _json(sector: Sector) -> dict[str, Json]:
    return {
        "code": sector.code,
        "owner": sector.owner,
        "purpose": sector.purpose,
        "legal_basis": sector.legal_basis,
    }
