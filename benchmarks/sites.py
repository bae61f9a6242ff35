"""The two SAML sites that ask every server: one wants its assertions signed, the other signed and encrypted."""

import secrets
from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum

from lxml import etree
from signxml.algorithms import CanonicalizationMethod
from signxml.signer import XMLSigner

from benchmarks.pems import private_pem
from foundation.clock import system_clock
from idp.adapters.keys.pem import CertifiedPemSigner
from idp.domain.service_provider import ServiceProvider
from idp.protocols.saml.names import PERSISTENT
from tests.support import saml

_AFTER_ISSUER = 1
_XML_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
_SIGNER = XMLSigner(c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0)
_WANTS_A_LASTING_NAME = f'<samlp:NameIDPolicy Format="{PERSISTENT}" AllowCreate="true"/>'


class Kind(StrEnum):
    """What a site gets. One signature either way, on the assertion."""

    SIGNED = "signed"
    ENCRYPTED = "signed, encrypted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A site with one key pair, for its requests and for what is encrypted to it."""

    kind: Kind
    name: str

    @property
    def entity_id(self) -> str:
        """Its name among SAML entities."""
        return f"https://{self.name}.example/metadata"

    @property
    def return_url(self) -> str:
        """Its only AssertionConsumerService."""
        return f"https://{self.name}.example/acs"

    @property
    def signer(self) -> CertifiedPemSigner:
        """RSA-2048."""
        return saml.an_rsa_signer(self.name)

    @property
    def key(self) -> bytes:
        """The private key, as PEM."""
        return private_pem(self.signer)

    @property
    def metadata(self) -> str:
        """Its EntityDescriptor. The methods of encryption are left to the other side."""
        uses = ["signing", "encryption"] if self.kind is Kind.ENCRYPTED else ["signing"]
        return saml.a_registration(
            entity_id=self.entity_id,
            keys=[saml.a_key_descriptor(self.signer.certificate, use=use) for use in uses],
            return_addresses=[saml.a_return_address(self.return_url, 0)],
        )

    def registered(self) -> ServiceProvider:
        """As an operator adds it to our provider."""
        return saml.a_site(name=self.name, entity_id=self.entity_id, registration=self.metadata)

    def request(self, sso_url: str) -> bytes:
        """An AuthnRequest with an id of its own, not signed."""
        return self._side().request(
            issued_at=system_clock(),
            inside=_WANTS_A_LASTING_NAME,
            ID=f"_{secrets.token_hex(16)}",
            Destination=sso_url,
            AssertionConsumerServiceURL=self.return_url,
        )

    def query(self, sso_url: str) -> bytes:
        """Another request, signed, by the redirect binding."""
        return self._side().redirect(self.request(sso_url))

    def form_field(self, sso_url: str) -> bytes:
        """Another request, signed within itself, by the POST binding."""
        root = etree.fromstring(self.request(sso_url))
        place = etree.Element(f"{{{_XML_SIGNATURE}}}Signature", {"Id": "placeholder"}, nsmap={"ds": _XML_SIGNATURE})
        root.insert(_AFTER_ISSUER, place)
        signed = _SIGNER.sign(
            root,
            key=self.signer.private_key,
            cert=[self.signer.certificate],
            reference_uri=root.get("ID"),
            id_attribute="ID",
        )
        return b64encode(etree.tostring(signed))

    def address(self, sso_url: str) -> str:
        """Where its login button leads: another request each time."""
        return f"{sso_url}?{self.query(sso_url).decode()}"

    def _side(self) -> saml.TestSite:
        return saml.TestSite(entity_id=self.entity_id, signer=self.signer)


SITES = (Site(kind=Kind.SIGNED, name="registry"), Site(kind=Kind.ENCRYPTED, name="archive"))
