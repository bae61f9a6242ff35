"""What each kind of testbed certificate says: names, policy OIDs and extensions, in the shape of the national ones.

Every plan carries `O=JPKI-TEST` or descends from it, and the marker extension, so that no production system can take
one of these certificates for a real one.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta, timezone
from enum import StrEnum
from typing import Self

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from testbed import der
from testbed.people import Municipality, Person

_ARC = "1.2.392.200149.8.5"
AUTHENTICATION_POLICY = x509.ObjectIdentifier(f"{_ARC}.1.3.30")
SIGNATURE_POLICY = x509.ObjectIdentifier(f"{_ARC}.1.0.20")
MARKER = x509.ObjectIdentifier(f"{_ARC}.255.1")
MARKER_TEXT = "TESTBED"

NAME = x509.ObjectIdentifier(f"{_ARC}.5.1")
NAME_MAP = x509.ObjectIdentifier(f"{_ARC}.5.2")
SEX = x509.ObjectIdentifier(f"{_ARC}.5.3")
BIRTH_DATE = x509.ObjectIdentifier(f"{_ARC}.5.4")
ADDRESS = x509.ObjectIdentifier(f"{_ARC}.5.5")
ADDRESS_MAP = x509.ObjectIdentifier(f"{_ARC}.5.6")

ORGANISATION = "JPKI-TEST"
_CPS = "http://jpki-test.invalid/cps.html"
_JAPAN_TIME = timezone(timedelta(hours=9))
_LAST_SECOND = time(23, 59, 59, tzinfo=_JAPAN_TIME)
_CN_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Authority(StrEnum):
    """The two certification authorities; their trust sets are disjoint."""

    AUTHENTICATION = "authentication"
    SIGNATURE = "signature"


class Generation(StrEnum):
    """Generations of one authority: the same name, another key."""

    OLDER = "older"
    CURRENT = "current"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePlan:
    """A certificate before it has an issuer, a serial number and a key. Each extension stands with its criticality."""

    subject: x509.Name
    not_before: datetime
    not_after: datetime
    extensions: tuple[tuple[x509.ExtensionType, bool], ...]

    def having(self, extension: x509.ExtensionType, *, critical: bool) -> Self:
        """The plan with this extension in place of any with the same OID."""
        others = self.without(extension.oid).extensions
        return replace(self, extensions=(*others, (extension, critical)))

    def without(self, oid: x509.ObjectIdentifier) -> Self:
        """The plan without the extension `oid`."""
        return replace(self, extensions=tuple(entry for entry in self.extensions if entry[0].oid != oid))

    def lasting(self, not_before: datetime, not_after: datetime) -> Self:
        """The plan with another period of validity."""
        return replace(self, not_before=not_before, not_after=not_after)


def authority_name(authority: Authority) -> x509.Name:
    """The DN that all generations of an authority share."""
    return _name(
        (NameOID.ORGANIZATION_NAME, ORGANISATION),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, _unit(authority)),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "Japan Agency for Local Authority Information Systems"),
    )


def distribution_point(authority: Authority, municipality: Municipality) -> x509.Name:
    """The directory name under which a municipality's part of the revocation list is published."""
    return _name(
        (NameOID.ORGANIZATION_NAME, ORGANISATION),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, _unit(authority)),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, "CRL Distribution Points"),
        (NameOID.ORGANIZATIONAL_UNIT_NAME, municipality.prefecture),
        (NameOID.COMMON_NAME, f"{municipality.name} CRLDP"),
    )


def marker() -> x509.UnrecognizedExtension:
    """The private extension that says: made by the testbed."""
    return x509.UnrecognizedExtension(MARKER, der.utf8_string(MARKER_TEXT))


def authority_plan(authority: Authority, *, not_before: datetime, not_after: datetime) -> CertificatePlan:
    """A self-signed root that issues to citizens directly."""
    return CertificatePlan(
        subject=authority_name(authority),
        not_before=not_before,
        not_after=not_after,
        extensions=(
            (x509.BasicConstraints(ca=True, path_length=None), True),
            (key_usage(certificate_sign=True, crl_sign=True), True),
            (x509.SubjectAlternativeName([_service_name()]), False),
            (_crl_pointer(authority_name(authority)), False),
            (marker(), False),
        ),
    )


def responder_plan(authority: Authority, *, not_before: datetime, not_after: datetime) -> CertificatePlan:
    """A delegated OCSP signer (RFC 6960 section 4.2.2.2), never itself checked for revocation (4.2.2.2.1)."""
    return CertificatePlan(
        subject=_name(
            (NameOID.ORGANIZATION_NAME, ORGANISATION),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, _unit(authority)),
            (NameOID.COMMON_NAME, "OCSP Responder"),
        ),
        not_before=not_before,
        not_after=not_after,
        extensions=(
            (key_usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING]), False),
            (x509.OCSPNoCheck(), False),
            (marker(), False),
        ),
    )


def authentication_plan(
    *, municipality: Municipality, not_before: datetime, not_after: datetime, ocsp_url: str
) -> CertificatePlan:
    """A user-authentication certificate: it names nobody."""
    opaque = f"{_random_text(14)}{municipality.code}{_random_text(4)}"
    return CertificatePlan(
        subject=_name((NameOID.COMMON_NAME, opaque)),
        not_before=not_before,
        not_after=not_after,
        extensions=(
            (key_usage(digital_signature=True), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False),
            (policies(AUTHENTICATION_POLICY), True),
            *_leaf_pointers(Authority.AUTHENTICATION, municipality, ocsp_url),
        ),
    )


def signature_plan(
    *, person: Person, municipality: Municipality, not_before: datetime, not_after: datetime, ocsp_url: str
) -> CertificatePlan:
    """A signature certificate with the four attributes and their substitution maps as otherNames."""
    issued = not_before.astimezone(_JAPAN_TIME).strftime("%Y%m%d%H%M%S")
    subject = _name(
        (NameOID.LOCALITY_NAME, municipality.prefecture),
        (NameOID.LOCALITY_NAME, municipality.name),
        (NameOID.COMMON_NAME, f"{issued}{secrets.randbelow(1000):03d}"),
    )
    return CertificatePlan(
        subject=subject,
        not_before=not_before,
        not_after=not_after,
        extensions=(
            (key_usage(digital_signature=True, content_commitment=True), True),
            (policies(SIGNATURE_POLICY), True),
            (x509.SubjectAlternativeName(four_attributes(person)), False),
            *_leaf_pointers(Authority.SIGNATURE, municipality, ocsp_url),
        ),
    )


def four_attributes(person: Person) -> list[x509.OtherName]:
    """Name, sex, date of birth and address, each a UTF8String, with the two substitution maps."""
    texts = {
        NAME: person.name,
        NAME_MAP: person.name_map,
        SEX: person.sex.value,
        BIRTH_DATE: person.birth_date,
        ADDRESS: person.address,
        ADDRESS_MAP: person.address_map,
    }
    return [x509.OtherName(oid, der.utf8_string(text)) for oid, text in texts.items()]


def policies(policy: x509.ObjectIdentifier) -> x509.CertificatePolicies:
    """One policy with a pointer to its (imaginary) practice statement."""
    return x509.CertificatePolicies([x509.PolicyInformation(policy, [_CPS])])


def end_of_validity(person: Person, issued: datetime) -> datetime:
    """The last second, in Japan, of the fifth birthday after issue."""
    last_day = person.fifth_birthday_after(issued.astimezone(_JAPAN_TIME).date())
    return datetime.combine(last_day, _LAST_SECOND).astimezone(UTC)


def _leaf_pointers(
    authority: Authority, municipality: Municipality, ocsp_url: str
) -> tuple[tuple[x509.ExtensionType, bool], ...]:
    ocsp = x509.AccessDescription(AuthorityInformationAccessOID.OCSP, x509.UniformResourceIdentifier(ocsp_url))
    return (
        (x509.IssuerAlternativeName([_service_name()]), False),
        (_crl_pointer(distribution_point(authority, municipality)), False),
        (x509.AuthorityInformationAccess([ocsp]), False),
        (marker(), False),
    )


def _crl_pointer(name: x509.Name) -> x509.CRLDistributionPoints:
    point = x509.DistributionPoint(
        full_name=[x509.DirectoryName(name)], relative_name=None, reasons=None, crl_issuer=None
    )
    return x509.CRLDistributionPoints([point])


def _service_name() -> x509.DirectoryName:
    return x509.DirectoryName(_name((NameOID.ORGANIZATION_NAME, "公的個人認証サービス(試験用)")))


def _unit(authority: Authority) -> str:
    match authority:
        case Authority.AUTHENTICATION:
            return "JPKI for user authentication"
        case Authority.SIGNATURE:
            return "JPKI for digital signature"


def _name(*parts: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    country = x509.NameAttribute(NameOID.COUNTRY_NAME, "JP")
    return x509.Name([country, *(x509.NameAttribute(oid, value) for oid, value in parts)])


def key_usage(
    *,
    digital_signature: bool = False,
    content_commitment: bool = False,
    key_encipherment: bool = False,
    certificate_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:
    """A keyUsage with only the named bits set."""
    return x509.KeyUsage(
        digital_signature=digital_signature,
        content_commitment=content_commitment,
        key_encipherment=key_encipherment,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=certificate_sign,
        crl_sign=crl_sign,
        encipher_only=False,
        decipher_only=False,
    )


def _random_text(length: int) -> str:
    return "".join(secrets.choice(_CN_ALPHABET) for _ in range(length))
