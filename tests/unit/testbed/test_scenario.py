from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509 import ReasonFlags

from testbed.card_memory import CardMemory, list_cards, load_card
from testbed.issuing import issue_card
from testbed.profiles import Authority, Generation
from testbed.register import Register
from testbed.sample_cards import SAMPLE_CARDS, Condition, SampleCard
from testbed.scenario import export_trust, fill
from tests.support.pki import A_MOMENT, SamplePki, a_pki


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> SamplePki:
    pki = a_pki(tmp_path_factory.mktemp("scenario"))
    fill(pki.pki, lambda: A_MOMENT, state=pki.state)
    return pki


def _sample(condition: Condition) -> SampleCard:
    return next(card for card in SAMPLE_CARDS if card.condition is condition)


def _card(filled: SamplePki, condition: Condition) -> CardMemory:
    return load_card(filled.pki.cards, _sample(condition).card_id)


def _login_certificate(card: CardMemory) -> x509.Certificate:
    assert card.authentication is not None
    return x509.load_der_x509_certificate(card.authentication.certificate)


def _login_reason(register: Register, condition: Condition) -> ReasonFlags | None:
    issued = register.on_card(_sample(condition).card_id)[0]
    assert issued.authority is Authority.AUTHENTICATION
    return issued.revocation.reason if issued.revocation else None


def test_every_condition_has_a_card_of_a_plain_sample_person(filled: SamplePki) -> None:
    assert {card.condition for card in SAMPLE_CARDS} == set(Condition)
    assert list_cards(filled.pki.cards) == sorted(card.card_id for card in SAMPLE_CARDS)
    assert all(card.person.name.split("\N{IDEOGRAPHIC SPACE}")[0] in ("番号", "見本") for card in SAMPLE_CARDS)
    assert len({card.person.name for card in SAMPLE_CARDS}) == len(SAMPLE_CARDS)


def test_ordinary_cards_are_good_and_open_with_their_own_pin(filled: SamplePki) -> None:
    ordinary = [card for card in SAMPLE_CARDS if card.condition is Condition.ORDINARY]
    assert len({card.pin for card in ordinary}) == 2
    for sample in ordinary:
        assert load_card(filled.pki.cards, sample.card_id).pin == sample.pin
        assert [issued.revocation for issued in filled.pki.register.on_card(sample.card_id)] == [None, None]


def test_older_card_is_from_the_older_generation(filled: SamplePki) -> None:
    root = filled.pki.authority(Authority.AUTHENTICATION, Generation.OLDER).certificate
    _login_certificate(_card(filled, Condition.OLDER_AUTHORITY)).verify_directly_issued_by(root)


def test_revoked_and_held_cards_have_their_reasons(filled: SamplePki) -> None:
    assert _login_reason(filled.pki.register, Condition.REVOKED) is ReasonFlags.key_compromise
    assert _login_reason(filled.pki.register, Condition.ON_HOLD) is ReasonFlags.certificate_hold


def test_expired_card_has_ended(filled: SamplePki) -> None:
    assert _login_certificate(_card(filled, Condition.EXPIRED)).not_valid_after_utc < A_MOMENT


def test_wrong_policy_card_has_another_policy(filled: SamplePki) -> None:
    wrong, right = (
        _login_certificate(_card(filled, condition)).extensions.get_extension_for_class(x509.CertificatePolicies)
        for condition in (Condition.WRONG_POLICY, Condition.ORDINARY)
    )
    assert wrong.value != right.value


def test_unknown_card_is_rightly_signed_but_not_registered(filled: SamplePki) -> None:
    certificate = _login_certificate(_card(filled, Condition.UNKNOWN))
    certificate.verify_directly_issued_by(filled.pki.authority(Authority.AUTHENTICATION).certificate)
    register = filled.pki.register
    assert register.find(Authority.AUTHENTICATION, Generation.CURRENT, certificate.serial_number) is None


def test_untrusted_card_is_signed_by_the_stranger(filled: SamplePki) -> None:
    certificate = _login_certificate(_card(filled, Condition.UNTRUSTED))
    certificate.verify_directly_issued_by(filled.stranger().certificate)


def test_locked_card_has_no_tries_left(filled: SamplePki) -> None:
    assert _card(filled, Condition.LOCKED).pin_tries_left == 0


def test_childs_card_cannot_sign(filled: SamplePki) -> None:
    assert _card(filled, Condition.CHILD).signature is None


def test_second_start_changes_no_card(filled: SamplePki) -> None:
    before = [load_card(filled.pki.cards, card.card_id) for card in SAMPLE_CARDS]
    fill(filled.pki, lambda: A_MOMENT, state=filled.state)
    assert [load_card(filled.pki.cards, card.card_id) for card in SAMPLE_CARDS] == before


def test_card_left_unfinished_is_issued_anew(sample: SamplePki) -> None:
    revoked = _sample(Condition.REVOKED)
    half_made = issue_card(
        sample.pki,
        card_id=revoked.card_id,
        person=revoked.person,
        municipality=revoked.municipality,
        pin=revoked.pin,
        password=revoked.password,
        now=A_MOMENT,
    )
    fill(sample.pki, lambda: A_MOMENT, state=sample.state)
    assert load_card(sample.pki.cards, revoked.card_id) != half_made
    assert _login_reason(sample.pki.register, Condition.REVOKED) is ReasonFlags.key_compromise


def test_trust_sets_are_exported_apart_and_without_the_strangers(sample: SamplePki, tmp_path: Path) -> None:
    export_trust(sample.state, tmp_path / "trust")
    exported = {
        str(file.relative_to(tmp_path / "trust")): x509.load_pem_x509_certificate(file.read_bytes())
        for file in (tmp_path / "trust").rglob("*.pem")
    }
    assert exported == {
        f"{authority}/{generation}.pem": made.certificate
        for (authority, generation), made in sample.pki.authorities.items()
    }
