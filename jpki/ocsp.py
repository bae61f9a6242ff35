"""OCSP (RFC 6960): the bytes of a question, and whether an answer may be believed. No network here."""

import hmac
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from jpki.algorithms import MINIMUM_RSA_BITS, allowed_hash, is_signed_by
from jpki.anchors import TrustAnchor
from jpki.certificates import AuthenticationCertificate, SignatureCertificate
from jpki.errors import AlgorithmNotAllowed
from jpki.revocation import Good, RevocationReason, RevocationStatus, Revoked, StatusSource, Unknown, WhyUnknown

NONCE_BYTES = 32
MAXIMUM_RESPONSE_BYTES = 64 * 1024

CheckableCertificate = AuthenticationCertificate | SignatureCertificate

_UNREADABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
# A responder finds the certificate by SHA-1 values (RFC 5019 section 2.1.1). They name a CA that is pinned here, so
# nothing rests on their strength.
_CERT_ID_HASH = hashes.SHA1
_REASONS = {
    None: RevocationReason.UNSPECIFIED,
    x509.ReasonFlags.unspecified: RevocationReason.UNSPECIFIED,
    x509.ReasonFlags.key_compromise: RevocationReason.KEY_COMPROMISE,
    x509.ReasonFlags.ca_compromise: RevocationReason.CA_COMPROMISE,
    x509.ReasonFlags.affiliation_changed: RevocationReason.AFFILIATION_CHANGED,
    x509.ReasonFlags.superseded: RevocationReason.SUPERSEDED,
    x509.ReasonFlags.cessation_of_operation: RevocationReason.CESSATION_OF_OPERATION,
    x509.ReasonFlags.certificate_hold: RevocationReason.CERTIFICATE_HOLD,
    x509.ReasonFlags.privilege_withdrawn: RevocationReason.PRIVILEGE_WITHDRAWN,
    x509.ReasonFlags.aa_compromise: RevocationReason.AA_COMPROMISE,
    x509.ReasonFlags.remove_from_crl: RevocationReason.REMOVE_FROM_CRL,
}


def build_ocsp_request(certificate: CheckableCertificate, *, nonce: bytes) -> bytes:
    """The DER of a question about one certificate, with a nonce of 32 bytes (RFC 9654 section 2.1)."""
    if len(nonce) != NONCE_BYTES:
        raise ValueError(f"a nonce has {NONCE_BYTES} bytes")
    issuer = certificate.issuer
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        issuer.ocsp_name_hash, issuer.ocsp_key_hash, certificate.serial, _CERT_ID_HASH()
    )
    return builder.add_extension(x509.OCSPNonce(nonce), critical=False).build().public_bytes(Encoding.DER)


def verify_ocsp_response(
    unverified_response: bytes,
    *,
    certificate: CheckableCertificate,
    nonce: bytes,
    now: datetime,
    max_skew: timedelta,
) -> RevocationStatus:
    """What the answer says of `certificate`, if it may be believed (RFC 6960 section 3.2); never raises.

    A nonce that differs is refused; a missing one (responders may not know nonces) is accepted within the answer's
    validity, but then the answer may not be reused. `max_skew` is by how much the responder's clock may be ahead.
    """
    try:
        answer = _parse(unverified_response)
        _check_signature(answer, certificate.issuer, now=now)
        _check_subject(answer, certificate)
        _check_nonce(answer, nonce)
        _check_times(answer, now=now, max_skew=max_skew)
    except _NotBelievedError as error:
        return Unknown(checked_at=now, why=error.why)
    return _status(answer, now=now)


class _NotBelievedError(Exception):
    def __init__(self, why: WhyUnknown) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    response: ocsp.OCSPResponse
    single: ocsp.OCSPSingleResponse
    nonce: bytes | None
    produced_at: datetime
    this_update: datetime
    next_update: datetime | None
    responder_name: x509.Name | None
    responder_key_hash: bytes | None
    certificates: list[x509.Certificate]
    status: ocsp.OCSPCertStatus
    revoked_at: datetime | None
    reason: RevocationReason


def _parse(unverified_response: bytes) -> _Answer:
    """One answer about one certificate. An error status is not signed, so it says nothing at all."""
    if len(unverified_response) > MAXIMUM_RESPONSE_BYTES:
        raise _NotBelievedError(WhyUnknown.TOO_LARGE)
    try:
        response = ocsp.load_der_ocsp_response(unverified_response)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise _NotBelievedError(WhyUnknown.RESPONDER_ERROR)
        (single,) = response.responses
        return _Answer(
            response=response,
            single=single,
            nonce=_nonce(response),
            produced_at=response.produced_at_utc,
            this_update=single.this_update_utc,
            next_update=single.next_update_utc,
            responder_name=response.responder_name,
            responder_key_hash=response.responder_key_hash,
            certificates=response.certificates,
            status=single.certificate_status,
            revoked_at=single.revocation_time_utc,
            reason=_REASONS[single.revocation_reason],
        )
    except _UNREADABLE as error:
        raise _NotBelievedError(WhyUnknown.MALFORMED) from error


def _nonce(response: ocsp.OCSPResponse) -> bytes | None:
    """The answer's nonce. Raises `ValueError` for a critical extension that is not understood."""
    nonce = None
    for extension in (*response.extensions, *response.single_extensions):
        if isinstance(extension.value, x509.OCSPNonce):
            nonce = extension.value.nonce
        elif extension.critical:
            raise ValueError("a critical extension is not understood")
    return nonce


def _check_signature(answer: _Answer, issuer: TrustAnchor, *, now: datetime) -> None:
    """Signed by the certificate's issuer, or by one to whom that issuer delegated (section 4.2.2.2)."""
    response = answer.response
    try:
        key = _responder_key(answer, issuer, now=now)
        is_genuine = is_signed_by(
            key,
            signature=response.signature,
            content=response.tbs_response_bytes,
            algorithm=allowed_hash(response.signature_algorithm_oid),
        )
    except AlgorithmNotAllowed as error:
        raise _NotBelievedError(WhyUnknown.BAD_SIGNATURE) from error
    if not is_genuine:
        raise _NotBelievedError(WhyUnknown.BAD_SIGNATURE)


def _responder_key(answer: _Answer, issuer: TrustAnchor, *, now: datetime) -> RSAPublicKey:
    name, key_hash = answer.responder_name, answer.responder_key_hash
    if (name is not None and name == issuer.subject) or (key_hash is not None and key_hash == issuer.ocsp_key_hash):
        return issuer.public_key
    for candidate in answer.certificates:
        try:
            if name == candidate.subject or key_hash == _key_hash(candidate):
                return _delegate_key(candidate, issuer, now=now)
        except (*_UNREADABLE, InvalidSignature, x509.ExtensionNotFound, AlgorithmNotAllowed):
            continue
    raise _NotBelievedError(WhyUnknown.BY_A_STRANGER)


def _key_hash(certificate: x509.Certificate) -> bytes:
    return x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()).digest


def _delegate_key(certificate: x509.Certificate, issuer: TrustAnchor, *, now: datetime) -> RSAPublicKey:
    """The key of a delegated responder: issued by the same CA key, for OCSP signing, valid now.

    Its own revocation is not asked: RFC 6960 section 4.2.2.2.1 leaves that to the client, and asking would need another
    responder. Raises `ValueError` and what the library raises.
    """
    allowed_hash(certificate.signature_algorithm_oid)
    certificate.verify_directly_issued_by(issuer.certificate)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise ValueError("outside its validity")
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    if ExtendedKeyUsageOID.OCSP_SIGNING not in purposes or not usage.digital_signature:
        raise ValueError("not for OCSP signing")
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size < MINIMUM_RSA_BITS:
        raise ValueError("not a strong RSA key")
    return key


def _check_subject(answer: _Answer, certificate: CheckableCertificate) -> None:
    """The answer is about this serial of this issuer: the CertID that was asked for, in the same hash."""
    single, issuer = answer.single, certificate.issuer
    asked = (_CERT_ID_HASH.name, issuer.ocsp_name_hash, issuer.ocsp_key_hash, certificate.serial)
    answered = (
        _hash_name(single),
        single.issuer_name_hash,
        single.issuer_key_hash,
        single.serial_number,
    )
    if asked != answered:
        raise _NotBelievedError(WhyUnknown.OTHER_CERTIFICATE)


def _hash_name(single: ocsp.OCSPSingleResponse) -> str:
    try:
        return single.hash_algorithm.name
    except UnsupportedAlgorithm as error:
        raise _NotBelievedError(WhyUnknown.OTHER_CERTIFICATE) from error


def _check_nonce(answer: _Answer, nonce: bytes) -> None:
    if answer.nonce is not None and not hmac.compare_digest(answer.nonce, nonce):
        raise _NotBelievedError(WhyUnknown.OTHER_NONCE)


def _check_times(answer: _Answer, *, now: datetime, max_skew: timedelta) -> None:
    """Sections 3.2 (5, 6) and 4.2.2.1. Without nextUpdate only an answer made for this very question is fresh."""
    if max(answer.produced_at, answer.this_update) > now + max_skew:
        raise _NotBelievedError(WhyUnknown.FROM_THE_FUTURE)
    if answer.next_update is None:
        is_fresh = answer.nonce is not None and answer.produced_at >= now - max_skew
    else:
        is_fresh = now < answer.next_update and answer.this_update <= answer.next_update
    if not is_fresh:
        raise _NotBelievedError(WhyUnknown.STALE)


def _status(answer: _Answer, *, now: datetime) -> RevocationStatus:
    match answer.status:
        case ocsp.OCSPCertStatus.GOOD:
            return Good(
                source=StatusSource.OCSP,
                checked_at=now,
                this_update=answer.this_update,
                next_update=answer.next_update or now,
                may_be_reused=answer.nonce is not None and answer.next_update is not None,
            )
        case ocsp.OCSPCertStatus.REVOKED:
            return Revoked(
                source=StatusSource.OCSP,
                checked_at=now,
                at=answer.revoked_at or answer.this_update,
                reason=answer.reason,
            )
        case ocsp.OCSPCertStatus.UNKNOWN:
            return Unknown(checked_at=now, why=WhyUnknown.NOT_KNOWN)
