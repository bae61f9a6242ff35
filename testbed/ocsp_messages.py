"""OCSP messages as bytes (RFC 6960 section 4): reading a question, writing an answer as told, right or wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import ReasonFlags, ocsp

from testbed import der
from testbed.authorities import Signer
from testbed.register import Revocation

# RFC 9654 section 2.1: any other length of nonce is a malformed request.
NONCE_LENGTHS = range(1, 129)

_BASIC_RESPONSE = "1.3.6.1.5.5.7.48.1.1"
_NONCE = "1.3.6.1.5.5.7.48.1.2"
_SHA256_WITH_RSA = "1.2.840.113549.1.1.11"
_HASH_OIDS: Mapping[str, str] = {
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
_REASON_CODES: Mapping[ReasonFlags, int] = {
    ReasonFlags.key_compromise: 1,
    ReasonFlags.affiliation_changed: 3,
    ReasonFlags.superseded: 4,
    ReasonFlags.cessation_of_operation: 5,
    ReasonFlags.certificate_hold: 6,
}


class MalformedRequestError(ValueError):
    """The bytes are not an OCSP request for one certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateId:
    """Which certificate is asked about (section 4.1.1)."""

    algorithm: hashes.HashAlgorithm
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspQuestion:
    """A request for one certificate, with its nonce if it has one."""

    certificate: CertificateId
    nonce: bytes | None


class NeverIssued:
    """The status `unknown`."""


class Good:
    """The status `good`."""


CertificateStatus = Good | NeverIssued | Revocation


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspAnswer:
    """Everything that stands in a successful answer, before it is signed."""

    certificate: CertificateId
    status: CertificateStatus
    produced_at: datetime
    this_update: datetime
    next_update: datetime
    nonce: bytes | None
    signer: Signer


def read_question(request: bytes) -> OcspQuestion:
    """Raises `MalformedRequestError`, also for a nonce of a forbidden length."""
    try:
        parsed = ocsp.load_der_ocsp_request(request)
        certificate = CertificateId(
            algorithm=parsed.hash_algorithm,
            issuer_name_hash=parsed.issuer_name_hash,
            issuer_key_hash=parsed.issuer_key_hash,
            serial=parsed.serial_number,
        )
        nonce = _nonce(parsed.extensions)
    except (ValueError, NotImplementedError, x509.UnsupportedGeneralNameType) as error:
        raise MalformedRequestError("not an OCSP request for one certificate") from error
    if nonce is not None and len(nonce) not in NONCE_LENGTHS:
        raise MalformedRequestError("a nonce has 1 to 128 bytes")
    return OcspQuestion(certificate=certificate, nonce=nonce)


def _nonce(extensions: x509.Extensions) -> bytes | None:
    try:
        return extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    except x509.ExtensionNotFound:
        return None


def issuer_hashes(authority: x509.Certificate, algorithm: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    """The issuerNameHash and issuerKeyHash by which requests name `authority`."""
    return _digest(authority.subject.public_bytes(), algorithm), _digest(_key_bits(authority), algorithm)


def write_answer(answer: OcspAnswer) -> bytes:
    """The signed answer, RSASSA-PKCS1-v1_5 with SHA-256."""
    return assemble(answer, sign_data(answer_data(answer), answer.signer.private_key))


def sign_data(data: bytes, key: rsa.RSAPrivateKey) -> bytes:
    """The signature over ResponseData."""
    return key.sign(data, padding.PKCS1v15(), hashes.SHA256())


def assemble(answer: OcspAnswer, signature: bytes) -> bytes:
    """An OCSPResponse with any bytes as its signature."""
    algorithm = der.sequence(der.object_identifier(_SHA256_WITH_RSA), der.null())
    chain = der.sequence(answer.signer.certificate.public_bytes(serialization.Encoding.DER))
    basic = der.sequence(answer_data(answer), algorithm, der.bit_string(signature), der.explicit(0, chain))
    body = der.sequence(der.object_identifier(_BASIC_RESPONSE), der.octet_string(basic))
    return der.sequence(der.enumerated(0), der.explicit(0, body))


def answer_data(answer: OcspAnswer) -> bytes:
    """ResponseData (section 4.2.1): the part that is signed. The responder is named by its key."""
    key_hash = _digest(_key_bits(answer.signer.certificate), hashes.SHA1())  # noqa: S303 (the format says SHA-1)
    parts = [
        der.explicit(2, der.octet_string(key_hash)),
        der.generalized_time(answer.produced_at),
        der.sequence(_single(answer)),
    ]
    if answer.nonce is not None:
        extension = der.sequence(der.object_identifier(_NONCE), der.octet_string(der.octet_string(answer.nonce)))
        parts.append(der.explicit(1, der.sequence(extension)))
    return der.sequence(*parts)


def _single(answer: OcspAnswer) -> bytes:
    certificate = answer.certificate
    algorithm = der.sequence(der.object_identifier(_HASH_OIDS[certificate.algorithm.name]), der.null())
    return der.sequence(
        der.sequence(
            algorithm,
            der.octet_string(certificate.issuer_name_hash),
            der.octet_string(certificate.issuer_key_hash),
            der.integer(certificate.serial),
        ),
        _status(answer.status),
        der.generalized_time(answer.this_update),
        der.explicit(0, der.generalized_time(answer.next_update)),
    )


def _status(status: CertificateStatus) -> bytes:
    match status:
        case Good():
            return der.tlv(0x80, b"")
        case Revocation(at=at, reason=reason):
            code = der.explicit(0, der.enumerated(_REASON_CODES[reason]))
            return der.tlv(0xA1, der.generalized_time(at) + code)
        case NeverIssued():
            return der.tlv(0x82, b"")


def _key_bits(certificate: x509.Certificate) -> bytes:
    key = certificate.public_key()
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)


def _digest(data: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize()
