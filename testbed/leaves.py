"""Signing one citizen's certificate, right or with one chosen defect."""

from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from testbed import profiles
from testbed.authorities import CertificateAuthority, sign
from testbed.card_memory import KeyPair
from testbed.defects import Defect, short_key, spoil_bytes, spoil_plan, spoil_validity
from testbed.people import Municipality, Person
from testbed.profiles import Authority, CertificatePlan, Generation
from testbed.state import Pki


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafOrder:
    """What to certify. Without `not_after` the certificate ends with the holder's fifth birthday after issue."""

    authority: Authority
    person: Person
    municipality: Municipality
    key: rsa.RSAPrivateKey
    not_before: datetime
    not_after: datetime | None = None
    generation: Generation = Generation.CURRENT
    defect: Defect | None = None


def other_authority(authority: Authority) -> Authority:
    """The one that is not `authority`."""
    match authority:
        case Authority.AUTHENTICATION:
            return Authority.SIGNATURE
        case Authority.SIGNATURE:
            return Authority.AUTHENTICATION


def contents_authority(order: LeafOrder) -> Authority:
    """Whose profile the certificate follows: the other one's when the kind is the fault."""
    return other_authority(order.authority) if order.defect is Defect.WRONG_KIND else order.authority


def sign_leaf(pki: Pki, order: LeafOrder, serial: int) -> KeyPair:
    """Certify `order`; nothing is registered."""
    plan = spoil_validity(spoil_plan(_plan(pki, order), order.defect), order.defect)
    issuer = _issuer(pki, order)
    key = short_key() if order.defect is Defect.SHORT_KEY else order.key
    certified = pki.new_key() if order.defect is Defect.OTHER_KEY else key
    certificate = sign(plan, certified.public_key(), issuer.root, serial=serial)
    return KeyPair(
        private_key=key.private_bytes(
            serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        ),
        certificate=spoil_bytes(certificate.public_bytes(serialization.Encoding.DER), order.defect),
        ca_certificate=issuer.certificate_der,
    )


def _plan(pki: Pki, order: LeafOrder) -> CertificatePlan:
    not_before = order.not_before.replace(microsecond=0)
    not_after = order.not_after or profiles.end_of_validity(order.person, not_before)
    match contents_authority(order):
        case Authority.AUTHENTICATION:
            return profiles.authentication_plan(
                municipality=order.municipality, not_before=not_before, not_after=not_after, ocsp_url=pki.ocsp_url
            )
        case Authority.SIGNATURE:
            return profiles.signature_plan(
                person=order.person,
                municipality=order.municipality,
                not_before=not_before,
                not_after=not_after,
                ocsp_url=pki.ocsp_url,
            )


def _issuer(pki: Pki, order: LeafOrder) -> CertificateAuthority:
    match order.defect:
        case Defect.UNTRUSTED_AUTHORITY:
            return pki.strangers[order.authority]
        case Defect.OTHER_AUTHORITY | Defect.WRONG_KIND:
            return pki.authority(other_authority(order.authority), order.generation)
        case _:
            return pki.authority(order.authority, order.generation)
