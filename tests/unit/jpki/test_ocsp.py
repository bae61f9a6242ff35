from datetime import datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ReasonFlags, ocsp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jpki.certificates import AuthenticationCertificate
from jpki.ocsp import MAXIMUM_RESPONSE_BYTES, build_ocsp_request, verify_ocsp_response
from jpki.revocation import Good, RevocationReason, RevocationStatus, Revoked, StatusSource, Unknown, WhyUnknown
from testbed.authorities import Signer
from testbed.faults import OcspFault
from testbed.ocsp_messages import NeverIssued, sign_data
from testbed.profiles import Authority, Generation
from tests.support.certificates import verified
from tests.support.pki import LeafCertificate, SamplePki, a_revocation

NONCE = bytes(range(32))
SKEW = timedelta(seconds=60)
A_DAY = timedelta(days=1)
CERT_ID_HASH = hashes.SHA1
GENERALIZED_TIME = "%Y%m%d%H%M%SZ"


@pytest.fixture(scope="module")
def leaf(pki: SamplePki) -> LeafCertificate:
    return pki.a_certificate()


@pytest.fixture(scope="module")
def certificate(pki: SamplePki, leaf: LeafCertificate) -> AuthenticationCertificate:
    return verified(pki, leaf)


def ask(certificate: AuthenticationCertificate, response: bytes, *, now: datetime) -> RevocationStatus:
    return verify_ocsp_response(response, certificate=certificate, nonce=NONCE, now=now, max_skew=SKEW)


def why(status: RevocationStatus) -> WhyUnknown:
    assert isinstance(status, Unknown)
    return status.why


def answer(pki: SamplePki, leaf: LeafCertificate, **choices: object) -> bytes:
    values: dict[str, object] = {"nonce": NONCE, "algorithm": CERT_ID_HASH()}
    return pki.an_ocsp_response(leaf, **(values | choices))  # type: ignore[arg-type]  # named as they are there


def a_library_answer(
    pki: SamplePki,
    certificate: AuthenticationCertificate,
    *,
    next_update: datetime | None,
    produced_by_issuer: bool = True,
    extension: x509.ExtensionType | None = None,
    nonce: bytes | None = NONCE,
) -> bytes:
    """An answer of another make: by name, signed by the CA itself, and made by the library."""
    authority = pki.pki.authority(Authority.AUTHENTICATION)
    signer = authority.root if produced_by_issuer else authority.responder
    builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
        certificate.issuer.ocsp_name_hash,
        certificate.issuer.ocsp_key_hash,
        certificate.serial,
        CERT_ID_HASH(),
        ocsp.OCSPCertStatus.GOOD,
        pki.now,
        next_update,
        None,
        None,
    )
    builder = builder.responder_id(ocsp.OCSPResponderEncoding.NAME, signer.certificate)
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    if extension is not None:
        builder = builder.add_extension(extension, critical=True)
    if not produced_by_issuer:
        builder = builder.certificates([signer.certificate])
    return produced(pki.now, builder.sign(signer.private_key, hashes.SHA256()), signer)


def produced(at: datetime, response: ocsp.OCSPResponse, signer: Signer) -> bytes:
    """`response` as if made at `at` (the library takes the time of day), signed anew."""
    told, signed = response.produced_at_utc, response.tbs_response_bytes
    moved = signed.replace(told.strftime(GENERALIZED_TIME).encode(), at.strftime(GENERALIZED_TIME).encode(), 1)
    signature = sign_data(moved, signer.private_key)
    return response.public_bytes(Encoding.DER).replace(signed, moved).replace(response.signature, signature)


def test_request_asks_for_this_certificate_with_the_nonce(certificate: AuthenticationCertificate) -> None:
    request = ocsp.load_der_ocsp_request(build_ocsp_request(certificate, nonce=NONCE))
    assert request.serial_number == certificate.serial
    assert request.issuer_key_hash == certificate.issuer.ocsp_key_hash
    assert request.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce == NONCE


def test_request_is_the_one_that_the_library_makes_from_both_certificates(
    leaf: LeafCertificate, certificate: AuthenticationCertificate
) -> None:
    builder = ocsp.OCSPRequestBuilder().add_certificate(
        x509.load_der_x509_certificate(leaf.der), certificate.issuer.certificate, CERT_ID_HASH()
    )
    expected = builder.add_extension(x509.OCSPNonce(NONCE), critical=False).build().public_bytes(Encoding.DER)
    assert build_ocsp_request(certificate, nonce=NONCE) == expected


def test_request_needs_a_full_nonce(certificate: AuthenticationCertificate) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        build_ocsp_request(certificate, nonce=NONCE[:16])


@pytest.mark.parametrize("generation", Generation)
def test_good_answer_with_our_nonce_is_good_and_may_be_reused(pki: SamplePki, generation: Generation) -> None:
    leaf = pki.a_certificate(generation=generation)
    assert ask(verified(pki, leaf), answer(pki, leaf), now=pki.now) == Good(
        source=StatusSource.OCSP,
        checked_at=pki.now,
        this_update=pki.now,
        next_update=pki.now + timedelta(minutes=15),
        may_be_reused=True,
    )


@pytest.mark.parametrize(
    ("flag", "reason", "is_on_hold"),
    [
        (ReasonFlags.key_compromise, RevocationReason.KEY_COMPROMISE, False),
        (ReasonFlags.cessation_of_operation, RevocationReason.CESSATION_OF_OPERATION, False),
        (ReasonFlags.certificate_hold, RevocationReason.CERTIFICATE_HOLD, True),
    ],
)
def test_revoked_answer_is_revoked_with_reason_and_instant(
    pki: SamplePki,
    leaf: LeafCertificate,
    certificate: AuthenticationCertificate,
    flag: ReasonFlags,
    reason: RevocationReason,
    *,
    is_on_hold: bool,
) -> None:
    at = pki.now - A_DAY
    status = ask(certificate, answer(pki, leaf, status=a_revocation(at=at, reason=flag)), now=pki.now)
    assert status == Revoked(source=StatusSource.OCSP, checked_at=pki.now, at=at, reason=reason)
    assert isinstance(status, Revoked)
    assert status.is_on_hold == is_on_hold


def test_certificate_that_the_responder_does_not_know_is_told_from_trouble(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate
) -> None:
    assert why(ask(certificate, answer(pki, leaf, status=NeverIssued()), now=pki.now)) is WhyUnknown.NOT_KNOWN


FAULTS = {
    OcspFault.STALE: WhyUnknown.STALE,
    OcspFault.FUTURE: WhyUnknown.FROM_THE_FUTURE,
    OcspFault.UNSIGNED: WhyUnknown.BAD_SIGNATURE,
    OcspFault.BAD_SIGNATURE: WhyUnknown.BAD_SIGNATURE,
    OcspFault.STRANGER: WhyUnknown.BY_A_STRANGER,
    OcspFault.SIGNER_WITHOUT_EKU: WhyUnknown.BY_A_STRANGER,
    OcspFault.EXPIRED_SIGNER: WhyUnknown.BY_A_STRANGER,
    OcspFault.OTHER_SERIAL: WhyUnknown.OTHER_CERTIFICATE,
    OcspFault.WRONG_NONCE: WhyUnknown.OTHER_NONCE,
    OcspFault.UNKNOWN: WhyUnknown.NOT_KNOWN,
    OcspFault.TRY_LATER: WhyUnknown.RESPONDER_ERROR,
    OcspFault.GARBAGE: WhyUnknown.MALFORMED,
}


@pytest.mark.parametrize(("fault", "reason"), FAULTS.items())
def test_each_fault_of_an_answer_is_unknown_by_its_name(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, fault: OcspFault, reason: WhyUnknown
) -> None:
    assert why(ask(certificate, answer(pki, leaf, fault=fault), now=pki.now)) is reason


def test_stale_answer_about_an_unknown_certificate_is_stale(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate
) -> None:
    response = answer(pki, leaf, status=NeverIssued(), this_update=pki.now - A_DAY)
    assert why(ask(certificate, response, now=pki.now)) is WhyUnknown.STALE


def test_answer_ends_at_its_next_update(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate
) -> None:
    response = answer(pki, leaf)
    end = pki.now + timedelta(minutes=15)
    assert isinstance(ask(certificate, response, now=end - timedelta(seconds=1)), Good)
    assert why(ask(certificate, response, now=end)) is WhyUnknown.STALE


def test_responders_clock_may_be_ahead_by_the_skew_and_no_more(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate
) -> None:
    response = answer(pki, leaf)
    assert isinstance(ask(certificate, response, now=pki.now - SKEW), Good)
    too_early = ask(certificate, response, now=pki.now - SKEW - timedelta(seconds=1))
    assert why(too_early) is WhyUnknown.FROM_THE_FUTURE


def test_answer_without_nonce_is_good_but_never_reused(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate
) -> None:
    status = ask(certificate, answer(pki, leaf, nonce=None), now=pki.now)
    assert isinstance(status, Good)
    assert not status.may_be_reused


def test_answer_for_the_same_serial_of_another_generation_is_refused(pki: SamplePki) -> None:
    older = pki.a_certificate(generation=Generation.OLDER, serial=0x00ABCDEF)
    current = pki.a_certificate(generation=Generation.CURRENT, serial=0x00ABCDEF)
    assert why(ask(verified(pki, current), answer(pki, older), now=pki.now)) is WhyUnknown.BY_A_STRANGER


def test_answer_with_another_hash_than_asked_for_is_refused(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate
) -> None:
    response = answer(pki, leaf, algorithm=hashes.SHA256())
    assert why(ask(certificate, response, now=pki.now)) is WhyUnknown.OTHER_CERTIFICATE


@pytest.mark.parametrize("produced_by_issuer", [True, False])
def test_answer_by_a_responder_named_by_its_name_is_good(
    pki: SamplePki, certificate: AuthenticationCertificate, *, produced_by_issuer: bool
) -> None:
    response = a_library_answer(pki, certificate, next_update=pki.now + A_DAY, produced_by_issuer=produced_by_issuer)
    assert isinstance(ask(certificate, response, now=pki.now), Good)


def test_answer_without_end_is_good_for_this_question_only(
    pki: SamplePki, certificate: AuthenticationCertificate
) -> None:
    response = a_library_answer(pki, certificate, next_update=None)
    status = ask(certificate, response, now=pki.now)
    assert isinstance(status, Good)
    assert not status.may_be_reused
    assert status.next_update == status.checked_at


def test_answer_without_end_is_stale_when_it_is_old_or_without_nonce(
    pki: SamplePki, certificate: AuthenticationCertificate
) -> None:
    old = a_library_answer(pki, certificate, next_update=None)
    unbound = a_library_answer(pki, certificate, next_update=None, nonce=None)
    later = pki.now + SKEW + timedelta(seconds=1)
    assert why(ask(certificate, old, now=later)) is WhyUnknown.STALE
    assert why(ask(certificate, unbound, now=pki.now)) is WhyUnknown.STALE


def test_critical_extension_that_is_not_understood_refuses_the_answer(
    pki: SamplePki, certificate: AuthenticationCertificate
) -> None:
    foreign = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    response = a_library_answer(pki, certificate, next_update=pki.now + A_DAY, extension=foreign)
    assert why(ask(certificate, response, now=pki.now)) is WhyUnknown.MALFORMED


def test_answer_over_64_kib_is_not_parsed(pki: SamplePki, certificate: AuthenticationCertificate) -> None:
    assert why(ask(certificate, bytes(MAXIMUM_RESPONSE_BYTES + 1), now=pki.now)) is WhyUnknown.TOO_LARGE


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(min_value=0), replacement=st.binary(max_size=6), removed=st.integers(0, 6))
def test_damaged_answer_never_says_anything_else_and_never_raises(  # noqa: PLR0917 (fixtures and drawn values)
    pki: SamplePki,
    certificate: AuthenticationCertificate,
    good_answer: bytes,
    position: int,
    replacement: bytes,
    removed: int,
) -> None:
    start = position % len(good_answer)
    damaged = good_answer[:start] + replacement + good_answer[start + removed :]
    status = ask(certificate, damaged, now=pki.now)
    # The chain that travels with an answer is not signed, so damage there may change nothing.
    assert isinstance(status, Unknown) or status == ask(certificate, good_answer, now=pki.now)


@pytest.fixture(scope="module")
def good_answer(pki: SamplePki, leaf: LeafCertificate) -> bytes:
    return answer(pki, leaf)


def test_every_truncation_of_an_answer_is_malformed(
    pki: SamplePki, certificate: AuthenticationCertificate, good_answer: bytes
) -> None:
    for length in range(len(good_answer)):
        assert why(ask(certificate, good_answer[:length], now=pki.now)) is WhyUnknown.MALFORMED
