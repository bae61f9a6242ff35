"""A SAML identity provider with one registered site, and that site's side of the protocol, honest or not.

door, site = a_door(), TestSite()
door.sso(site.redirect())                                   # FormPost: the citizen is logged in
door.sso(site.redirect(site.request(destination=None)))     # the code of a page: refused
"""

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Protocol
from urllib.parse import quote_plus
from xml.sax.saxutils import quoteattr  # noqa: TID251 (writes, parses nothing)

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from foundation.keys import SignatureAlgorithm, key_id_of
from foundation.records import Codec
from idp.adapters.db.engine import create_database_engine
from idp.adapters.db.one_time import SqlOneTimeStore
from idp.adapters.db.tables import Base
from idp.adapters.keys.pem import CertifiedPemSigner
from idp.domain.assurance import AuthenticationContext
from idp.domain.citizen import CertificateCheck, CheckSource
from idp.domain.errors import IdpError
from idp.domain.login import IdentifierKind, LoginRequest
from idp.domain.release import Release
from idp.domain.service_provider import (
    FederationProtocol,
    LocalText,
    SectorCode,
    ServiceProvider,
    ServiceProviderId,
    Tier,
    TrustCircle,
)
from idp.domain.session import ParticipationHandle
from idp.domain.subject import SubjectValue
from idp.protocols.contract import FormPost, Refusable
from idp.protocols.saml.adapter import SamlAdapter
from idp.protocols.saml.settings import SamlSettings
from idp.usecases.ports import OneTimeStore
from tests.support.oidc import FakeClock, FakeRegister

NOW = datetime.fromisoformat("2026-11-02T09:30:00Z")
ISSUER = "https://idp.example"
SSO_URL = f"{ISSUER}/saml/sso"
SITE_ID = "https://ministry.example/metadata"
RETURN_URL = "https://ministry.example/acs"
OTHER_RETURN_URL = "https://ministry.example/acs/other"
SUBJECT = SubjectValue("5d" * 20)

RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"

SETTINGS = SamlSettings(
    issuer=ISSUER,
    entity_id=f"{ISSUER}/saml/metadata",
    sso_url=SSO_URL,
    scope="idp.example",
    display_name=LocalText(ja="カードログイン(見本)", en="Card login (sample)"),
)


@cache
def an_rsa_signer(name: str) -> CertifiedPemSigner:
    """The same key for the same name, in one test run."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return _certified(name, key, SignatureAlgorithm.RS256)


@cache
def an_ec_signer(name: str) -> CertifiedPemSigner:
    """As `an_rsa_signer`, on P-256."""
    return _certified(name, ec.generate_private_key(ec.SECP256R1()), SignatureAlgorithm.ES256)


def _certified(
    name: str, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, algorithm: SignatureAlgorithm
) -> CertifiedPemSigner:
    public = key.public_key()
    return CertifiedPemSigner(
        key_id=key_id_of(public),
        algorithm=algorithm,
        public_key=public,
        private_key=key,
        certificate=a_certificate(name, key),
    )


def a_certificate(name: str, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> x509.Certificate:
    """Signed by its own key."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=365))
        .sign(key, hashes.SHA256())
    )


def certificate_text(certificate: x509.Certificate) -> str:
    """DER in base64, as metadata holds it."""
    return base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()


def a_key_descriptor(certificate: x509.Certificate, *, use: str | None = "signing") -> str:
    """As metadata holds it."""
    usage = "" if use is None else f' use="{use}"'
    return (
        f'<md:KeyDescriptor{usage}><ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>'
        f"<ds:X509Certificate>{certificate_text(certificate)}</ds:X509Certificate>"
        f"</ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


def a_return_address(url: str, index: int, *, extra: str = "", binding: str = "HTTP-POST") -> str:
    """An AssertionConsumerService."""
    return (
        f'<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:{binding}"'
        f' Location={quoteattr(url)} index="{index}" {extra}/>'
    )


def a_registration(
    *,
    entity_id: str = SITE_ID,
    keys: Sequence[str] | None = None,
    return_addresses: Sequence[str] | None = None,
    attributes: str = "",
) -> str:
    """A site's metadata."""
    if keys is None:
        keys = [a_key_descriptor(an_rsa_signer("site").certificate)]
    if return_addresses is None:
        return_addresses = [a_return_address(RETURN_URL, 0), a_return_address(OTHER_RETURN_URL, 7)]
    return (
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID={quoteattr(entity_id)}'
        f' {attributes}><md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"'
        f' AuthnRequestsSigned="true">{"".join(keys)}{"".join(return_addresses)}</md:SPSSODescriptor>'
        f"</md:EntityDescriptor>"
    )


def a_site(*, name: str = "ministry", entity_id: str = SITE_ID, registration: str | None = None) -> ServiceProvider:
    """A registered site."""
    return ServiceProvider(
        id=ServiceProviderId(name),
        protocol=FederationProtocol.SAML,
        protocol_id=entity_id,
        sector=SectorCode("filings"),
        tier=Tier.STANDARD,
        circle=TrustCircle("circle"),
        name=LocalText(ja="見本省", en="Sample ministry"),
        operator=LocalText(ja="見本省", en="Sample ministry"),
        home_url="https://ministry.example/",
        registration=a_registration(entity_id=entity_id) if registration is None else registration,
    )


def a_release(
    *,
    site: str = "ministry",
    subject: str = SUBJECT,
    identifier: IdentifierKind = IdentifierKind.PERSISTENT,
    now: datetime = NOW,
) -> Release:
    """A citizen logged in by card five minutes before `now`."""
    logged_in = now - timedelta(minutes=5)
    return Release(
        service_provider=ServiceProviderId(site),
        sector=SectorCode("filings"),
        subject=SubjectValue(subject),
        identifier=identifier,
        context=AuthenticationContext.CARD_PIN,
        authenticated_at=logged_in,
        check=CertificateCheck(
            source=CheckSource.OCSP,
            checked_at=logged_in,
            issued_at=logged_in - timedelta(minutes=1),
            next_update=logged_in + timedelta(days=1),
        ),
        session=ParticipationHandle("a1" * 16),
        session_expires_at=now + timedelta(minutes=55),
        released_at=now,
    )


def an_adapter(
    *sites: ServiceProvider,
    settings: SamlSettings = SETTINGS,
    clock: FakeClock | None = None,
    replays: OneTimeStore[str] | None = None,
) -> SamlAdapter:
    """An adapter with its own empty database."""
    return SamlAdapter(
        settings,
        signer=an_rsa_signer("idp"),
        register=FakeRegister(sites=list(sites) or [a_site()]),
        replays=replays or _empty_store(),
        clock=clock or FakeClock(NOW),
    )


def _empty_store() -> OneTimeStore[str]:
    engine = create_database_engine("sqlite://")
    Base.metadata.create_all(engine)
    return SqlOneTimeStore(engine, "saml request", Codec(str))


class Door(Protocol):
    """The identity provider as a site and a logged-in citizen's browser meet it.

    The tests of protocol and attacks know nothing else, so they can be run through the whole web application as well.
    """

    def sso(self, query: bytes) -> FormPost | str:
        """What the browser is made to post to the site; or the code of the refusal that a page showed."""

    def metadata(self) -> bytes:
        """The metadata document."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterDoor:
    """The protocol adapter itself, with a database in memory and a citizen who is logged in."""

    adapter: SamlAdapter
    clock: FakeClock

    def sso(self, query: bytes) -> FormPost | str:
        """As the web does it: understood, then released or refused."""
        try:
            asked = self.understand(query)
        except Refusable as refusable:
            return self.adapter.refuse(refusable.error, refusable.reply)
        except IdpError as error:
            return error.code
        release = a_release(site=asked.service_provider, identifier=asked.identifier, now=self.clock())
        return self.adapter.answer(release, asked.reply)

    def understand(self, query: bytes) -> LoginRequest:
        """What the adapter makes of it."""
        return self.adapter.understand_redirect(query, now=self.clock())

    def metadata(self) -> bytes:
        """The document."""
        return self.adapter.metadata(self.clock())


def a_door(*sites: ServiceProvider, settings: SamlSettings = SETTINGS) -> AdapterDoor:
    """A provider with the sample site, or with `sites`."""
    clock = FakeClock(NOW)
    return AdapterDoor(adapter=an_adapter(*sites, settings=settings, clock=clock), clock=clock)


@dataclass(frozen=True, slots=True, kw_only=True)
class TestSite:
    """The site's side. Everything can be changed, to nothing too, by naming it."""

    __test__ = False

    entity_id: str = SITE_ID
    signer: CertifiedPemSigner | None = None

    def request(
        self,
        *,
        inside: str = "",
        before: str = "",
        issuer: str | None = None,
        issued_at: datetime = NOW,
        **changes: str | None,
    ) -> bytes:
        """An AuthnRequest: `inside` are child elements after the Issuer, `changes` attributes."""
        attributes: dict[str, str | None] = {
            "ID": "_request1",
            "Version": "2.0",
            "IssueInstant": issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "Destination": SSO_URL,
            "AssertionConsumerServiceURL": RETURN_URL,
            "ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
            **changes,
        }
        written = " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items() if value is not None)
        return (
            f'{before}<samlp:AuthnRequest xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
            f' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" {written}>'
            f"<saml:Issuer>{self.entity_id if issuer is None else issuer}</saml:Issuer>{inside}</samlp:AuthnRequest>"
        ).encode()

    def redirect(
        self, xml: bytes | None = None, *, relay_state: str | None = None, algorithm: str = RSA_SHA256
    ) -> bytes:
        """The signed query string that carries `xml`, or a good request."""
        parts = [("SAMLRequest", base64.b64encode(deflated(self.request() if xml is None else xml)).decode())]
        if relay_state is not None:
            parts.append(("RelayState", relay_state))
        parts.append(("SigAlg", algorithm))
        return self.signed("&".join(f"{name}={quote_plus(value)}" for name, value in parts).encode())

    def signed(self, octets: bytes) -> bytes:
        """`octets` and their signature."""
        signature = (self.signer or an_rsa_signer("site")).sign(octets)
        return octets + b"&Signature=" + quote_plus(base64.b64encode(signature)).encode()


def deflated(data: bytes) -> bytes:
    """RFC 1951, without a header."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()
