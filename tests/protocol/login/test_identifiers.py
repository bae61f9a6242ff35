"""By which number a site knows a citizen, and that no two sectors can compare theirs."""

from idp.domain.events import ReleaseMade
from tests.support.house import SampleHouse

PAIRWISE = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
TRANSIENT = '<samlp:NameIDPolicy Format="urn:oasis:names:tc:SAML:2.0:nameid-format:transient"/>'


def test_site_knows_the_citizen_again_at_the_next_login(house: SampleHouse) -> None:
    card = house.card()
    saml = [house.ministry.read(house.log_in(house.browser(), house.ministry, card)).name_id for _ in range(2)]
    oidc = [house.shop.claims(house.log_in(house.browser(), house.shop, card))["sub"] for _ in range(2)]
    assert len(set(saml)) == len(set(oidc)) == 1


def test_sites_of_one_sector_share_an_identifier_whatever_they_speak(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    ministry = house.ministry.read(house.log_in(browser, house.ministry, card))
    treasury = house.treasury.claims(house.log_in(browser, house.treasury, card))
    assert ministry.name_id == treasury["sub"]
    assert ministry.attributes[PAIRWISE] == f"{treasury['sub']}@idp.example"


def test_sites_of_two_sectors_have_nothing_in_common(house: SampleHouse) -> None:
    """Neither identifier nor session name; what is left are the times of one login."""
    browser, card = house.browser(), house.card()
    treasury = house.treasury.claims(house.log_in(browser, house.treasury, card))
    shop = house.shop.claims(house.log_in(browser, house.shop, card))
    alike = {name for name in treasury if treasury[name] == shop[name]}
    assert alike == {
        "iss",
        "iat",
        "exp",
        "auth_time",
        "acr",
        "amr",
        "nonce",
        "https://idp.example/claims/cert_status",
    }


def test_identifier_is_not_made_of_the_card(house: SampleHouse) -> None:
    """The same card at two providers with the same keys gives two numbers: they are random."""
    card = house.card()
    value = house.shop.claims(house.log_in(house.browser(), house.shop, card))["sub"]
    assert isinstance(value, str)
    assert len(value) == 40
    assert format(card.serial, "x") not in value


def test_transient_identifier_is_new_at_each_answer(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    answers = [
        house.ministry.read(house.log_in(browser, house.ministry, card, house.ministry.address(inside=TRANSIENT)))
        for _ in range(3)
    ]
    assert {answer.name_id_format for answer in answers} == {"transient"}
    assert len({answer.name_id for answer in answers}) == 3
    assert all(PAIRWISE not in answer.attributes for answer in answers)


def test_transient_answer_leaves_no_lasting_identifier_behind(house: SampleHouse) -> None:
    browser, card = house.browser(), house.card()
    house.log_in(browser, house.ministry, card, house.ministry.address(inside=TRANSIENT))
    with house.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM subject_identifiers").scalar_one() == 0
    (release,) = [event for event in house.events() if isinstance(event, ReleaseMade)]
    assert release.identifier.value == "transient"
