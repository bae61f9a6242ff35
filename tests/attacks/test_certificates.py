"""Somebody without a good card tries to pass for one, at the level of certificates and signatures."""

from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

from jpki.anchors import TrustAnchor
from jpki.certificates import AuthenticationCertificate
from jpki.challenge import Purpose, authentication_statement
from jpki.errors import (
    CertificateExpired,
    CertificateMalformed,
    CertificateNotYetValid,
    CertificateOfAuthority,
    CertificatePolicyNotAllowed,
    IssuerUntrusted,
    JpkiError,
    KeyUsageNotAllowed,
    StatementSignatureInvalid,
    WrongCertificateKind,
)
from jpki.verification import verify_card_answer
from testbed.defects import Defect
from testbed.profiles import Authority
from tests.support.certificates import TEST_PROFILE, anchors_of
from tests.support.pki import LeafCertificate, SamplePki, a_pki

ORIGIN = "https://idp.test"
STATEMENT = authentication_statement(origin=ORIGIN, purpose=Purpose.LOGIN, nonce=bytes(32))


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> SamplePki:
    return a_pki(tmp_path_factory.mktemp("pki") / "state")


@pytest.fixture(scope="module")
def anchors(pki: SamplePki) -> tuple[TrustAnchor, ...]:
    return anchors_of(pki)


def log_in(
    anchors: tuple[TrustAnchor, ...], certificate: bytes, signature: bytes, *, now: datetime
) -> AuthenticationCertificate:
    return verify_card_answer(
        unverified_certificate=certificate,
        signature=signature,
        statement=STATEMENT,
        anchors=anchors,
        profile=TEST_PROFILE,
        now=now,
    )


def test_honest_card_logs_in(pki: SamplePki, anchors: tuple[TrustAnchor, ...]) -> None:
    leaf = pki.a_certificate()
    assert log_in(anchors, leaf.der, leaf.sign(STATEMENT), now=pki.now).serial == leaf.serial


@pytest.mark.parametrize(
    "signed",
    [
        authentication_statement(origin="https://idp.test.evil.test", purpose=Purpose.LOGIN, nonce=bytes(32)),
        authentication_statement(origin=ORIGIN, purpose=Purpose.REGISTRATION, nonce=bytes(32)),
        authentication_statement(origin=ORIGIN, purpose=Purpose.LOGIN, nonce=bytes(31) + b"\1"),
        STATEMENT.replace(b"jpki-auth:1", b"jpki-doc:1\0"),
        b"",
    ],
    ids=["foreign origin", "other purpose", "other nonce", "a document", "nothing"],
)
def test_signature_that_was_made_for_something_else_does_not_log_in(
    pki: SamplePki, anchors: tuple[TrustAnchor, ...], signed: bytes
) -> None:
    leaf = pki.a_certificate()
    with pytest.raises(StatementSignatureInvalid):
        log_in(anchors, leaf.der, leaf.sign(signed), now=pki.now)


def test_certificate_read_from_a_card_without_its_pin_does_not_log_in(
    pki: SamplePki, anchors: tuple[TrustAnchor, ...]
) -> None:
    victim, thief = pki.a_certificate(), pki.a_certificate()
    with pytest.raises(StatementSignatureInvalid):
        log_in(anchors, victim.der, thief.sign(STATEMENT), now=pki.now)


def test_signature_certificate_does_not_log_in(pki: SamplePki, anchors: tuple[TrustAnchor, ...]) -> None:
    leaf = pki.a_certificate(Authority.SIGNATURE)
    both = anchors + anchors_of(pki, Authority.SIGNATURE)
    with pytest.raises(WrongCertificateKind):
        log_in(both, leaf.der, leaf.sign(STATEMENT), now=pki.now)


@pytest.mark.parametrize(
    ("defect", "error"),
    [
        (Defect.EXPIRED, CertificateExpired),
        (Defect.NOT_YET_VALID, CertificateNotYetValid),
        (Defect.UNTRUSTED_AUTHORITY, IssuerUntrusted),
        (Defect.OTHER_AUTHORITY, IssuerUntrusted),
        (Defect.WRONG_KIND, WrongCertificateKind),
        (Defect.WRONG_POLICY, CertificatePolicyNotAllowed),
        (Defect.NO_POLICY, CertificatePolicyNotAllowed),
        (Defect.WRONG_KEY_USAGE, KeyUsageNotAllowed),
        (Defect.WRONG_EXTENDED_KEY_USAGE, KeyUsageNotAllowed),
        (Defect.CA_FLAG, CertificateOfAuthority),
        (Defect.TAMPERED, IssuerUntrusted),
        (Defect.TRUNCATED, CertificateMalformed),
        (Defect.TRAILING_BYTES, CertificateMalformed),
        (Defect.OTHER_KEY, StatementSignatureInvalid),
    ],
)
def test_certificate_with_one_fault_does_not_log_in(
    pki: SamplePki, anchors: tuple[TrustAnchor, ...], defect: Defect, error: type[JpkiError]
) -> None:
    leaf = pki.a_certificate(defect=defect)
    with pytest.raises(error):
        log_in(anchors, leaf.der, leaf.sign(STATEMENT), now=pki.now)


def issued_by_a_citizen(citizen: LeafCertificate, forged: LeafCertificate, *, named: x509.Name) -> bytes:
    """A copy of `forged` that the key of a citizen's card signed, naming `named` as its issuer."""
    model = x509.load_der_x509_certificate(forged.der)
    builder = (
        x509.CertificateBuilder()
        .subject_name(model.subject)
        .issuer_name(named)
        .not_valid_before(model.not_valid_before_utc)
        .not_valid_after(model.not_valid_after_utc)
        .serial_number(model.serial_number)
        .public_key(model.public_key())
    )
    for extension in model.extensions:
        builder = builder.add_extension(extension.value, critical=extension.critical)
    return builder.sign(citizen.private_key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize("names_the_authority", [True, False])
def test_citizen_cannot_issue_certificates(
    pki: SamplePki, anchors: tuple[TrustAnchor, ...], *, names_the_authority: bool
) -> None:
    citizen, forged = pki.a_certificate(), pki.a_certificate()
    own_name = x509.load_der_x509_certificate(citizen.der).subject
    named = anchors[1].subject if names_the_authority else own_name
    der = issued_by_a_citizen(citizen, forged, named=named)
    with pytest.raises(IssuerUntrusted):
        log_in(anchors, der, forged.sign(STATEMENT), now=pki.now)


def test_authoritys_own_certificate_does_not_log_in(pki: SamplePki, anchors: tuple[TrustAnchor, ...]) -> None:
    with pytest.raises(JpkiError):
        log_in(anchors, pki.trust(Authority.AUTHENTICATION)[1], b"", now=pki.now)


def test_ocsp_responders_certificate_does_not_log_in(pki: SamplePki, anchors: tuple[TrustAnchor, ...]) -> None:
    responder = pki.pki.authority(Authority.AUTHENTICATION).responder
    with pytest.raises(KeyUsageNotAllowed):
        log_in(anchors, responder.certificate.public_bytes(Encoding.DER), b"", now=pki.now)


@pytest.mark.parametrize(
    "der",
    [
        b"",
        b"\x30",
        b"\x30\x80",
        b"\x30\x84\xff\xff\xff\xff" + bytes(64),
        b"\x30\x89" + b"\xff" * 9 + bytes(64),
        b"\x30\x82\x10\x00" * 2000,
        b"\x30" * 8000,
        b"<certificate/>",
        bytes(10_000_000),
    ],
    ids=["nothing", "tag", "indefinite", "4 GiB", "length of 9 bytes", "nested", "tags", "XML", "10 MB"],
)
def test_hostile_bytes_are_refused_as_malformed(pki: SamplePki, anchors: tuple[TrustAnchor, ...], der: bytes) -> None:
    with pytest.raises(CertificateMalformed):
        log_in(anchors, der, b"", now=pki.now)


def test_certificate_encoded_in_two_ways_is_not_two_cards(pki: SamplePki, anchors: tuple[TrustAnchor, ...]) -> None:
    leaf = pki.a_certificate()
    other_encodings = (b"\x30\x83\x00" + leaf.der[2:], b"\x30\x80" + leaf.der[4:] + b"\0\0")
    for der in other_encodings:
        with pytest.raises(CertificateMalformed):
            log_in(anchors, der, leaf.sign(STATEMENT), now=pki.now)


def test_algorithm_named_outside_the_signed_part_is_not_followed(
    pki: SamplePki, anchors: tuple[TrustAnchor, ...]
) -> None:
    leaf = pki.a_certificate()
    sha256, sha512 = (bytes.fromhex(f"06092a864886f70d0101{last}") for last in ("0b", "0d"))
    inner, between, outer = leaf.der.split(sha256)
    with pytest.raises(JpkiError):
        log_in(anchors, inner + sha256 + between + sha512 + outer, leaf.sign(STATEMENT), now=pki.now)


def test_card_does_not_outlive_its_certificate(pki: SamplePki, anchors: tuple[TrustAnchor, ...]) -> None:
    leaf = pki.a_certificate(not_after=pki.now + timedelta(days=1))
    with pytest.raises(CertificateExpired):
        log_in(anchors, leaf.der, leaf.sign(STATEMENT), now=pki.now + timedelta(days=1, seconds=1))
