from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import ReasonFlags, ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from testbed.card_memory import CardMemory
from testbed.faults import OcspFault
from testbed.lifecycle import Cause, hold, revoke
from testbed.ocsp_messages import MalformedRequestError, read_question
from testbed.ocsp_responder import respond
from testbed.profiles import Authority, Generation
from tests.support.pki import A_MOMENT, SamplePki

LATER = A_MOMENT + timedelta(hours=1)
NONCE = bytes(range(32))


@pytest.fixture
def card(sample: SamplePki) -> CardMemory:
    return sample.a_card()


def _request(card: CardMemory, *, nonce: bytes | None = NONCE, algorithm: hashes.HashAlgorithm | None = None) -> bytes:
    assert card.authentication is not None
    certificate = x509.load_der_x509_certificate(card.authentication.certificate)
    authority = x509.load_der_x509_certificate(card.authentication.ca_certificate)
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, authority, algorithm or hashes.SHA1())  # noqa: S303 (the common CertID hash)
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(serialization.Encoding.DER)


def _ask(
    sample: SamplePki, card: CardMemory, *, fault: OcspFault | None = None, nonce: bytes | None = NONCE
) -> ocsp.OCSPResponse:
    answer = respond(sample.pki, _request(card, nonce=nonce), now=LATER, fault=fault)
    return ocsp.load_der_ocsp_response(answer)


def _signer(response: ocsp.OCSPResponse) -> x509.Certificate:
    (signer,) = response.certificates
    return signer


def _verify(response: ocsp.OCSPResponse) -> None:
    key = _signer(response).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), hashes.SHA256())


def _nonce(response: ocsp.OCSPResponse) -> bytes:
    return response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce


def test_answer_is_good_fresh_and_signed_by_the_delegate(sample: SamplePki, card: CardMemory) -> None:
    response = _ask(sample, card)
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert response.produced_at_utc == response.this_update_utc == LATER
    assert response.next_update_utc == LATER + timedelta(minutes=15)
    assert _nonce(response) == NONCE
    authority = sample.pki.authority(Authority.AUTHENTICATION)
    assert _signer(response) == authority.responder.certificate
    _signer(response).verify_directly_issued_by(authority.certificate)
    assert (
        response.responder_key_hash == x509.SubjectKeyIdentifier.from_public_key(_signer(response).public_key()).digest
    )
    _verify(response)


@pytest.mark.parametrize(
    "algorithm",
    [hashes.SHA1(), hashes.SHA256(), hashes.SHA384(), hashes.SHA512()],  # noqa: S303 (RFC 6960 allows it in a CertID)
    ids=lambda algorithm: algorithm.name,
)
def test_answer_repeats_the_certificate_id_of_the_request(
    sample: SamplePki, card: CardMemory, algorithm: hashes.HashAlgorithm
) -> None:
    request = _request(card, algorithm=algorithm)
    question = ocsp.load_der_ocsp_request(request)
    response = ocsp.load_der_ocsp_response(respond(sample.pki, request, now=LATER))
    assert response.serial_number == question.serial_number
    assert response.issuer_key_hash == question.issuer_key_hash
    assert response.issuer_name_hash == question.issuer_name_hash
    assert response.hash_algorithm.name == algorithm.name


@pytest.mark.parametrize(
    ("cause", "reason"),
    [(Cause.LOSS, ReasonFlags.key_compromise), (Cause.DEATH, ReasonFlags.cessation_of_operation)],
)
def test_revoked_certificate_is_told_with_time_and_reason(
    sample: SamplePki, card: CardMemory, cause: Cause, reason: ReasonFlags
) -> None:
    revoke(sample.pki, "c", cause, now=A_MOMENT)
    response = _ask(sample, card)
    assert response.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert response.revocation_time_utc == A_MOMENT
    assert response.revocation_reason is reason


def test_certificate_on_hold_is_told_as_such(sample: SamplePki, card: CardMemory) -> None:
    hold(sample.pki, "c", now=A_MOMENT)
    assert _ask(sample, card).revocation_reason is ReasonFlags.certificate_hold


def test_certificate_never_registered_is_unknown(shared_pki: SamplePki) -> None:
    request, _ = shared_pki.an_ocsp_request(shared_pki.a_certificate())
    response = ocsp.load_der_ocsp_response(respond(shared_pki.pki, request, now=LATER))
    assert response.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_older_generation_answers_with_its_own_delegate(shared_pki: SamplePki) -> None:
    request, _ = shared_pki.an_ocsp_request(shared_pki.a_certificate(generation=Generation.OLDER))
    response = ocsp.load_der_ocsp_response(respond(shared_pki.pki, request, now=LATER))
    older = shared_pki.pki.authority(Authority.AUTHENTICATION, Generation.OLDER)
    assert _signer(response) == older.responder.certificate


def test_certificate_of_a_stranger_is_not_this_responders_business(sample: SamplePki, card: CardMemory) -> None:
    assert card.authentication is not None
    certificate = x509.load_der_x509_certificate(card.authentication.certificate)
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, sample.stranger().certificate, hashes.SHA256())
    request = builder.build().public_bytes(serialization.Encoding.DER)
    response = ocsp.load_der_ocsp_response(respond(sample.pki, request, now=LATER))
    assert response.response_status is ocsp.OCSPResponseStatus.UNAUTHORIZED


def test_request_without_nonce_gets_an_answer_without(sample: SamplePki, card: CardMemory) -> None:
    with pytest.raises(x509.ExtensionNotFound):
        _nonce(_ask(sample, card, nonce=None))


@pytest.mark.parametrize("length", [1, 16, 32, 128])
def test_nonce_of_any_allowed_length_is_echoed(sample: SamplePki, card: CardMemory, length: int) -> None:
    nonce = bytes(range(length))
    assert _nonce(_ask(sample, card, nonce=nonce)) == nonce


@pytest.mark.parametrize("length", [0, 129])
def test_nonce_of_a_forbidden_length_is_malformed(sample: SamplePki, card: CardMemory, length: int) -> None:
    response = _ask(sample, card, nonce=bytes(length))
    assert response.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


@pytest.mark.parametrize("request_bytes", [b"", b"\x30\x00", b"not DER", bytes(1000)])
def test_bytes_that_are_no_request_are_malformed(shared_pki: SamplePki, request_bytes: bytes) -> None:
    response = ocsp.load_der_ocsp_response(respond(shared_pki.pki, request_bytes, now=LATER))
    assert response.response_status is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    with pytest.raises(MalformedRequestError):
        read_question(request_bytes)


@pytest.mark.parametrize("fault", [OcspFault.STALE, OcspFault.FUTURE])
def test_answer_from_another_time_is_rightly_signed(sample: SamplePki, card: CardMemory, fault: OcspFault) -> None:
    response = _ask(sample, card, fault=fault)
    assert response.next_update_utc is not None
    assert not response.this_update_utc <= LATER <= response.next_update_utc
    _verify(response)


@pytest.mark.parametrize("fault", [OcspFault.UNSIGNED, OcspFault.BAD_SIGNATURE])
def test_answer_with_a_wrong_signature_does_not_verify(sample: SamplePki, card: CardMemory, fault: OcspFault) -> None:
    response = _ask(sample, card, fault=fault)
    assert (response.signature == b"") is (fault is OcspFault.UNSIGNED)
    with pytest.raises(InvalidSignature):
        _verify(response)


def test_stranger_signs_well_but_nobody_appointed_it(sample: SamplePki, card: CardMemory) -> None:
    response = _ask(sample, card, fault=OcspFault.STRANGER)
    _verify(response)
    authority = sample.pki.authority(Authority.AUTHENTICATION).certificate
    assert _signer(response).issuer == authority.subject
    with pytest.raises(InvalidSignature):
        _signer(response).verify_directly_issued_by(authority)


def test_signer_without_the_purpose_is_the_authoritys_own_certificate(sample: SamplePki, card: CardMemory) -> None:
    response = _ask(sample, card, fault=OcspFault.SIGNER_WITHOUT_EKU)
    _verify(response)
    _signer(response).verify_directly_issued_by(sample.pki.authority(Authority.AUTHENTICATION).certificate)
    with pytest.raises(x509.ExtensionNotFound):
        _signer(response).extensions.get_extension_for_class(x509.ExtendedKeyUsage)


def test_expired_signer_had_the_right_purpose(sample: SamplePki, card: CardMemory) -> None:
    response = _ask(sample, card, fault=OcspFault.EXPIRED_SIGNER)
    _verify(response)
    signer = _signer(response)
    signer.verify_directly_issued_by(sample.pki.authority(Authority.AUTHENTICATION).certificate)
    assert ExtendedKeyUsageOID.OCSP_SIGNING in signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert signer.not_valid_after_utc < LATER


def test_answer_for_another_serial_is_rightly_signed(sample: SamplePki, card: CardMemory) -> None:
    response = _ask(sample, card, fault=OcspFault.OTHER_SERIAL)
    assert response.serial_number != _ask(sample, card).serial_number
    assert response.certificate_status is ocsp.OCSPCertStatus.GOOD
    _verify(response)


def test_nonce_can_be_missing_or_wrong(sample: SamplePki, card: CardMemory) -> None:
    with pytest.raises(x509.ExtensionNotFound):
        _nonce(_ask(sample, card, fault=OcspFault.WITHOUT_NONCE))
    assert _nonce(_ask(sample, card, fault=OcspFault.WRONG_NONCE)) != NONCE


def test_good_certificate_can_be_called_unknown(sample: SamplePki, card: CardMemory) -> None:
    response = _ask(sample, card, fault=OcspFault.UNKNOWN)
    assert response.certificate_status is ocsp.OCSPCertStatus.UNKNOWN


def test_responder_can_ask_to_try_later(sample: SamplePki, card: CardMemory) -> None:
    response = _ask(sample, card, fault=OcspFault.TRY_LATER)
    assert response.response_status is ocsp.OCSPResponseStatus.TRY_LATER
