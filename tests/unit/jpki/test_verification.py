import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from jpki.attributes import DateOfBirth, Sex
from jpki.certificates import SignatureCertificate
from jpki.errors import (
    CertificateExpired,
    CertificateMalformed,
    CertificateNotYetValid,
    CertificateOfAuthority,
    CertificatePolicyNotAllowed,
    ExtensionNotSupported,
    IssuerUntrusted,
    JpkiError,
    KeyTooWeak,
    KeyUsageNotAllowed,
    StatementSignatureInvalid,
    WrongCertificateKind,
)
from jpki.profile import CertificateProfile
from jpki.verification import verify_card_answer, verify_signature_certificate
from testbed.defects import Defect
from testbed.profiles import Authority, Generation
from tests.support.certificates import A_STATEMENT, TEST_PROFILE, anchors_of, verified
from tests.support.pki import HANAKO, LeafCertificate, SamplePki

AUTHENTICATION_DEFECTS: dict[Defect, type[JpkiError]] = {
    Defect.WRONG_POLICY: CertificatePolicyNotAllowed,
    Defect.NO_POLICY: CertificatePolicyNotAllowed,
    Defect.WRONG_KEY_USAGE: KeyUsageNotAllowed,
    Defect.NO_KEY_USAGE: KeyUsageNotAllowed,
    Defect.WRONG_EXTENDED_KEY_USAGE: KeyUsageNotAllowed,
    Defect.CA_FLAG: CertificateOfAuthority,
    Defect.UNKNOWN_CRITICAL_EXTENSION: ExtensionNotSupported,
    Defect.EXPIRED: CertificateExpired,
    Defect.NOT_YET_VALID: CertificateNotYetValid,
    Defect.UNTRUSTED_AUTHORITY: IssuerUntrusted,
    Defect.OTHER_AUTHORITY: IssuerUntrusted,
    Defect.WRONG_KIND: WrongCertificateKind,
    Defect.TAMPERED: IssuerUntrusted,
    Defect.TRUNCATED: CertificateMalformed,
    Defect.TRAILING_BYTES: CertificateMalformed,
    Defect.OTHER_KEY: StatementSignatureInvalid,
    Defect.SHORT_KEY: KeyTooWeak,
}


def verify(pki: SamplePki, leaf: LeafCertificate, *, signature: bytes | None = None) -> None:
    verify_card_answer(
        unverified_certificate=leaf.der,
        signature=leaf.sign(A_STATEMENT) if signature is None else signature,
        statement=A_STATEMENT,
        anchors=anchors_of(pki),
        profile=TEST_PROFILE,
        now=pki.now,
    )


@pytest.mark.parametrize("generation", Generation)
def test_answer_of_a_good_card_gives_its_certificate(pki: SamplePki, generation: Generation) -> None:
    leaf = pki.a_certificate(generation=generation)
    certificate = verified(pki, leaf)
    assert certificate.serial == leaf.serial
    assert certificate.der == leaf.der
    assert certificate.issuer == anchors_of(pki)[list(Generation).index(generation)]


@pytest.mark.parametrize(("defect", "error"), AUTHENTICATION_DEFECTS.items())
def test_each_defect_of_a_certificate_is_refused_by_its_name(
    pki: SamplePki, defect: Defect, error: type[JpkiError]
) -> None:
    with pytest.raises(error):
        verify(pki, pki.a_certificate(defect=defect))


def test_every_defect_that_a_certificate_can_show_is_covered() -> None:
    assert set(Defect) - set(AUTHENTICATION_DEFECTS) == {Defect.NOT_REGISTERED}


def test_signature_over_another_statement_is_refused(pki: SamplePki) -> None:
    leaf = pki.a_certificate()
    with pytest.raises(StatementSignatureInvalid):
        verify(pki, leaf, signature=leaf.sign(A_STATEMENT + b"!"))


def test_signature_by_another_card_is_refused(pki: SamplePki) -> None:
    mine, other = pki.a_certificate(), pki.a_certificate()
    with pytest.raises(StatementSignatureInvalid):
        verify(pki, mine, signature=other.sign(A_STATEMENT))


@pytest.mark.parametrize("signature", [b"", bytes(256), bytes(257), b"\xff" * 4096])
def test_bytes_that_are_no_signature_are_refused(pki: SamplePki, signature: bytes) -> None:
    with pytest.raises(StatementSignatureInvalid):
        verify(pki, pki.a_certificate(), signature=signature)


def test_signature_with_another_padding_or_hash_is_refused(pki: SamplePki) -> None:
    leaf = pki.a_certificate()
    pss = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    for signature in (
        leaf.private_key.sign(A_STATEMENT, pss, hashes.SHA256()),
        leaf.private_key.sign(A_STATEMENT, padding.PKCS1v15(), hashes.SHA512()),
    ):
        with pytest.raises(StatementSignatureInvalid):
            verify(pki, leaf, signature=signature)


def test_signature_certificate_is_refused_as_wrong_kind_even_if_its_authority_were_trusted(pki: SamplePki) -> None:
    leaf = pki.a_certificate(Authority.SIGNATURE)
    with pytest.raises(WrongCertificateKind):
        verify_card_answer(
            unverified_certificate=leaf.der,
            signature=leaf.sign(A_STATEMENT),
            statement=A_STATEMENT,
            anchors=anchors_of(pki, Authority.SIGNATURE),
            profile=TEST_PROFILE,
            now=pki.now,
        )


def test_nothing_of_a_strange_certificate_is_verified_before_its_issuer(pki: SamplePki) -> None:
    leaf = pki.a_certificate(defect=Defect.UNTRUSTED_AUTHORITY)
    with pytest.raises(IssuerUntrusted):
        verify(pki, leaf, signature=b"")


def verify_signature(pki: SamplePki, leaf: LeafCertificate) -> SignatureCertificate:
    return verify_signature_certificate(
        unverified_certificate=leaf.der,
        anchors=anchors_of(pki, Authority.SIGNATURE),
        profile=TEST_PROFILE,
        now=pki.now,
    )


def test_signature_certificate_gives_the_basic_four_attributes(pki: SamplePki) -> None:
    certificate = verify_signature(pki, pki.a_certificate(Authority.SIGNATURE))
    assert certificate.attributes.name == HANAKO.name
    assert certificate.attributes.address == HANAKO.address
    assert certificate.attributes.date_of_birth == DateOfBirth(year=1985, month=4, day=1)
    assert certificate.attributes.sex is Sex.FEMALE
    assert HANAKO.name not in repr(certificate)


SIGNATURE_DEFECTS = AUTHENTICATION_DEFECTS.keys() - {
    Defect.OTHER_KEY,  # shows only in a signature
    Defect.WRONG_EXTENDED_KEY_USAGE,  # signature certificates have none
}


@pytest.mark.parametrize("defect", sorted(SIGNATURE_DEFECTS))
def test_each_defect_of_a_signature_certificate_is_refused_by_its_name(pki: SamplePki, defect: Defect) -> None:
    with pytest.raises(AUTHENTICATION_DEFECTS[defect]):
        verify_signature(pki, pki.a_certificate(Authority.SIGNATURE, defect=defect))


@pytest.mark.parametrize("policy", ["", "1", "1.2.x", "9.9.9"])
def test_profile_with_a_number_that_is_no_oid_is_refused(policy: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 (the library words it)
        CertificateProfile(authentication_policies=(policy,))


def test_profile_that_cannot_tell_the_kinds_apart_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot be for authentication and for signatures"):
        CertificateProfile(authentication_policies=("1.2.3",), signature_policies=("1.2.3",))
