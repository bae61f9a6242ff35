from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import ReasonFlags

from testbed.crls import make_crl
from testbed.faults import CrlFault
from testbed.lifecycle import Cause, hold, release_hold, revoke
from testbed.people import IBARAKI_TSUKUBA, TOKYO_CHIYODA, Municipality
from testbed.profiles import Authority, Generation, distribution_point
from tests.support.pki import A_MOMENT, SamplePki

LATER = A_MOMENT + timedelta(hours=1)


def _issue(sample: SamplePki, card_id: str, place: Municipality, generation: Generation) -> None:
    sample.a_card(card_id, municipality=place, generation=generation)


def _crl(
    sample: SamplePki,
    authority: Authority = Authority.AUTHENTICATION,
    generation: Generation = Generation.CURRENT,
    *,
    fault: CrlFault | None = None,
) -> x509.CertificateRevocationList:
    made = make_crl(sample.pki, authority, generation, IBARAKI_TSUKUBA, now=LATER, fault=fault)
    return x509.load_der_x509_crl(made)


def _is_signed_by(crl: x509.CertificateRevocationList, certificate: x509.Certificate) -> bool:
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    return crl.is_signature_valid(key)


def _reasons(crl: x509.CertificateRevocationList) -> dict[int, ReasonFlags]:
    return {entry.serial_number: entry.extensions.get_extension_for_class(x509.CRLReason).value.reason for entry in crl}


@pytest.mark.parametrize("generation", Generation)
@pytest.mark.parametrize("authority", Authority)
def test_list_is_signed_by_its_own_generation_alone(
    shared_pki: SamplePki, authority: Authority, generation: Generation
) -> None:
    crl = _crl(shared_pki, authority, generation)
    signers = [which for which, made in shared_pki.pki.authorities.items() if _is_signed_by(crl, made.certificate)]
    assert signers == [(authority, generation)]
    assert crl.issuer == shared_pki.pki.authority(authority).certificate.subject


def test_list_says_what_it_covers_and_for_how_long(shared_pki: SamplePki) -> None:
    crl = _crl(shared_pki)
    scope = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    assert scope.critical
    name = distribution_point(Authority.AUTHENTICATION, IBARAKI_TSUKUBA)
    assert scope.value.full_name == [x509.DirectoryName(name)]
    assert crl.last_update_utc == LATER
    assert crl.next_update_utc == LATER + timedelta(hours=24)
    key = crl.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier
    root = shared_pki.pki.authority(Authority.AUTHENTICATION).certificate
    assert key == root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_later_list_has_a_greater_number(shared_pki: SamplePki) -> None:
    numbers = [
        x509.load_der_x509_crl(
            make_crl(shared_pki.pki, Authority.SIGNATURE, Generation.CURRENT, TOKYO_CHIYODA, now=moment)
        )
        .extensions.get_extension_for_class(x509.CRLNumber)
        .value.crl_number
        for moment in (A_MOMENT, A_MOMENT + timedelta(seconds=1))
    ]
    assert numbers[0] < numbers[1]


def test_life_of_a_list_is_a_choice(shared_pki: SamplePki) -> None:
    made = make_crl(
        shared_pki.pki,
        Authority.SIGNATURE,
        Generation.CURRENT,
        TOKYO_CHIYODA,
        now=A_MOMENT,
        life=timedelta(minutes=5),
    )
    assert x509.load_der_x509_crl(made).next_update_utc == A_MOMENT + timedelta(minutes=5)


def test_revocation_stands_on_one_list_only(sample: SamplePki) -> None:
    _issue(sample, "here", IBARAKI_TSUKUBA, Generation.CURRENT)
    _issue(sample, "elsewhere", TOKYO_CHIYODA, Generation.CURRENT)
    _issue(sample, "older", IBARAKI_TSUKUBA, Generation.OLDER)
    for card in ("here", "elsewhere", "older"):
        revoke(sample.pki, card, Cause.LOSS, now=A_MOMENT)
    here = sample.pki.register.on_card("here")[0].serial
    assert _reasons(_crl(sample)) == {here: ReasonFlags.key_compromise}


def test_move_shows_on_the_signature_list_only(sample: SamplePki) -> None:
    _issue(sample, "c", IBARAKI_TSUKUBA, Generation.CURRENT)
    revoke(sample.pki, "c", Cause.MOVE, now=A_MOMENT)
    assert _reasons(_crl(sample)) == {}
    (entry,) = _crl(sample, Authority.SIGNATURE)
    assert entry.revocation_date_utc == A_MOMENT
    assert list(_reasons(_crl(sample, Authority.SIGNATURE)).values()) == [ReasonFlags.affiliation_changed]


def test_hold_comes_and_goes(sample: SamplePki) -> None:
    _issue(sample, "c", IBARAKI_TSUKUBA, Generation.CURRENT)
    hold(sample.pki, "c", now=A_MOMENT)
    assert list(_reasons(_crl(sample)).values()) == [ReasonFlags.certificate_hold]
    release_hold(sample.pki, "c")
    assert _reasons(_crl(sample)) == {}


def test_expired_list_is_over_but_rightly_signed(shared_pki: SamplePki) -> None:
    crl = _crl(shared_pki, fault=CrlFault.EXPIRED)
    assert crl.next_update_utc is not None
    assert crl.next_update_utc < LATER
    assert _is_signed_by(crl, shared_pki.pki.authority(Authority.AUTHENTICATION).certificate)


def test_future_list_has_not_begun(shared_pki: SamplePki) -> None:
    assert _crl(shared_pki, fault=CrlFault.NOT_YET_VALID).last_update_utc > LATER


def test_tampered_list_hides_the_revocation_and_does_not_verify(sample: SamplePki) -> None:
    _issue(sample, "c", IBARAKI_TSUKUBA, Generation.CURRENT)
    revoke(sample.pki, "c", Cause.LOSS, now=A_MOMENT)
    crl = _crl(sample, fault=CrlFault.TAMPERED)
    assert _reasons(crl) == {}
    assert not _is_signed_by(crl, sample.pki.authority(Authority.AUTHENTICATION).certificate)


def test_list_of_a_stranger_has_the_right_name_and_the_wrong_key(shared_pki: SamplePki) -> None:
    crl = _crl(shared_pki, fault=CrlFault.WRONG_ISSUER)
    assert crl.issuer == shared_pki.pki.authority(Authority.AUTHENTICATION).certificate.subject
    assert not any(_is_signed_by(crl, made.certificate) for made in shared_pki.pki.authorities.values())


def test_list_of_another_municipality_is_rightly_signed(shared_pki: SamplePki) -> None:
    crl = _crl(shared_pki, fault=CrlFault.OTHER_MUNICIPALITY)
    scope = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
    name = distribution_point(Authority.AUTHENTICATION, IBARAKI_TSUKUBA)
    assert scope.full_name != [x509.DirectoryName(name)]
    assert _is_signed_by(crl, shared_pki.pki.authority(Authority.AUTHENTICATION).certificate)
