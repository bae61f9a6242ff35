from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.x509 import ReasonFlags

from testbed.card_memory import KeyPair, load_card
from testbed.defects import Defect
from testbed.issuing import CardExistsError, break_card, expire, renew
from testbed.lifecycle import Cause, hold, revoke
from testbed.people import HOKKAIDO_SAPPORO, IBARAKI_TSUKUBA
from testbed.profiles import NAME_MAP, Authority, Generation, four_attributes
from testbed.register import UnknownCardError
from tests.support.pki import A_MOMENT, HANAKO, SamplePki

LATER = A_MOMENT + timedelta(days=30)


def _certificate(pair: KeyPair | None) -> x509.Certificate:
    assert pair is not None
    return x509.load_der_x509_certificate(pair.certificate)


def _reasons(sample: SamplePki) -> dict[int, ReasonFlags | None]:
    issued = sample.pki.register.issued_for("c")
    return {entry.serial: entry.revocation and entry.revocation.reason for entry in issued}


def test_issued_card_is_on_disk_with_matching_keys(sample: SamplePki) -> None:
    sample.a_card()
    card = load_card(sample.pki.cards, "c")
    assert (card.holder, card.pin, card.password) == (HANAKO.name, "1234", "ABC123")
    for pair in (card.authentication, card.signature):
        certificate = _certificate(pair)
        assert pair is not None
        key = serialization.load_der_private_key(pair.private_key, password=None)
        assert key.public_key() == certificate.public_key()
        certificate.verify_directly_issued_by(x509.load_der_x509_certificate(pair.ca_certificate))


def test_issued_certificates_are_registered_as_good(sample: SamplePki) -> None:
    card = sample.a_card()
    for authority, pair in ((Authority.AUTHENTICATION, card.authentication), (Authority.SIGNATURE, card.signature)):
        serial = _certificate(pair).serial_number
        issued = sample.pki.register.find(authority, Generation.CURRENT, serial)
        assert issued is not None
        assert issued.revocation is None
        assert issued.municipality == IBARAKI_TSUKUBA.code
        assert sample.pki.register.find(authority, Generation.OLDER, serial) is None


def test_card_of_the_older_generation_is_signed_by_it(sample: SamplePki) -> None:
    card = sample.a_card(generation=Generation.OLDER)
    for authority, pair in ((Authority.AUTHENTICATION, card.authentication), (Authority.SIGNATURE, card.signature)):
        assert pair is not None
        assert pair.ca_certificate == sample.pki.authority(authority, Generation.OLDER).certificate_der
        found = sample.pki.register.find(authority, Generation.OLDER, _certificate(pair).serial_number)
        assert found is not None


def test_childs_card_has_no_signature_certificate(sample: SamplePki) -> None:
    assert sample.a_card(with_signature=False).signature is None
    assert len(sample.pki.register.on_card("c")) == 1


def test_second_card_of_the_same_name_is_refused_and_the_first_stays(sample: SamplePki) -> None:
    first = sample.a_card()
    with pytest.raises(CardExistsError):
        sample.a_card()
    assert load_card(sample.pki.cards, "c") == first


def test_failure_to_write_the_card_leaves_nothing_in_the_register(sample: SamplePki) -> None:
    sample.pki.cards.write_text("in the way")
    with pytest.raises(OSError, match="c"):
        sample.a_card()
    assert sample.pki.register.issued_for("c") == []
    with pytest.raises(UnknownCardError):
        sample.pki.register.card("c")


def test_renewal_gives_new_serials_and_keys_and_supersedes_the_old(sample: SamplePki) -> None:
    before = sample.a_card(generation=Generation.OLDER)
    after = renew(sample.pki, "c", now=LATER)
    for old, new in ((before.authentication, after.authentication), (before.signature, after.signature)):
        assert _certificate(old).serial_number != _certificate(new).serial_number
        assert _certificate(old).public_key() != _certificate(new).public_key()
        assert _reasons(sample)[_certificate(old).serial_number] is ReasonFlags.superseded
        assert _reasons(sample)[_certificate(new).serial_number] is None
    assert after.authentication is not None
    assert after.authentication.ca_certificate == sample.pki.authority(Authority.AUTHENTICATION).certificate_der
    assert load_card(sample.pki.cards, "c") == after
    assert (after.pin, after.password) == (before.pin, before.password)


def test_renewal_after_a_move_writes_the_new_address_and_keeps_the_login_certificate(sample: SamplePki) -> None:
    before = sample.a_card()
    revoke(sample.pki, "c", Cause.MOVE, now=A_MOMENT)
    moved = replace(HANAKO, address="北海道札幌市見本区見本九条99丁目")
    after = renew(sample.pki, "c", now=LATER, person=moved, municipality=HOKKAIDO_SAPPORO, which=(Authority.SIGNATURE,))
    assert after.authentication == before.authentication
    names = _certificate(after.signature).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == four_attributes(moved)
    assert sample.pki.register.card("c").person == moved
    reasons = _reasons(sample)
    assert reasons[_certificate(before.signature).serial_number] is ReasonFlags.affiliation_changed
    assert reasons[_certificate(before.authentication).serial_number] is None


def test_renewal_ends_a_hold_for_good(sample: SamplePki) -> None:
    before = sample.a_card()
    hold(sample.pki, "c", now=A_MOMENT)
    renew(sample.pki, "c", now=LATER)
    assert _reasons(sample)[_certificate(before.authentication).serial_number] is ReasonFlags.superseded


def test_renewal_of_an_unknown_card_is_refused(sample: SamplePki) -> None:
    with pytest.raises(UnknownCardError):
        renew(sample.pki, "nobody", now=LATER)


def test_expired_card_has_ended_yesterday_with_the_same_keys(sample: SamplePki) -> None:
    before = sample.a_card()
    after = expire(sample.pki, "c", now=LATER)
    for old, new in ((before.authentication, after.authentication), (before.signature, after.signature)):
        assert _certificate(new).not_valid_after_utc == LATER - timedelta(days=1)
        assert _certificate(new).public_key() == _certificate(old).public_key()
        assert _reasons(sample)[_certificate(new).serial_number] is None


def test_expired_certificate_began_within_its_authoritys_life(sample: SamplePki) -> None:
    sample.a_card()
    expired = _certificate(expire(sample.pki, "c", now=A_MOMENT).authentication)
    authority = sample.pki.authority(Authority.AUTHENTICATION).certificate
    assert expired.not_valid_before_utc > authority.not_valid_before_utc


def test_broken_card_carries_the_defect_in_one_certificate(sample: SamplePki) -> None:
    before = sample.a_card()
    after = break_card(sample.pki, "c", Defect.NO_POLICY, now=LATER)
    with pytest.raises(x509.ExtensionNotFound):
        _certificate(after.authentication).extensions.get_extension_for_class(x509.CertificatePolicies)
    assert after.signature == before.signature
    assert after.authentication is not None
    assert before.authentication is not None
    assert after.authentication.private_key == before.authentication.private_key


@pytest.mark.parametrize("defect", [Defect.NOT_REGISTERED, Defect.UNTRUSTED_AUTHORITY, Defect.OTHER_AUTHORITY])
def test_certificates_that_were_never_rightly_issued_are_not_registered(sample: SamplePki, defect: Defect) -> None:
    sample.a_card()
    broken = break_card(sample.pki, "c", defect, now=LATER)
    assert _certificate(broken.authentication).serial_number not in _reasons(sample)


def test_signature_certificate_in_the_login_slot_is_registered_as_such(sample: SamplePki) -> None:
    sample.a_card()
    broken = break_card(sample.pki, "c", Defect.WRONG_KIND, now=LATER)
    serial = _certificate(broken.authentication).serial_number
    assert sample.pki.register.find(Authority.SIGNATURE, Generation.CURRENT, serial) is not None


def test_broken_card_is_whole_after_renewal(sample: SamplePki) -> None:
    sample.a_card()
    break_card(sample.pki, "c", Defect.WRONG_KIND, now=A_MOMENT)
    renew(sample.pki, "c", now=LATER)
    assert [entry.authority for entry in sample.pki.register.on_card("c")] == list(Authority)


@pytest.mark.parametrize("defect", Defect)
def test_every_defect_can_be_put_on_a_card(sample: SamplePki, defect: Defect) -> None:
    sample.a_card()
    broken = break_card(sample.pki, "c", defect, now=LATER)
    assert load_card(sample.pki.cards, "c") == broken


def test_register_keeps_substituted_characters_for_renewal(sample: SamplePki) -> None:
    sample.a_card(person=replace(HANAKO, substituted_in_name=(3,)))
    card = renew(sample.pki, "c", now=LATER)
    names = _certificate(card.signature).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    maps = [name.value for name in names if isinstance(name, x509.OtherName) and name.type_id == NAME_MAP]
    assert maps == [b"\x0c\x0500010"]
