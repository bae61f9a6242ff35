"""`idp sp`: admit, show, test, change, suspend and remove service providers."""

import argparse
import sys
from pathlib import Path

from sqlalchemy import Engine

from foundation.clock import system_clock
from idp.adapters.db import schema
from idp.commands.descriptions import add_origin, origin_of
from idp.commands.output import CommandRefused, Json, printable, say
from idp.commands.parsers import Commands, command, group
from idp.commands.site_entries import add_entries, entries_of
from idp.commands.site_reports import (
    applied_lines,
    finding_json,
    finding_lines,
    outcome_json,
    outcome_lines,
    site_json,
    site_table,
    view_json,
    view_lines,
)
from idp.composition import open_engine, service_providers, site_test, sourced_sites
from idp.domain.service_provider import ServiceProviderId, Standing, SuspensionReason
from idp.onboarding_file import read_onboarding_file
from idp.settings import IdpSettings
from idp.usecases.service_providers import Outcome, ServiceProviders
from idp.usecases.site_test import Verdict

ADD_EXAMPLES = """\
examples:
  idp sp add metadata.xml --sector tax --dry-run
  idp sp add metadata.xml --sector tax --name-ja 見本省 --name-en "Sample Ministry"
  curl https://sp.example/metadata | idp sp add - --sector tax --json
  idp sp add https://sp.example/metadata --signer sp-signer.pem --sector tax
  idp sp add --from federation https://sp.example/entity --sector tax
"""
UPDATE_EXAMPLES = """\
examples:
  idp sp update ministry newer-metadata.xml --dry-run
  idp sp update ministry --tier high --circle government
  idp sp update ministry --no-starts-here
  idp sp update ministry --from federation
"""

REASONS = {
    SuspensionReason.REQUEST: "the site asked for it",
    SuspensionReason.MAINTENANCE: "work at the site",
    SuspensionReason.INCIDENT: "its security, or a citizen's, is in doubt",
    SuspensionReason.RULES: "it broke the rules under which it was admitted",
    SuspensionReason.OTHER: "none of these",
}
"""The operator's; `withdrawn` is a federation's, told by the worker."""


def sp_add(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Register one service provider."""
    origin = origin_of(given)
    assert origin is not None  # noqa: S101 (METADATA must be named)
    entries = entries_of(given, is_new=True)
    outcome = sourced_sites(settings, _engine(settings)).add(
        origin, entries, now=system_clock(), rehearsed=given.dry_run
    )
    _say_outcome(given, outcome, rehearsed=given.dry_run)


def sp_update(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Change one service provider."""
    entries = entries_of(given, is_new=False)
    outcome = sourced_sites(settings, _engine(settings)).update(
        given.site, origin_of(given), entries, now=system_clock(), rehearsed=given.dry_run
    )
    _say_outcome(given, outcome, rehearsed=given.dry_run)


def sp_apply(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Register the service providers of a file; applying it again changes nothing."""
    sectors, orders = read_onboarding_file(given.file)
    outcomes = _sites(settings).apply(sectors, orders, now=system_clock())
    say(
        given,
        {"outcomes": [outcome_json(outcome, rehearsed=False) for outcome in outcomes]},
        (line for outcome in outcomes for line in applied_lines(outcome)),
    )


def sp_list(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Show the service providers."""
    sites = [site for site in _sites(settings).all() if given.all or site.standing is not Standing.REMOVED]
    lines = site_table(sites) if sites else ["no service provider is registered: idp sp add METADATA --sector CODE"]
    say(given, {"service_providers": [site_json(site) for site in sites]}, lines)


def sp_show(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Show everything about one."""
    view = _sites(settings).show(given.site)
    say(given, view_json(view), view_lines(view))


def sp_test(settings: IdpSettings, given: argparse.Namespace) -> int:
    """Try whether a login would succeed; 1 if not."""
    findings = site_test(settings, _engine(settings)).test(given.site, now=system_clock())
    is_good = all(finding.verdict is not Verdict.FAULT for finding in findings)
    checks: list[Json] = [finding_json(finding) for finding in findings]
    say(given, {"id": given.site, "passed": is_good, "checks": checks}, finding_lines(findings))
    return 0 if is_good else 1


def sp_suspend(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Release nothing more to one."""
    _say_outcome(given, _sites(settings).suspend(given.site, SuspensionReason(given.reason), now=system_clock()))


def sp_resume(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Serve it again."""
    _say_outcome(given, _sites(settings).resume(given.site, now=system_clock()))


def sp_remove(settings: IdpSettings, given: argparse.Namespace) -> None:
    """Take one out for good, once the operator has said so."""
    sites = _sites(settings)
    site = sites.show(given.site).site
    if not given.yes:
        _confirm(f"{site.id} ({site.name.en}, {site.protocol_id}) can never be resumed. Remove it?")
    _say_outcome(given, sites.remove(site.id, now=system_clock()))


def add_sp_commands(commands: Commands) -> None:
    """Add `sp` and what belongs to it."""
    sp = group(commands, "sp", about="service providers")
    add = command(sp, "add", sp_add, about="register one, from its own description", examples=ADD_EXAMPLES)
    add_origin(add, is_new=True)
    add_entries(add, is_new=True)
    update = command(sp, "update", sp_update, about="change one; what is not named stays", examples=UPDATE_EXAMPLES)
    _add_site(update)
    add_origin(update, is_new=False)
    add_entries(update, is_new=False)
    apply = command(sp, "apply", sp_apply, about="register those of a file; running it again changes nothing")
    apply.add_argument("file", type=Path, metavar="FILE", help="for example config/service_providers/ministry.toml")
    listing = command(sp, "list", sp_list, about="show them")
    listing.add_argument("--all", action="store_true", help="the removed ones, too (default: without)")
    _add_site(command(sp, "show", sp_show, about="show all about one: what it receives, its keys, warnings"))
    _add_site(command(sp, "test", sp_test, about="try whether a login would succeed; exit status 1 if it would not"))
    suspend = command(sp, "suspend", sp_suspend, about="release nothing more to one, until it is resumed")
    _add_site(suspend)
    reasons = "; ".join(f"{reason}: {meaning}" for reason, meaning in REASONS.items())
    suspend.add_argument(
        "--reason", choices=[reason.value for reason in REASONS], required=True, help=f"for the audit trail. {reasons}"
    )
    _add_site(command(sp, "resume", sp_resume, about="serve a suspended one again, if it would be accepted today"))
    remove = command(sp, "remove", sp_remove, about="take one out for good; its id is never given again")
    _add_site(remove)
    remove.add_argument("--yes", action="store_true", help="do not ask (default: ask; without a terminal, refuse)")


def _add_site(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("site", type=ServiceProviderId, metavar="ID", help="its id, as `idp sp list` shows it")


def _sites(settings: IdpSettings) -> ServiceProviders:
    return service_providers(settings, _engine(settings))


def _engine(settings: IdpSettings) -> Engine:
    engine = open_engine(settings)
    schema.require_current(engine)
    return engine


def _confirm(question: str) -> None:
    if not sys.stdin.isatty():
        raise CommandRefused("Nothing was changed: there is no terminal to ask; say --yes.")
    sys.stderr.write(f"{printable(question)} [y/N] ")
    if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
        raise CommandRefused("Nothing was changed.")


def _say_outcome(given: argparse.Namespace, outcome: Outcome, *, rehearsed: bool = False) -> None:
    say(given, outcome_json(outcome, rehearsed=rehearsed), outcome_lines(outcome, rehearsed=rehearsed))
