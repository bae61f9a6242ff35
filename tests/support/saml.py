"""A SAML identity provider with one registered site, and that site's side of the protocol, honest or not.

door, site = a_door(), TestSite()
door.sso(site.redirect())                                   # FormPost: the citizen is logged in
door.sso(site.redirect(site.request(destination=None)))     # the code of a page: refused
"""

import base64
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import quote_plus, urlencode
from xml.sax.saxutils import quoteattr  # noqa: TID251 (writes, parses nothing)

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from sqlalchemy import Engine

from foundation.keys import SignatureAlgorithm, key_id_of
from foundation.records import Codec
from idp.adapters.db.engine import create_database_engine
from idp.adapters.db.one_time import SqlOneTimeStore
from idp.adapters.db.tables import Base
from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.adapters.keys.pem import CertifiedPemSigner
from idp.domain.assurance import AuthenticationContext
from idp.domain.attribute import ABOUT_THE_LOGIN, AttributeName
from idp.domain.citizen import CertificateCheck, CheckSource
from idp.domain.errors import IdpError
from idp.domain.login import IdentifierKind, LoginRequest, MessageId
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
from idp.protocols.contract import FormPost, Redirect, Refusable
from idp.protocols.saml.adapter import SamlAdapter
from idp.protocols.saml.bindings.artifacts import HeldAnswer
from idp.protocols.saml.metadata import OwnMetadata
from idp.protocols.saml.requests.resolution import Resolved
from idp.protocols.saml.settings import SamlSettings
from idp.usecases.ports import UnitOfWork
from tests.support.oidc import FakeClock, FakeRegister
from tests.support.xml_signatures import GOOD, Form, signed

NOW = datetime.fromisoformat("2026-11-02T09:30:00Z")
ISSUER = "https://idp.example"
SSO_URL = f"{ISSUER}/saml/sso"
ARTIFACT_URL = f"{ISSUER}/saml/artifact"
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
    artifact_url=ARTIFACT_URL,
    help_url=f"{ISSUER}/help",
    privacy_url=f"{ISSUER}/privacy",
    icon_url=f"{ISSUER}/static/icon.svg",
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
    formats: Sequence[str] = (),
    attribute_sets: Sequence[str] = (),
    requirement: str | None = None,
    signs_requests: bool = True,
    attributes: str = "",
) -> str:
    """A site's metadata. `formats` are of NameIDs, `requirement` the subject-id requirement."""
    if keys is None:
        keys = [a_key_descriptor(an_rsa_signer("site").certificate)]
    if return_addresses is None:
        return_addresses = [a_return_address(RETURN_URL, 0), a_return_address(OTHER_RETURN_URL, 7)]
    name_ids = "".join(f"<md:NameIDFormat>{format_}</md:NameIDFormat>" for format_ in formats)
    return (
        f'<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID={quoteattr(entity_id)}'
        f" {attributes}>{'' if requirement is None else a_subject_id_requirement(requirement)}"
        '<md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"'
        f' AuthnRequestsSigned="{str(signs_requests).lower()}">{"".join(keys)}{name_ids}{"".join(return_addresses)}'
        f"{''.join(attribute_sets)}</md:SPSSODescriptor></md:EntityDescriptor>"
    )


def a_subject_id_requirement(value: str) -> str:
    """Subject Identifier Attributes 1.0, section 2.3.1."""
    return (
        '<md:Extensions><mdattr:EntityAttributes xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute"'
        ' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"><saml:Attribute'
        ' Name="urn:oasis:names:tc:SAML:profiles:subject-id:req"'
        ' NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">'
        f"<saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute></mdattr:EntityAttributes></md:Extensions>"
    )


def an_attribute_set(index: int, *names: str, extra: str = "") -> str:
    """An AttributeConsumingService; `names` are URIs."""
    requested = "".join(
        f'<md:RequestedAttribute Name="{name}" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"/>'
        for name in names
    )
    return (
        f'<md:AttributeConsumingService index="{index}" {extra}>'
        f'<md:ServiceName xml:lang="en">Set {index}</md:ServiceName>{requested}</md:AttributeConsumingService>'
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
    attributes: tuple[AttributeName, ...] = ABOUT_THE_LOGIN,
    now: datetime = NOW,
) -> Release:
    """A citizen logged in by card five minutes before `now`."""
    logged_in = now - timedelta(minutes=5)
    return Release(
        service_provider=ServiceProviderId(site),
        sector=SectorCode("filings"),
        subject=SubjectValue(subject),
        lasting=SubjectValue(SUBJECT) if AttributeName.SUBJECT in attributes else None,
        identifier=identifier,
        attributes=attributes,
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
    engine: Engine | None = None,
) -> SamlAdapter:
    """An adapter with its own empty database, or with `engine`."""
    return SamlAdapter(
        settings,
        signer=an_rsa_signer("idp"),
        metadata=some_metadata(settings),
        register=FakeRegister(sites=list(sites) or [a_site()]),
        artifacts=SqlOneTimeStore(engine or _empty_database(), "artifact", Codec(HeldAnswer)),
        clock=clock or FakeClock(NOW),
    )


def some_metadata(settings: SamlSettings = SETTINGS) -> OwnMetadata:
    """Metadata of an adapter whose signer is the one named `idp`, signed by the one named `metadata`."""
    return OwnMetadata(settings, signer=an_rsa_signer("metadata"), certificates=(an_rsa_signer("idp").certificate,))


def _empty_database() -> Engine:
    engine = create_database_engine("sqlite://")
    Base.metadata.create_all(engine)
    return engine


Outcome = FormPost | Redirect | str
"""Where the browser is made to take the answer; or the code of the refusal that a page showed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AdapterDoor:
    """The protocol adapter as the web uses it, with a database in memory and a citizen who is logged in."""

    adapter: SamlAdapter
    clock: FakeClock
    work: UnitOfWork

    def sso(self, query: bytes) -> Outcome:
        """By redirect: understood, then released or refused."""
        return self._outcome(lambda: self.understand(query))

    def post(self, form: bytes) -> Outcome:
        """The same by a posted form."""
        return self._outcome(lambda: self.understand_post(form))

    def start(self, site: str = "ministry", query: bytes = b"") -> Outcome:
        """The same without the site's request."""
        return self._outcome(lambda: self.adapter.start(ServiceProviderId(site), query, now=self.clock()))

    def understand(self, query: bytes) -> LoginRequest:
        """What the adapter makes of a redirect."""
        return self.adapter.understand_redirect(query, now=self.clock())

    def understand_post(self, form: bytes) -> LoginRequest:
        """What it makes of a form."""
        return self.adapter.understand_post(form, now=self.clock())

    def resolve(self, envelope: bytes) -> Resolved:
        """What a site gets that brings an artifact."""
        return self.adapter.resolve(envelope, now=self.clock())

    def metadata(self) -> bytes:
        """The document."""
        return self.adapter.metadata(self.clock()).text

    def _outcome(self, understand: Callable[[], LoginRequest]) -> Outcome:
        try:
            asked = understand()
            self._use_up(asked.message)
        except Refusable as refusable:
            return self._refused(refusable)
        except IdpError as error:
            return error.code
        release = a_release(
            site=asked.service_provider,
            identifier=asked.identifier,
            attributes=asked.attributes,
            now=self.clock(),
        )
        return self.adapter.answer(release, asked.reply)

    def _refused(self, refusable: Refusable) -> Outcome:
        try:
            self._use_up(refusable.message)
        except IdpError as error:
            return error.code
        return self.adapter.refuse(refusable.error, refusable.reply)

    def _use_up(self, message: MessageId | None) -> None:
        if message is not None:
            with self.work.writing() as stores:
                stores.messages.use_up(message, now=self.clock())


def a_door(*sites: ServiceProvider, settings: SamlSettings = SETTINGS, clock: FakeClock | None = None) -> AdapterDoor:
    """A provider with the sample site, or with `sites`."""
    clock, engine = clock or FakeClock(NOW), _empty_database()
    return AdapterDoor(
        adapter=an_adapter(*sites, settings=settings, clock=clock, engine=engine),
        clock=clock,
        work=SqlUnitOfWork(engine),
    )


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
        written = _written(attributes)
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

    def post(self, xml: bytes | None = None, *, relay_state: str | None = None, form: Form = GOOD) -> bytes:
        """The form that carries `xml`, or a good request, signed inside."""
        return a_form(self.signed_inside(self.request() if xml is None else xml, form), relay_state=relay_state)

    def signed_inside(self, xml: bytes, form: Form = GOOD) -> bytes:
        """`xml` with the site's signature behind its Issuer."""
        return signed(xml, self.signer or an_rsa_signer("site"), form)

    def resolve(
        self,
        artifact: str,
        *,
        issuer: str | None = None,
        issued_at: datetime = NOW,
        form: Form = GOOD,
        **changes: str | None,
    ) -> bytes:
        """A signed ArtifactResolve in its envelope; `changes` are attributes."""
        attributes = {"ID": "_resolve1", "Version": "2.0", "Destination": ARTIFACT_URL, **changes}
        return an_envelope(self.signed_inside(self.question(artifact, issuer, issued_at, attributes), form))

    def question(
        self, artifact: str, issuer: str | None, issued_at: datetime, attributes: Mapping[str, str | None]
    ) -> bytes:
        """An ArtifactResolve, not signed."""
        return (
            '<samlp:ArtifactResolve xmlns:samlp="urn:oasis:names:tc:SAML:2.0:protocol"'
            ' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" '
            + _written({"IssueInstant": issued_at.strftime("%Y-%m-%dT%H:%M:%SZ"), **attributes})
            + f"><saml:Issuer>{self.entity_id if issuer is None else issuer}</saml:Issuer>"
            f"<samlp:Artifact>{artifact}</samlp:Artifact></samlp:ArtifactResolve>"
        ).encode()

    def signed(self, octets: bytes) -> bytes:
        """`octets` and their signature."""
        signature = (self.signer or an_rsa_signer("site")).sign(octets)
        return octets + b"&Signature=" + quote_plus(base64.b64encode(signature)).encode()


def deflated(data: bytes) -> bytes:
    """RFC 1951, without a header."""
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def a_form(xml: bytes, *, relay_state: str | None = None) -> bytes:
    """What a browser posts that carries `xml` as it is."""
    fields = [("SAMLRequest", base64.b64encode(xml).decode())]
    if relay_state is not None:
        fields.append(("RelayState", relay_state))
    return urlencode(fields).encode()


def an_envelope(body: bytes, *, header: str = "") -> bytes:
    """SOAP 1.1."""
    return (
        f'<soap:Envelope xmlns:soap="http://schemas.xmlsoap.org/soap/envelope/">{header}<soap:Body>'.encode()
        + body
        + b"</soap:Body></soap:Envelope>"
    )


def _written(attributes: Mapping[str, str | None]) -> str:
    return " ".join(f"{name}={quoteattr(value)}" for name, value in attributes.items() if value is not None)
