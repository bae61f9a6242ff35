"""SAML replies in a second on one processor: ours beside others, the same requests by the same load program.

Rounds are interleaved, and every server starts anew for its turn. Equal work is asserted, not assumed: one RSA-2048
signature per reply, on the assertion, over the same attributes, and a wrongly signed request is refused by all.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks.figures import Figure, figure, require
from benchmarks.floor import Floor, Operation
from benchmarks.load import Load, Rate, drive
from benchmarks.peers.contender import Contender, Running
from benchmarks.place import processors
from benchmarks.sites import SITES, Kind, Site
from benchmarks.spent import cpu_seconds
from benchmarks.witness import Reading, Witness

LOAD = Load(name="SAML requests", status=200, needle='name="SAMLResponse"')
_FIELD = "SAMLResponse"
_WARM_UP_SECONDS = 2
_MARGIN = 4
_BITS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Who answers whom."""

    contender: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """One server's turn with one site; `reading` is of its first answer."""

    rate: Rate
    cpu_ms: float
    """Processor time for one reply, of all the server's processes: what a busy neighbour changes least."""
    sign_ms: float
    """One bare signature, measured just before."""
    reading: Reading

    @property
    def times_floor(self) -> float:
        """How many bare signatures fit into the processor time of one reply."""
        return self.cpu_ms / self.sign_ms


@dataclass(frozen=True, slots=True)
class Replies:
    """All series of a run."""

    rounds: Sequence[Mapping[Row, Series]]

    @property
    def rows(self) -> list[Row]:
        """In the order of their turns."""
        return list(self.rounds[0])

    def of(self, row: Row, what: Callable[[Series], float]) -> Figure:
        """One figure of a row."""
        return figure([what(one[row]) for one in self.rounds])

    def ratio(self, row: Row, other: Row, what: Callable[[Series], float]) -> Figure:
        """The figure of `row` for one of `other`, from round to round."""
        return figure([what(one[row]) / what(one[other]) for one in self.rounds])

    def answers(self, contender: str) -> int:
        """How many were counted."""
        return sum(
            series.rate.answers for one in self.rounds for row, series in one.items() if row.contender == contender
        )

    def reading(self, row: Row) -> Reading:
        """What the last round's first answer said."""
        return self.rounds[-1][row].reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A started server and the site that asks it."""

    contender: Contender
    server: Running
    site: Site

    @property
    def row(self) -> Row:
        """Where its figures go."""
        return Row(contender=self.contender.name, kind=self.site.kind)

    def address(self) -> str:
        """Another request."""
        return self.site.address(self.contender.sso_url)

    def require_refusal(self) -> None:
        """A request that bears another request's signature is answered by a page."""
        (request, _, _), (_, name, signature) = (self.address().partition("&Signature=") for _ in range(2))
        page = self.server.browsers[0].open(request + name + signature)
        is_refused = not any(_FIELD in form.fields for form in page.forms)
        require(is_refused, bool, f"{self.contender.name} refuses a forged request")

    def read(self, folder: Path) -> Reading:
        """The answer to one request, verified; xmlsec1's files are written to `folder`."""
        page = self.server.browsers[0].open(self.address())
        fields = [form.fields[_FIELD] for form in page.forms if form.action == self.site.return_url]
        require(fields, lambda found: len(found) == 1, f"the answer of {self.contender.name}: {page.heading}")
        reading = Witness(folder=folder, certificate=self.contender.certificate, key=self.site.key).read(fields[0])
        is_encrypted = self.site.kind is Kind.ENCRYPTED
        require(reading.encryption, lambda method: bool(method) is is_encrypted, f"encryption by {self.contender.name}")
        return reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Everything that the rounds share. `fastest` grows while they run: it tells how many requests a turn may need."""

    contenders: Sequence[Contender]
    folder: Path
    rounds: int
    seconds: int
    progress: Callable[[str], None]
    floor: Floor = field(default_factory=Floor)
    fastest: dict[Row, float] = field(default_factory=dict)

    def run(self) -> Replies:
        """Raises `BenchmarkFailed` at the first answer that is not what it must be."""
        for contender in self.contenders:
            _require_equal_key(contender)
        replies = Replies([self._round(number) for number in range(1, self.rounds + 1)])
        names = {frozenset(replies.reading(row).attributes) for row in replies.rows}
        require(names, lambda found: len(found) == 1, "the attributes of all replies")
        return replies

    def _round(self, number: int) -> dict[Row, Series]:
        done: dict[Row, Series] = {}
        for contender in self.contenders:
            sign_ms = self.floor.measure()[Operation.RSA_SIGN]
            with contender.started() as server:
                for site in SITES:
                    turn = Turn(contender=contender, server=server, site=site)
                    done[turn.row] = self._series(turn, sign_ms)
                    rate = done[turn.row].rate.per_second
                    self.progress(f"round {number} of {self.rounds}: {contender.name}, {site.kind}: {rate:.0f}/s")
        return done

    def _series(self, turn: Turn, sign_ms: float) -> Series:
        """Two proofs, a warm-up, and what counts."""
        turn.require_refusal()
        reading = turn.read(self.folder)
        self._drive(turn, _WARM_UP_SECONDS, sign_ms)
        before = cpu_seconds(turn.server.programs)
        rate = self._drive(turn, self.seconds, sign_ms)
        cpu_ms = (cpu_seconds(turn.server.programs) - before) / rate.answers * 1e3
        return Series(rate=rate, cpu_ms=cpu_ms, sign_ms=sign_ms, reading=reading)

    def _drive(self, turn: Turn, seconds: int, sign_ms: float) -> Rate:
        """A request serves once, so all are signed beforehand: more than can be answered."""
        known = self.fastest.get(turn.row, math.inf)
        requests = math.ceil(min(1e3 / sign_ms, known * _MARGIN) * seconds)
        with ThreadPoolExecutor(len(processors())) as signing:
            addresses = list(signing.map(lambda _: turn.address(), range(requests)))
        file = self.folder / "requests"
        rate = drive(LOAD, addresses, turn.server.browsers, host=turn.server.host, file=file, seconds=seconds)
        self.fastest[turn.row] = max(rate.per_second, self.fastest.get(turn.row, 0))
        return rate


def _require_equal_key(contender: Contender) -> None:
    key = x509.load_pem_x509_certificate(contender.certificate).public_key()
    is_equal = isinstance(key, rsa.RSAPublicKey) and key.key_size == _BITS
    require(is_equal, bool, f"{contender.name} has a key of RSA-{_BITS}")
