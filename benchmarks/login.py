"""The provider's work, step by step, in process: the real application, stores and audit over SQLite on the disk."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum

from benchmarks.floor import Crypto
from benchmarks.place import Place
from benchmarks.proofs import prove
from benchmarks.stopwatch import CARD_LOGIN, Asked, Step, Stopwatch, Times, install
from benchmarks.visits import Visits
from tests.support.house import SampleHouse

VISITS_PER_ROUND = 20
_COUNTED_VISITS = 5
_REUSED_FOR = timedelta(minutes=15)


class Evidence(StrEnum):
    """How the card answer's revocation is judged, beside the list, which is always looked up."""

    REUSED = "recent OCSP answer reused"
    ASKED = "OCSP asked over HTTP"


CRYPTO = {
    Step.BEGUN: Crypto(rsa_verifies=1),
    Step.CHALLENGE: Crypto(),
    Step.ANSWER: Crypto(rsa_verifies=2),
    Step.ARRIVAL: Crypto(),
    Step.RELEASE: Crypto(rsa_signs=1),
    Step.SAML_AGAIN: Crypto(rsa_signs=1, rsa_verifies=1),
    Step.AUTHORIZE: Crypto(),
    Step.TOKEN: Crypto(rsa_signs=1, ec_verifies=1),
    Step.USERINFO: Crypto(),
}
"""What a step cannot do without: the site's signature, the certificate's and the card's, our own."""

OCSP_CRYPTO = Crypto(rsa_verifies=2)
"""The responder's signature, and the one on its certificate."""


def crypto_of(step: Step, evidence: Evidence) -> Crypto:
    """The signatures of `step`."""
    is_asked = step is Step.ANSWER and evidence is Evidence.ASKED
    return CRYPTO[step] + (OCSP_CRYPTO if is_asked else Crypto())


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """One provider with its citizens."""

    visits: Visits
    stopwatch: Stopwatch
    asked: Mapping[Step, Asked]
    visit: Callable[[], object] = field(repr=False)

    def round(self) -> list[dict[Step, Times]]:
        """The steps of each visit of one round."""
        timed = []
        for _ in range(VISITS_PER_ROUND):
            self.visit()
            timed.append(self.stopwatch.take())
        return timed


@contextmanager
def desks(place: Place) -> Iterator[dict[Evidence, Desk]]:
    """A provider for each kind of evidence, warm; one proof of each has been verified by other software."""
    reusing = place.settings("reusing", check_max_age=_REUSED_FOR)
    asking = place.settings("asking", check_max_age=timedelta(0))
    with place.house(reusing) as patient, place.house(asking) as curious:
        often = Visits(patient, place.cards)
        anew = Visits(curious, place.cards)
        yield {
            Evidence.REUSED: _desk(place, patient, often, often.whole),
            Evidence.ASKED: _desk(place, curious, anew, anew.log_in_by_card),
        }


def _desk(place: Place, house: SampleHouse, visits: Visits, visit: Callable[[], object]) -> Desk:
    stopwatch = install(house.app)
    visits.register_all()
    prove(visits.whole(), house.app, place.foundations.keys)
    return Desk(visits=visits, stopwatch=stopwatch, asked=_count(house, visits, stopwatch), visit=visit)


def _count(house: SampleHouse, visits: Visits, stopwatch: Stopwatch) -> dict[Step, Asked]:
    """The usual number for each step: once a second, one that happens to come by reads the register's version too."""
    seen: dict[Step, Counter[Asked]] = {step: Counter() for step in Step}
    for _ in range(_COUNTED_VISITS):
        with stopwatch.counting(house.engine) as asked:
            visits.whole()
        for step, numbers in asked.items():
            seen[step][numbers] += 1
    return {step: counter.most_common(1)[0][0] for step, counter in seen.items()}


def whole_login(times: Mapping[Step, Times]) -> Times:
    """All requests of one card login."""
    return sum((times[step] for step in CARD_LOGIN), start=Times(cpu=0, wall=0))
