"""Every row of the revocation policy at the front door, with the simulated national services asked over HTTP.

The responder's faults stand in `testbed.faults`; the worker fetches the lists as in life.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import request
from werkzeug.serving import make_server

from idp.adapters.revocation.crl_refresh import WhyRefused
from idp.domain.citizen import CheckSource
from idp.domain.events import LoginRefused, RevocationListRefused, RevocationListTaken, SessionOpened
from idp.settings import RevocationSettings, ServerSettings
from idp.worker import make_worker
from jpki.revocation import RevocationReason
from testbed.crls import DEFAULT_LIFE
from testbed.faults import NO_FAULTS, CrlFault, Faults, FaultSwitch, OcspFault
from testbed.lifecycle import Cause, hold, release_hold, revoke
from testbed.people import IBARAKI_TSUKUBA, MUNICIPALITIES
from testbed.revocation_service import revocation_app
from tests.support.browser import Browser, Page
from tests.support.house import Card, Foundations, SampleHouse, a_house, house_settings, is_logged_in
from tests.support.oidc import FakeClock

PATIENCE = 20.0
ENOUGH = timedelta(seconds=PATIENCE / 2)
"""For an answer that comes; one that is held back comes after `PATIENCE`."""
SHORT = timedelta(milliseconds=300)
SLOW_ANSWERS = {OcspFault.LATE, OcspFault.TRICKLE}
CARD = "policy"
FAULTY_ANSWERS = [
    fault
    for fault in OcspFault
    # Without our nonce an answer may be believed once; "unknown" is believed, and refuses.
    if fault not in {OcspFault.WITHOUT_NONCE, OcspFault.UNKNOWN}
]
NOT_FETCHED = {CrlFault.MISSING, CrlFault.HTTP_500}
FAULTY_LISTS = [
    CrlFault.EXPIRED,
    CrlFault.NOT_YET_VALID,
    CrlFault.TAMPERED,
    CrlFault.WRONG_ISSUER,
    CrlFault.GARBAGE,
    *NOT_FETCHED,
]


@dataclass(slots=True, kw_only=True)
class NationalServices:
    """The responder and the lists over HTTP; their faults, and how often the responder was asked."""

    clock: FakeClock
    faults: FaultSwitch
    url: str = ""
    asked: int = 0
    is_holding: threading.Event = field(default_factory=threading.Event)
    is_over: threading.Event = field(default_factory=threading.Event)

    def hold(self, seconds: float) -> None:
        """Keep a late answer back, though not beyond the test."""
        self.is_holding.set()
        self.is_over.wait(seconds)

    def fail(self, *, ocsp: OcspFault | None = None, crl: CrlFault | None = None) -> None:
        """Misbehave from now on."""
        self.faults.set(Faults(ocsp=ocsp, crl=crl, delay=timedelta(seconds=PATIENCE)))


@pytest.fixture
def services(foundations: Foundations, tmp_path: Path) -> Iterator[NationalServices]:
    services = NationalServices(clock=FakeClock(foundations.pki.now), faults=FaultSwitch(tmp_path / "faults.json"))

    def now() -> datetime:
        return services.clock()  # The house's, once it stands.

    app = revocation_app(foundations.pki.state, now, services.faults, hold=services.hold)

    @app.before_request
    def count() -> None:
        services.asked += request.path.startswith("/ocsp")

    server = make_server("127.0.0.1", 0, app, threaded=True)
    services.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield services
    services.is_over.set()
    server.shutdown()
    thread.join(PATIENCE)
    server.server_close()


@pytest.fixture
def fault() -> OcspFault | CrlFault | None:
    """What is wrong, where a test's parameter does not say it."""
    return None


@pytest.fixture
def house(
    foundations: Foundations, services: NationalServices, tmp_path: Path, fault: OcspFault | CrlFault | None
) -> Iterator[SampleHouse]:
    deadline = SHORT if fault in SLOW_ANSWERS else ENOUGH
    with asking_house(foundations, services, tmp_path, deadline=deadline) as built:
        yield built


@contextmanager
def asking_house(
    foundations: Foundations, services: NationalServices, folder: Path, *, deadline: timedelta, waiting: int = 4
) -> Iterator[SampleHouse]:
    """A house that asks `services`; the citizen of the card `CARD` is registered there and nowhere else."""
    settings = house_settings(
        foundations,
        folder,
        revocation=RevocationSettings(
            ocsp_url=f"{services.url}/ocsp",
            crl_urls=tuple(f"{services.url}/crl/authentication/current/{code}.crl" for code in MUNICIPALITIES),
            folder=folder / "crl",
            ocsp_deadline=deadline,
            ocsp_waiting=waiting,
        ),
        server=ServerSettings(threads=waiting + 1),
    )
    with a_house(foundations, settings, asks_really=True) as built:
        services.clock = built.clock
        yield built


@pytest.fixture
def card(house: SampleHouse) -> Iterator[Card]:
    yield house.registered_card(CARD)
    with house.pki.pki.register.changing() as changes:
        changes.forget_card(CARD)


@pytest.fixture
def browser(house: SampleHouse) -> Browser:
    return house.browser()


def fetch_lists(house: SampleHouse, *, of: str = "") -> None:
    """The worker fetches the lists that are due, of one municipality or of all."""
    revocation = house.settings.revocation
    urls = tuple(url for url in revocation.crl_urls if url.endswith(f"{of}.crl"))
    settings = replace(house.settings, revocation=replace(revocation, crl_urls=urls))
    worker = make_worker(settings, clock=house.clock)
    worker.plan()
    while worker.do_one():
        pass


def enter(house: SampleHouse, browser: Browser, card: Card) -> Page:
    """As far as a card that is taken comes: the site, or the consent page."""
    page = house.present(card, browser, browser.open(house.shop.address()))
    return browser.press(page, "/enrolment/", agree="yes") if page.path.startswith("/enrolment/") else page


def assert_let_in(house: SampleHouse, page: Page, source: CheckSource) -> None:
    assert house.shop.got_answer(page), page.heading
    claims = house.shop.claims(page)
    assert claims["https://idp.example/claims/cert_status"]["source"] == source  # type: ignore[index]
    (opened,) = [event for event in house.events() if isinstance(event, SessionOpened)]
    assert opened.check_source is source


def assert_refused(house: SampleHouse, browser: Browser, page: Page, code: str) -> None:
    assert page.heading == house.heading(code)
    assert page.status == (503 if code == "card.unchecked" else 403)
    trail = house.events()
    assert [event.code for event in trail if isinstance(event, LoginRefused)] == [code]
    assert not [event for event in trail if isinstance(event, SessionOpened)]
    assert not is_logged_in(browser)


def test_good_answer_of_the_responder_lets_in(
    house: SampleHouse, services: NationalServices, browser: Browser, card: Card
) -> None:
    assert_let_in(house, enter(house, browser, card), CheckSource.OCSP)
    assert services.asked == 1


@pytest.mark.parametrize("has_list", [False, True])
@pytest.mark.parametrize("cause", [Cause.LOSS, Cause.DEATH, Cause.HOLDER_REQUEST])
def test_revoked_at_the_responder_is_refused_whatever_the_list_says(
    house: SampleHouse, browser: Browser, card: Card, *, cause: Cause, has_list: bool
) -> None:
    if has_list:
        fetch_lists(house)
    revoke(house.pki.pki, CARD, cause, now=house.clock())
    assert_refused(house, browser, enter(house, browser, card), "card.revoked")


def test_move_revokes_only_the_signature_certificate(house: SampleHouse, browser: Browser, card: Card) -> None:
    revoke(house.pki.pki, CARD, Cause.MOVE, now=house.clock())
    assert_let_in(house, enter(house, browser, card), CheckSource.OCSP)


def test_revoked_on_the_list_is_refused_without_asking_the_responder(
    house: SampleHouse, services: NationalServices, browser: Browser, card: Card
) -> None:
    revoke(house.pki.pki, CARD, Cause.LOSS, now=house.clock())
    fetch_lists(house)
    assert_refused(house, browser, enter(house, browser, card), "card.revoked")
    assert services.asked == 0


def test_on_hold_is_refused_now_and_let_in_after_the_release(house: SampleHouse, browser: Browser, card: Card) -> None:
    hold(house.pki.pki, CARD, now=house.clock())
    fetch_lists(house)
    assert_refused(house, browser, enter(house, browser, card), "card.hold")
    release_hold(house.pki.pki, CARD)
    house.clock.move(timedelta(hours=1))
    fetch_lists(house)
    assert_let_in(house, enter(house, browser, card), CheckSource.OCSP)


def test_unknown_to_the_responder_is_refused_although_the_list_is_good(
    house: SampleHouse, services: NationalServices, browser: Browser, card: Card
) -> None:
    fetch_lists(house)
    services.fail(ocsp=OcspFault.UNKNOWN)
    assert_refused(house, browser, enter(house, browser, card), "card.unchecked")


@pytest.mark.parametrize("fault", FAULTY_ANSWERS)
def test_no_valid_answer_and_no_list_refuses(
    house: SampleHouse, services: NationalServices, browser: Browser, card: Card, *, fault: OcspFault
) -> None:
    services.fail(ocsp=fault)
    assert_refused(house, browser, enter(house, browser, card), "card.unchecked")
    assert services.asked == 1


@pytest.mark.parametrize("fault", FAULTY_ANSWERS)
def test_no_valid_answer_and_a_fresh_list_lets_in_by_the_list(
    house: SampleHouse, services: NationalServices, browser: Browser, card: Card, *, fault: OcspFault
) -> None:
    fetch_lists(house)
    services.fail(ocsp=fault)
    assert_let_in(house, enter(house, browser, card), CheckSource.CRL)


@pytest.mark.parametrize(("age", "is_fresh"), [(DEFAULT_LIFE - timedelta(seconds=1), True), (DEFAULT_LIFE, False)])
def test_list_is_worth_nothing_from_its_end_on(
    house: SampleHouse, services: NationalServices, browser: Browser, card: Card, *, age: timedelta, is_fresh: bool
) -> None:
    fetch_lists(house)
    services.fail(ocsp=OcspFault.TRY_LATER)
    house.clock.move(age)
    page = enter(house, browser, card)
    if is_fresh:
        assert_let_in(house, page, CheckSource.CRL)
    else:
        assert_refused(house, browser, page, "card.unchecked")


@pytest.mark.parametrize("fault", FAULTY_LISTS)
def test_list_that_must_not_be_believed_lets_nobody_in(
    house: SampleHouse, services: NationalServices, browser: Browser, card: Card, *, fault: CrlFault
) -> None:
    services.fail(ocsp=OcspFault.TRY_LATER, crl=fault)
    fetch_lists(house)
    refused = {event.code for event in house.events() if isinstance(event, RevocationListRefused)}
    assert refused == {WhyRefused.NOT_FETCHED if fault in NOT_FETCHED else WhyRefused.NOT_BELIEVED}
    assert not [event for event in house.events() if isinstance(event, RevocationListTaken)]
    assert_refused(house, browser, enter(house, browser, card), "card.unchecked")


def test_list_about_another_municipality_says_nothing_about_this_card(
    house: SampleHouse, services: NationalServices, browser: Browser, card: Card
) -> None:
    services.fail(ocsp=OcspFault.TRY_LATER, crl=CrlFault.OTHER_MUNICIPALITY)
    fetch_lists(house, of=IBARAKI_TSUKUBA.code)
    assert [event for event in house.events() if isinstance(event, RevocationListTaken)]
    assert_refused(house, browser, enter(house, browser, card), "card.unchecked")


def test_tampered_list_does_not_replace_the_good_one(
    house: SampleHouse, services: NationalServices, browser: Browser, card: Card
) -> None:
    fetch_lists(house)
    house.clock.move(timedelta(hours=1))
    services.fail(ocsp=OcspFault.TRY_LATER, crl=CrlFault.TAMPERED)
    fetch_lists(house)
    assert_let_in(house, enter(house, browser, card), CheckSource.CRL)


def test_answer_is_reused_for_a_quarter_of_an_hour_and_no_longer(
    house: SampleHouse, services: NationalServices, card: Card
) -> None:
    asked = []
    for minutes in (0, 10, 4, 1, 14):
        house.clock.move(timedelta(minutes=minutes))
        assert house.shop.got_answer(enter(house, house.browser(), card))
        asked.append(services.asked)
    assert asked == [1, 1, 1, 2, 2]


def test_reused_answer_is_told_to_the_site_with_its_own_time(house: SampleHouse, card: Card) -> None:
    enter(house, house.browser(), card)
    checked_at = int(house.clock().timestamp())
    house.clock.move(timedelta(minutes=14))
    claims = house.shop.claims(enter(house, house.browser(), card))
    assert claims["https://idp.example/claims/cert_status"]["checked_at"] == checked_at  # type: ignore[index]
    assert claims["auth_time"] == checked_at + 14 * 60


def test_answer_without_our_nonce_is_not_reused(house: SampleHouse, services: NationalServices, card: Card) -> None:
    """It may be an old one, replayed by somebody between us and the responder."""
    services.fail(ocsp=OcspFault.WITHOUT_NONCE)
    assert house.shop.got_answer(enter(house, house.browser(), card))
    house.clock.move(timedelta(minutes=1))
    revoke(house.pki.pki, CARD, Cause.LOSS, now=house.clock())
    services.faults.set(NO_FAULTS)
    browser = house.browser()
    assert enter(house, browser, card).heading == house.heading("card.revoked")
    assert services.asked == 2


def test_list_revokes_although_a_good_answer_could_be_reused(
    house: SampleHouse, services: NationalServices, card: Card
) -> None:
    assert house.shop.got_answer(enter(house, house.browser(), card))
    house.clock.move(timedelta(minutes=1))
    revoke(house.pki.pki, CARD, Cause.LOSS, now=house.clock())
    fetch_lists(house)
    browser = house.browser()
    assert enter(house, browser, card).heading == house.heading("card.revoked")
    assert not is_logged_in(browser)
    assert services.asked == 1


def test_refusal_is_not_remembered(
    house: SampleHouse, services: NationalServices, browser: Browser, card: Card
) -> None:
    services.fail(ocsp=OcspFault.HTTP_500)
    assert_refused(house, browser, enter(house, browser, card), "card.unchecked")
    services.faults.set(NO_FAULTS)
    assert_let_in(house, enter(house, browser, card), CheckSource.OCSP)


def test_login_that_finds_the_responder_crowded_does_not_wait_for_it(
    foundations: Foundations, services: NationalServices, tmp_path: Path
) -> None:
    with asking_house(foundations, services, tmp_path, deadline=ENOUGH, waiting=1) as house:
        first, second = house.registered_card("crowd-1"), house.registered_card("crowd-2")
        fetch_lists(house)
        services.fail(ocsp=OcspFault.LATE)
        pages: list[Page] = []
        waiting = threading.Thread(target=lambda: pages.append(enter(house, house.browser(), first)))
        waiting.start()
        assert services.is_holding.wait(PATIENCE)
        page = enter(house, house.browser(), second)
        asked_meanwhile = services.asked
        services.is_over.set()
        waiting.join(PATIENCE)
        assert house.shop.claims(page)["https://idp.example/claims/cert_status"]["source"] == "crl"  # type: ignore[index]
        assert asked_meanwhile == 1
        assert [house.shop.got_answer(late) for late in pages] == [True]


def test_reuse_never_goes_past_next_update(foundations: Foundations, tmp_path: Path) -> None:
    with a_house(foundations, house_settings(foundations, tmp_path)) as house:
        house.revocation.fresh_for = timedelta(minutes=5)
        card, asked = house.card(), []
        for seconds in (0, 299, 1):
            house.clock.move(timedelta(seconds=seconds))
            house.log_in(house.browser(), house.shop, card)
            asked.append(len(house.revocation.asked))
        assert asked == [1, 1, 2]


def test_word_of_the_list_is_never_reused(foundations: Foundations, tmp_path: Path) -> None:
    """The list is looked at each time anyway, and the responder may know more by then."""
    with a_house(foundations, house_settings(foundations, tmp_path)) as house:
        house.revocation.has_list = house.revocation.responder_is_down = True
        card = house.card()
        house.log_in(house.browser(), house.shop, card)
        house.revocation.responder_is_down = False
        house.revocation.revoked[card.serial] = RevocationReason.KEY_COMPROMISE
        assert enter(house, house.browser(), card).heading == house.heading("card.revoked")
