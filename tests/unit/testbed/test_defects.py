"""Each defect is in the certificate, and is the only thing wrong with it."""

from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtensionOID

from testbed.defects import Defect
from testbed.profiles import Authority
from tests.support.pki import LeafCertificate, SamplePki

CONTENT_DEFECTS = {
    Defect.WRONG_POLICY: ExtensionOID.CERTIFICATE_POLICIES,
    Defect.NO_POLICY: ExtensionOID.CERTIFICATE_POLICIES,
    Defect.WRONG_KEY_USAGE: ExtensionOID.KEY_USAGE,
    Defect.NO_KEY_USAGE: ExtensionOID.KEY_USAGE,
    Defect.WRONG_EXTENDED_KEY_USAGE: ExtensionOID.EXTENDED_KEY_USAGE,
    Defect.CA_FLAG: ExtensionOID.BASIC_CONSTRAINTS,
    Defect.UNKNOWN_CRITICAL_EXTENSION: x509.ObjectIdentifier("1.2.392.200149.8.5.255.98"),
}


def _read(leaf: LeafCertificate) -> x509.Certificate:
    return x509.load_der_x509_certificate(leaf.der)


def _extensions(certificate: x509.Certificate) -> dict[x509.ObjectIdentifier, x509.Extension[x509.ExtensionType]]:
    own = {ExtensionOID.SUBJECT_KEY_IDENTIFIER}
    return {extension.oid: extension for extension in certificate.extensions if extension.oid not in own}


@pytest.mark.parametrize(("defect", "oid"), CONTENT_DEFECTS.items())
def test_defect_changes_one_extension_and_no_other(
    shared_pki: SamplePki, defect: Defect, oid: x509.ObjectIdentifier
) -> None:
    right = _extensions(_read(shared_pki.a_certificate()))
    wrong_certificate = _read(shared_pki.a_certificate(defect=defect))
    wrong = _extensions(wrong_certificate)
    assert right.get(oid) != wrong.get(oid)
    assert {o: e for o, e in right.items() if o != oid} == {o: e for o, e in wrong.items() if o != oid}
    wrong_certificate.verify_directly_issued_by(shared_pki.pki.authority(Authority.AUTHENTICATION).certificate)


def test_expired_certificate_has_ended(shared_pki: SamplePki) -> None:
    certificate = _read(shared_pki.a_certificate(defect=Defect.EXPIRED))
    assert certificate.not_valid_after_utc == shared_pki.now - timedelta(days=1)


def test_future_certificate_has_not_begun(shared_pki: SamplePki) -> None:
    certificate = _read(shared_pki.a_certificate(defect=Defect.NOT_YET_VALID))
    assert certificate.not_valid_before_utc == shared_pki.now + timedelta(days=1)


@pytest.mark.parametrize("defect", [Defect.UNTRUSTED_AUTHORITY, Defect.TAMPERED])
def test_no_trusted_key_verifies_it(shared_pki: SamplePki, defect: Defect) -> None:
    certificate = _read(shared_pki.a_certificate(defect=defect))
    for made in shared_pki.pki.authorities.values():
        with pytest.raises((InvalidSignature, ValueError)):
            certificate.verify_directly_issued_by(made.certificate)


def test_stranger_signs_under_the_right_name(shared_pki: SamplePki) -> None:
    certificate = _read(shared_pki.a_certificate(defect=Defect.UNTRUSTED_AUTHORITY))
    stranger = shared_pki.stranger().certificate
    certificate.verify_directly_issued_by(stranger)
    assert stranger.subject == shared_pki.pki.authority(Authority.AUTHENTICATION).certificate.subject


def test_other_authority_signs_an_authentication_profile(shared_pki: SamplePki) -> None:
    certificate = _read(shared_pki.a_certificate(defect=Defect.OTHER_AUTHORITY))
    certificate.verify_directly_issued_by(shared_pki.pki.authority(Authority.SIGNATURE).certificate)
    assert ExtensionOID.EXTENDED_KEY_USAGE in _extensions(certificate)


def test_wrong_kind_is_a_flawless_signature_certificate(shared_pki: SamplePki) -> None:
    leaf = shared_pki.a_certificate(defect=Defect.WRONG_KIND)
    assert leaf.authority is Authority.SIGNATURE
    right = _extensions(_read(shared_pki.a_certificate(Authority.SIGNATURE)))
    assert _extensions(_read(leaf)) == right


@pytest.mark.parametrize("defect", [Defect.TRUNCATED, Defect.TRAILING_BYTES])
def test_malformed_certificate_does_not_parse(shared_pki: SamplePki, defect: Defect) -> None:
    with pytest.raises(ValueError, match="parsing"):
        _read(shared_pki.a_certificate(defect=defect))


def test_other_key_is_not_the_cards(shared_pki: SamplePki) -> None:
    leaf = shared_pki.a_certificate(defect=Defect.OTHER_KEY)
    assert _read(leaf).public_key() != leaf.private_key.public_key()


def test_short_key_has_1024_bits(shared_pki: SamplePki) -> None:
    key = _read(shared_pki.a_certificate(defect=Defect.SHORT_KEY)).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    assert key.key_size == 1024
