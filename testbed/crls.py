"""Signed revocation lists (RFC 5280 section 5): one for each authority, generation and municipality, made on demand."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from testbed.authorities import CertificateAuthority, Signer
from testbed.faults import CrlFault
from testbed.people import MUNICIPALITIES, Municipality
from testbed.profiles import Authority, Generation, distribution_point
from testbed.register import IssuedCertificate
from testbed.state import Pki

DEFAULT_LIFE = timedelta(hours=24)

_MILLISECONDS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class CrlPlan:
    """A list before it is signed."""

    authority: Authority
    signer: Signer
    municipality: Municipality
    this_update: datetime
    next_update: datetime
    revoked: tuple[IssuedCertificate, ...]


def make_crl(
    pki: Pki,
    authority: Authority,
    generation: Generation,
    municipality: Municipality,
    *,
    now: datetime,
    life: timedelta = DEFAULT_LIFE,
    fault: CrlFault | None = None,
) -> bytes:
    """The list as of `now`, as DER, with `fault` in it. Faults of HTTP alone leave it as it is."""
    plan = CrlPlan(
        authority=authority,
        signer=pki.authority(authority, generation).root,
        municipality=municipality,
        this_update=now,
        next_update=now + life,
        revoked=tuple(pki.register.revoked(authority, generation, municipality.code)),
    )
    return write_spoilt_crl(plan, fault, stranger=pki.strangers[authority])


def write_spoilt_crl(plan: CrlPlan, fault: CrlFault | None, *, stranger: CertificateAuthority) -> bytes:
    """Sign the list with `fault` in it."""
    match fault:
        case CrlFault.EXPIRED:
            return write_crl(_moved(plan, -(plan.next_update - plan.this_update) - timedelta(hours=1)))
        case CrlFault.NOT_YET_VALID:
            return write_crl(_moved(plan, timedelta(days=1)))
        case CrlFault.WRONG_ISSUER:
            return write_crl(replace(plan, signer=stranger.root))
        case CrlFault.OTHER_MUNICIPALITY:
            other = next(place for place in MUNICIPALITIES.values() if place != plan.municipality)
            return write_crl(replace(plan, municipality=other))
        case CrlFault.TAMPERED:
            return _without_revocations(plan)
        case _:
            return write_crl(plan)


def write_crl(plan: CrlPlan) -> bytes:
    """Sign the list.

    Its number is the time in milliseconds, so it grows from list to list without a counter.
    """
    builder = (
        x509.CertificateRevocationListBuilder(revoked_certificates=list(_entries(plan.revoked)))
        .issuer_name(plan.signer.certificate.subject)
        .last_update(plan.this_update)
        .next_update(plan.next_update)
        .add_extension(_authority_key(plan.signer), critical=False)
        .add_extension(x509.CRLNumber(int(plan.this_update.timestamp() * _MILLISECONDS)), critical=False)
        .add_extension(_scope(distribution_point(plan.authority, plan.municipality)), critical=True)
    )
    return builder.sign(plan.signer.private_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def _entries(revoked: Iterable[IssuedCertificate]) -> Iterable[x509.RevokedCertificate]:
    for issued in revoked:
        if issued.revocation is not None:
            yield (
                x509.RevokedCertificateBuilder()
                .serial_number(issued.serial)
                .revocation_date(issued.revocation.at)
                .add_extension(x509.CRLReason(issued.revocation.reason), critical=False)
                .build()
            )


def _moved(plan: CrlPlan, by: timedelta) -> CrlPlan:
    return replace(plan, this_update=plan.this_update + by, next_update=plan.next_update + by)


def _without_revocations(plan: CrlPlan) -> bytes:
    """What a forger would like: nothing is revoked, under the signature of the true list."""
    true_signature = x509.load_der_x509_crl(write_crl(plan)).signature
    forged = write_crl(replace(plan, revoked=(), this_update=plan.this_update + timedelta(seconds=1)))
    return forged[: -len(true_signature)] + true_signature


def _authority_key(signer: Signer) -> x509.AuthorityKeyIdentifier:
    return x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.private_key.public_key())


def _scope(name: x509.Name) -> x509.IssuingDistributionPoint:
    """The list speaks only for certificates that name the same distribution point (RFC 5280 section 5.2.5)."""
    return x509.IssuingDistributionPoint(
        full_name=[x509.DirectoryName(name)],
        relative_name=None,
        only_contains_user_certs=False,
        only_contains_ca_certs=False,
        only_some_reasons=None,
        indirect_crl=False,
        only_contains_attribute_certs=False,
    )
