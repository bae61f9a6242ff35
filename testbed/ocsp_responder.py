"""The OCSP responder (RFC 6960): a request and a moment in, the answer out, spoilt where a fault asks for it."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta

from cryptography.hazmat.primitives import serialization
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtensionOID

from testbed import profiles
from testbed.authorities import CertificateAuthority, Signer, sign
from testbed.faults import OcspFault
from testbed.ocsp_messages import (
    CertificateId,
    CertificateStatus,
    Good,
    MalformedRequestError,
    NeverIssued,
    OcspAnswer,
    answer_data,
    assemble,
    issuer_hashes,
    read_question,
    sign_data,
    write_answer,
)
from testbed.state import Pki

# The real service renews its data every fifteen minutes.
FRESH_FOR = timedelta(minutes=15)

_DAY = timedelta(days=1)


def respond(pki: Pki, request: bytes, *, now: datetime, fault: OcspFault | None = None) -> bytes:
    """An OCSPResponse of whatever status the request deserves."""
    try:
        question = read_question(request)
    except MalformedRequestError:
        return _refusal(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
    issuer = _asked_authority(pki, question.certificate)
    if issuer is None:
        return _refusal(ocsp.OCSPResponseStatus.UNAUTHORIZED)
    answer = OcspAnswer(
        certificate=question.certificate,
        status=_status(pki, issuer, question.certificate.serial),
        produced_at=now,
        this_update=now,
        next_update=now + FRESH_FOR,
        nonce=question.nonce,
        signer=issuer.responder,
    )
    return write_spoilt_answer(pki, issuer, answer, fault)


def write_spoilt_answer(pki: Pki, issuer: CertificateAuthority, answer: OcspAnswer, fault: OcspFault | None) -> bytes:
    """The answer with `fault` in it. Faults of HTTP alone (late, oversized, …) leave the answer as it is."""
    match fault:
        case OcspFault.TRY_LATER:
            return _refusal(ocsp.OCSPResponseStatus.TRY_LATER)
        case OcspFault.UNSIGNED:
            return assemble(answer, b"")
        case OcspFault.BAD_SIGNATURE:
            signature = sign_data(answer_data(answer), answer.signer.private_key)
            return assemble(answer, signature[:-1] + bytes((signature[-1] ^ 1,)))
        case OcspFault.STRANGER | OcspFault.SIGNER_WITHOUT_EKU | OcspFault.EXPIRED_SIGNER:
            return write_answer(replace(answer, signer=_wrong_signer(pki, issuer, answer.produced_at, fault)))
        case _:
            return write_answer(_with_wrong_contents(answer, fault))


def _with_wrong_contents(answer: OcspAnswer, fault: OcspFault | None) -> OcspAnswer:
    match fault:
        case OcspFault.STALE:
            spoilt = _moved(answer, -_DAY)
        case OcspFault.FUTURE:
            spoilt = _moved(answer, _DAY)
        case OcspFault.OTHER_SERIAL:
            other = replace(answer.certificate, serial=answer.certificate.serial ^ 1)
            spoilt = replace(answer, certificate=other)
        case OcspFault.WITHOUT_NONCE:
            spoilt = replace(answer, nonce=None)
        case OcspFault.WRONG_NONCE:
            spoilt = replace(answer, nonce=secrets.token_bytes(32))
        case OcspFault.UNKNOWN:
            spoilt = replace(answer, status=NeverIssued())
        case _:
            spoilt = answer
    return spoilt


def _moved(answer: OcspAnswer, by: timedelta) -> OcspAnswer:
    return replace(
        answer,
        produced_at=answer.produced_at + by,
        this_update=answer.this_update + by,
        next_update=answer.next_update + by,
    )


def _wrong_signer(pki: Pki, issuer: CertificateAuthority, now: datetime, fault: OcspFault) -> Signer:
    if fault is OcspFault.STRANGER:
        return pki.strangers[issuer.authority].responder
    plan = profiles.responder_plan(issuer.authority, not_before=now - 2 * _DAY, not_after=now + 2 * _DAY)
    if fault is OcspFault.SIGNER_WITHOUT_EKU:
        plan = plan.without(ExtensionOID.EXTENDED_KEY_USAGE)
    else:
        plan = plan.lasting(now - 2 * _DAY, now - _DAY)
    key = issuer.responder.private_key
    return Signer(certificate=sign(plan, key.public_key(), issuer.root), private_key=key)


def _asked_authority(pki: Pki, certificate: CertificateId) -> CertificateAuthority | None:
    asked = (certificate.issuer_name_hash, certificate.issuer_key_hash)
    for authority in pki.authorities.values():
        if issuer_hashes(authority.certificate, certificate.algorithm) == asked:
            return authority
    return None


def _status(pki: Pki, issuer: CertificateAuthority, serial: int) -> CertificateStatus:
    issued = pki.register.find(issuer.authority, issuer.generation, serial)
    if issued is None:
        return NeverIssued()
    return issued.revocation or Good()


def _refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    refusal = ocsp.OCSPResponseBuilder.build_unsuccessful(status)
    return refusal.public_bytes(serialization.Encoding.DER)
