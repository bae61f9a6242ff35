from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine

from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.domain.errors import IdpError, RequestInvalid, ServiceFault
from idp.domain.service_provider import FederationProtocol, ServiceProvider, ServiceProviderId, SuspensionReason, Tier
from idp.usecases.admission import SiteRefused
from idp.usecases.orders import Order
from idp.usecases.service_providers import ServiceProviders
from idp.usecases.site_test import Finding, SiteTest, Verdict
from tests.support.builders import NOW, a_sector
from tests.support.onboarding import EVERYTHING, READERS, a_description, an_order
from tests.support.sources import FEDERATION

MINISTRY = ServiceProviderId("ministry")
ENTRIES = replace(EVERYTHING, id=MINISTRY)


@dataclass(slots=True)
class FakeRehearsal:
    """Fulfils `AnswerRehearsal`."""

    error: IdpError | None = None

    def rehearse(self, site: ServiceProvider, *, now: datetime) -> None:
        assert (site.id, now) == (MINISTRY, NOW)
        if self.error is not None:
            raise self.error


@dataclass(slots=True)
class FakeProbe:
    """Fulfils `SourceProbe`."""

    words: str | None = None
    asked: list[ServiceProviderId] = field(default_factory=list)

    def trouble(self, site: ServiceProvider, *, now: datetime) -> str | None:
        assert now == NOW
        self.asked.append(site.id)
        return self.words


class Bench:
    """A register with tools to test its sites."""

    def __init__(self, engine: Engine) -> None:
        self.sites = ServiceProviders(work=SqlUnitOfWork(engine), readers=READERS)
        self.sites.add_sector(a_sector(), now=NOW)
        self.rehearsal = FakeRehearsal()
        self.probe = FakeProbe()

    def findings(self) -> list[Finding]:
        test = SiteTest(
            sites=self.sites, rehearsals=dict.fromkeys(FederationProtocol, self.rehearsal), probe=self.probe
        )
        return list(test.test(MINISTRY, now=NOW))

    def verdicts(self) -> dict[str, Verdict]:
        return {finding.check: finding.verdict for finding in self.findings()}


@pytest.fixture
def bench(sqlite_engine: Engine) -> Bench:
    return Bench(sqlite_engine)


def test_good_site_passes_every_check(bench: Bench) -> None:
    bench.sites.add(an_order(ENTRIES), now=NOW)
    assert list(bench.verdicts()) == ["standing", "description", "end", "requests", "keys", "source", "answer"]
    assert set(bench.verdicts().values()) == {Verdict.OK}


def test_testing_writes_nothing(bench: Bench) -> None:
    bench.sites.add(an_order(ENTRIES), now=NOW)
    with bench.sites.work.reading() as stores:
        before = stores.service_providers.version()
    bench.findings()
    with bench.sites.work.reading() as stores:
        assert stores.service_providers.version() == before


def test_suspended_site_fails(bench: Bench) -> None:
    bench.sites.add(an_order(ENTRIES), now=NOW)
    bench.sites.suspend(MINISTRY, SuspensionReason.OTHER, now=NOW)
    assert bench.verdicts()["standing"] is Verdict.FAULT


def test_removed_site_is_asked_nothing_more(bench: Bench) -> None:
    bench.sites.add(an_order(ENTRIES), now=NOW)
    bench.sites.remove(MINISTRY, now=NOW)
    assert bench.verdicts() == {"standing": Verdict.FAULT}


def test_description_that_would_not_be_accepted_today_fails(bench: Bench) -> None:
    bench.sites.add(an_order(ENTRIES), now=NOW)
    with bench.sites.work.writing() as stores:
        (site,) = stores.service_providers.all()
        stores.service_providers.save(replace(site, registration='{"faults": ["is too short", "is too old"]}'))
    faults = [finding.words for finding in bench.findings() if finding.verdict is Verdict.FAULT]
    assert faults == ["line 7, md:KeyDescriptor: is too short", "line 7, md:KeyDescriptor: is too old"]
    assert "answer" not in bench.verdicts()


def test_warnings_of_the_description_are_told_one_by_one(bench: Bench) -> None:
    bench.sites.add(an_order(ENTRIES, warnings=["has no key", "has no name"]), now=NOW)
    warnings = [finding for finding in bench.findings() if finding.check == "description"]
    assert [(finding.verdict, finding.words) for finding in warnings] == [
        (Verdict.WARNING, "line 3: has no key"),
        (Verdict.WARNING, "line 3: has no name"),
    ]


@pytest.mark.parametrize(
    ("passed", "verdict"), [(15, Verdict.OK), (17, Verdict.WARNING), (30, Verdict.FAULT), (31, Verdict.FAULT)]
)
def test_end_of_the_description_is_watched(bench: Bench, passed: int, verdict: Verdict) -> None:
    begin = NOW - timedelta(days=passed)
    bench.sites.add(an_order(ENTRIES, ends_at=(begin + timedelta(days=30)).isoformat()), now=begin)
    assert bench.verdicts()["end"] is verdict


@pytest.mark.parametrize(
    ("days", "verdict", "words"),
    [
        (14, Verdict.OK, "certificate until 2026-12-05"),
        (13, Verdict.WARNING, "its certificate ends on 2026-12-04; the key still counts for us"),
        (0, Verdict.WARNING, "its certificate ended on 2026-11-21; the key still counts for us"),
    ],
)
def test_certificate_that_ends_is_a_warning_because_its_key_serves_on(
    bench: Bench, days: int, verdict: Verdict, words: str
) -> None:
    bench.sites.add(an_order(ENTRIES, keys_end_at=(NOW + timedelta(days=days)).isoformat()), now=NOW)
    (finding,) = (finding for finding in bench.findings() if finding.check == "keys")
    assert finding.verdict is verdict
    assert finding.words.startswith("signing key aaaaaaaaaaaaaaaa (RSA 2048)")
    assert words in finding.words


def test_site_that_does_not_sign_is_warned_about(bench: Bench) -> None:
    bench.sites.add(an_order(ENTRIES, unsigned=True), now=NOW)
    assert bench.verdicts()["requests"] is Verdict.WARNING


def test_site_that_does_not_sign_fails_in_the_high_tier(bench: Bench) -> None:
    """However it came there."""
    bench.sites.add(an_order(ENTRIES, unsigned=True), now=NOW)
    with bench.sites.work.writing() as stores:
        (site,) = stores.service_providers.all()
        stores.service_providers.save(replace(site, tier=Tier.HIGH))
    assert bench.verdicts()["requests"] is Verdict.FAULT


def from_source(bench: Bench) -> None:
    with bench.sites.work.writing() as stores:
        stores.metadata_sources.save(FEDERATION, now=NOW)
    description = replace(a_description(), source=FEDERATION.name)
    bench.sites.add(Order(description=description, entries=ENTRIES), now=NOW)


def test_source_is_asked(bench: Bench) -> None:
    from_source(bench)
    assert bench.verdicts()["source"] is Verdict.OK
    assert bench.probe.asked == [MINISTRY]


def test_source_in_trouble_is_a_warning_with_its_reason(bench: Bench) -> None:
    """The last good copy serves on."""
    from_source(bench)
    bench.probe.words = "Nothing could be fetched."
    (finding,) = (finding for finding in bench.findings() if finding.check == "source")
    assert (finding.verdict, finding.words) == (Verdict.WARNING, "federation: Nothing could be fetched.")


@pytest.mark.parametrize(
    ("error", "words"), [(ServiceFault(), "service.error"), (RequestInvalid("it has no key"), "it has no key")]
)
def test_answer_that_cannot_be_made_fails(bench: Bench, error: IdpError, words: str) -> None:
    bench.sites.add(an_order(ENTRIES), now=NOW)
    bench.rehearsal.error = error
    finding = bench.findings()[-1]
    assert (finding.check, finding.verdict, finding.words) == (
        "answer",
        Verdict.FAULT,
        f"no answer can be made: {words}",
    )


def test_site_that_is_not_there_is_named(bench: Bench) -> None:
    with pytest.raises(SiteRefused, match="ministry"):
        bench.findings()
