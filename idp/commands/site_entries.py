"""The options by which the operator says what a site's description does not: names, sector, tier, circle, marks."""

import argparse

from idp.domain.service_provider import SectorCode, ServiceProviderId, Tier, TrustCircle
from idp.usecases.orders import Entries

TIERS = {tier.name.lower(): tier for tier in Tier}


def add_entries(parser: argparse.ArgumentParser, *, is_new: bool) -> None:
    """Declare them, each with its default."""

    def default(words: str) -> str:
        return f"(default: {words if is_new else 'as it is'})"

    said = default("what METADATA says")
    if is_new:
        parser.add_argument("--id", type=ServiceProviderId, help="our name for it (default: its host's name)")
        parser.add_argument("--client-id", metavar="TEXT", help=f"OpenID Connect: its client_id {said}")
    parser.add_argument(
        "--sector", type=SectorCode, metavar="CODE", help=f"its sector; `idp sector list` {default('must be named')}"
    )
    parser.add_argument("--tier", choices=list(TIERS), help=f"how far it is trusted {default('standard')}")
    parser.add_argument(
        "--circle",
        type=TrustCircle,
        metavar="NAME",
        help=f"sites that share one login {default('one of its own, shared with nobody')}",
    )
    for name, words in (("name", "what citizens know it by"), ("operator", "who runs it")):
        for code, language in (("ja", "Japanese"), ("en", "English")):
            parser.add_argument(f"--{name}-{code}", metavar="TEXT", help=f"{words}, in {language} {said}")
    parser.add_argument("--home-url", metavar="URL", help=f"where a citizen begins {said}")
    parser.add_argument(
        "--unsafe-cbc",
        action=argparse.BooleanOptionalAction,
        help=f"encrypt with AES-CBC if it can do nothing better {default('refuse such a site')}",
    )
    parser.add_argument(
        "--starts-here",
        action=argparse.BooleanOptionalAction,
        help=f"let logins begin at our pages, too {default('only at the site')}",
    )
    parser.add_argument("--dry-run", action="store_true", help="write nothing (default: write, if nothing is wrong)")


def entries_of(given: argparse.Namespace, *, is_new: bool) -> Entries:
    """What was said."""
    return Entries(
        id=given.id if is_new else None,
        client_id=given.client_id if is_new else None,
        sector=given.sector,
        tier=TIERS.get(given.tier),
        circle=given.circle,
        name_ja=given.name_ja,
        name_en=given.name_en,
        operator_ja=given.operator_ja,
        operator_en=given.operator_en,
        home_url=given.home_url,
        unsafe_cbc=given.unsafe_cbc,
        starts_here=given.starts_here,
    )
