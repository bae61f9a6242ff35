"""One message made, one verified: our adapter beside pysaml2, both without a web application around them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from urllib.parse import parse_qs, urlencode

from benchmarks.figures import Figure, cpu_ms_of, figure
from benchmarks.peers.contender import Attributes
from benchmarks.peers.stock import Stock, a_stock, write_files
from benchmarks.sites import SITES, Kind, Site
from foundation.clock import system_clock
from idp.protocols.saml.adapter import SamlAdapter
from tests.support.saml import SSO_URL, a_release, an_adapter

OURS_PER_ROUND, STOCK_PER_ROUND = 300, 6


class Message(StrEnum):
    """What is made or verified."""

    SIGNED = "Response made, signed"
    ENCRYPTED = "Response made, signed and encrypted"
    BY_POST = "AuthnRequest verified, signed within itself"
    BY_REDIRECT = "AuthnRequest verified, signed address"

    @property
    def is_xml_signed(self) -> bool:
        """Whether pysaml2 leaves it to xmlsec1: the signature of an address is no XML."""
        return self is not Message.BY_REDIRECT


@dataclass(frozen=True, slots=True, kw_only=True)
class Duel:
    """The same task for both; each call has an input of its own, for a request serves once."""

    ours: Callable[[bytes], object]
    stock: Callable[[bytes], object]
    make_input: Callable[[], bytes]

    def round(self) -> tuple[float, float]:
        """Milliseconds of processor time for one, xmlsec1's included: ours, then pysaml2's."""
        mine, theirs = ([self.make_input() for _ in range(number)] for number in (OURS_PER_ROUND, STOCK_PER_ROUND))
        return cpu_ms_of(self.ours, mine), cpu_ms_of(self.stock, theirs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """Milliseconds of processor time, and how many of ours fit into one of theirs."""

    ours: Figure
    stock: Figure
    ratio: Figure


def measure(folder: Path, *, attributes: Attributes, rounds: int) -> dict[Message, Outcome]:
    """In turn, several rounds. Raises what either side raises if a message is refused."""
    folder.mkdir()
    write_files(folder)
    adapter = an_adapter(*(site.registered() for site in SITES))
    duels = _duels(adapter, a_stock(folder, sso_url=SSO_URL, attributes=attributes))
    timed = [{message: duel.round() for message, duel in duels.items()} for _ in range(rounds)]
    return {message: _outcome([one[message] for one in timed]) for message in duels}


def _duels(adapter: SamlAdapter, stock: Stock) -> Mapping[Message, Duel]:
    plain, secret = ({site.kind: site for site in SITES}[kind] for kind in (Kind.SIGNED, Kind.ENCRYPTED))
    return {
        Message.SIGNED: _made(adapter, stock, plain),
        Message.ENCRYPTED: _made(adapter, stock, secret),
        Message.BY_POST: Duel(
            ours=lambda field: adapter.understand_post(urlencode({"SAMLRequest": field}).encode(), now=system_clock()),
            stock=lambda field: stock.by_post(field.decode()),
            make_input=lambda: plain.form_field(SSO_URL),
        ),
        Message.BY_REDIRECT: Duel(
            ours=lambda query: adapter.understand_redirect(query, now=system_clock()),
            stock=lambda query: _read_by_stock(stock, query),
            make_input=lambda: plain.query(SSO_URL),
        ),
    }


def _made(adapter: SamlAdapter, stock: Stock, site: Site) -> Duel:
    asked = adapter.understand_redirect(site.query(SSO_URL), now=system_clock())
    release = a_release(site=site.name, identifier=asked.identifier, now=system_clock())
    asked_of_stock = _read_by_stock(stock, site.query(SSO_URL))
    return Duel(
        ours=lambda _: adapter.answer(release, asked.reply),
        stock=lambda _: stock.answer(asked_of_stock),
        make_input=bytes,
    )


def _read_by_stock(stock: Stock, query: bytes) -> object:
    sent = parse_qs(query.decode())
    return stock.by_redirect(sent["SAMLRequest"][0], sent["SigAlg"][0], sent["Signature"][0])


def _outcome(rounds: Sequence[tuple[float, float]]) -> Outcome:
    return Outcome(
        ours=figure([ours for ours, _ in rounds]),
        stock=figure([stock for _, stock in rounds]),
        ratio=figure([stock / ours for ours, stock in rounds]),
    )
