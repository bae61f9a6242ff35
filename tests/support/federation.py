"""A publisher of metadata: a federation, or a site with an address of its own. Honest or not.

    document = an_aggregate(an_entity("https://a.example"), an_entity("https://b.example"))
    signed = A_PUBLISHER.sign(document)                             # bytes, as a web server would send them
    A_PUBLISHER.sign(document, reference="#elsewhere", digest=SHA1)  # and so on

A document has its signature where the comment `HERE` stands, so that signing changes no other character.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from tests.support.builders import NOW

METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
XML_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
WITH_COMMENTS = EXCLUSIVE + "WithComments"
ENVELOPED = XML_SIGNATURE + "enveloped-signature"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
RSA_SHA1 = XML_SIGNATURE + "rsa-sha1"
HMAC_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
ECDSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA384 = "http://www.w3.org/2001/04/xmldsig-more#sha384"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"
SHA1 = XML_SIGNATURE + "sha1"
_HASHES = {SHA256: "sha256", SHA384: "sha384", SHA512: "sha512", SHA1: "sha1"}

HERE = "<!--signature-->"
END = NOW + timedelta(days=7)
_DAY = timedelta(days=1)


def written(moment: datetime) -> str:
    """As SAML writes instants."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Publisher:
    """With a key, in a certificate that is over and was made by nobody: a pinned certificate is nothing but its key."""

    private_key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = field(repr=False)
    certificate: str

    def sign(
        self,
        document: str,
        *,
        reference: str | None = "#_document",
        digest: str = SHA256,
        algorithm: str | None = None,
        canonicalization: str = EXCLUSIVE,
        transforms: Sequence[str] | None = None,
        prefixes: Sequence[str] = (),
        extra: str = "",
        digested: str | None = None,
    ) -> bytes:
        """`document` with a signature over it; `digested` is what the digest is of, where it is not the document."""
        canonical = canonical_text((digested or document).encode(), prefixes)
        value = base64.b64encode(hashlib.new(_HASHES[digest], canonical).digest()).decode()
        uri = "" if reference is None else f' URI="{reference}"'
        inclusive = f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{" ".join(prefixes)}"/>'
        steps = transforms or (
            _transform(ENVELOPED),
            _transform(canonicalization, inclusive if prefixes else ""),
        )
        info = (
            f'<ds:SignedInfo xmlns:ds="{XML_SIGNATURE}">'
            f'<ds:CanonicalizationMethod Algorithm="{canonicalization}"/>'
            f'<ds:SignatureMethod Algorithm="{algorithm or self._algorithm()}"/>'
            f"<ds:Reference{uri}><ds:Transforms>{''.join(steps)}</ds:Transforms>"
            f'<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue>{value}</ds:DigestValue></ds:Reference>'
            f"</ds:SignedInfo>"
        )
        signature = (
            f'<ds:Signature xmlns:ds="{XML_SIGNATURE}">{info}'
            f"<ds:SignatureValue>{base64.b64encode(self._value(canonical_text(info.encode()))).decode()}"
            f"</ds:SignatureValue>{extra}</ds:Signature>"
        )
        return document.replace(HERE, signature, 1).encode()

    def _algorithm(self) -> str:
        return RSA_SHA256 if isinstance(self.private_key, rsa.RSAPrivateKey) else ECDSA_SHA256

    def _value(self, data: bytes) -> bytes:
        if isinstance(self.private_key, rsa.RSAPrivateKey):
            return self.private_key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        r, s = decode_dss_signature(self.private_key.sign(data, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32) + s.to_bytes(32)


def _transform(algorithm: str, content: str = "") -> str:
    return f'<ds:Transform Algorithm="{algorithm}">{content}</ds:Transform>'


@cache
def a_publisher(name: str = "federation", *, elliptic: bool = False) -> Publisher:
    """The same key for the same name, in one test run."""
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = (
        ec.generate_private_key(ec.SECP256R1())
        if elliptic
        else rsa.generate_private_key(public_exponent=65537, key_size=2048)
    )
    return Publisher(private_key=key, certificate=a_signer(name, key))


def a_signer(name: str, key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    """A certificate of `key` in PEM, whose time was over before `NOW`."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(NOW - 2 * _DAY)
        .not_valid_after(NOW - _DAY)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(Encoding.PEM).decode()


def canonical_text(document: bytes, prefixes: Sequence[str] = ()) -> bytes:
    """Exclusive C14N of the whole document's root, by libxml2 in one go."""
    root = etree.fromstring(document)
    return etree.tostring(
        root, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=list(prefixes)
    )


def an_entity(
    entity_id: str = "https://site.example/metadata", *, attributes: str = "", content: str | None = None
) -> str:
    """A service provider as a member of a group."""
    if content is None:
        content = a_role(entity_id)
    return f'<md:EntityDescriptor entityID="{entity_id}" {attributes}>{content}</md:EntityDescriptor>'


def a_role(entity_id: str, *, kind: str = "SPSSODescriptor") -> str:
    """What a service provider does, with a name to search for."""
    return (
        f'<md:{kind} protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol"><md:Extensions>'
        f'<mdui:UIInfo xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui">'
        f'<mdui:DisplayName xml:lang="ja">見本 {entity_id[8:9]}</mdui:DisplayName></mdui:UIInfo></md:Extensions>'
        f'<md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"'
        f' Location="{entity_id}/acs" index="0"/></md:{kind}>'
    )


def an_aggregate(
    *content: str,
    ends_at: datetime | None = END,
    published_at: datetime | None = None,
    attributes: str = "",
    name: str = "EntitiesDescriptor",
) -> str:
    """A group at the root, to be signed."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<md:{name} xmlns:md="{METADATA}" ID="_document"'
        f"{_until(ends_at)} {attributes}>{HERE}{_publication(published_at)}{''.join(content)}</md:{name}>"
    )


def a_single(
    entity_id: str = "https://site.example/metadata",
    *,
    ends_at: datetime | None = END,
    published_at: datetime | None = None,
    attributes: str = "",
    content: str | None = None,
) -> str:
    """A service provider at the root, to be signed."""
    return an_aggregate(
        a_role(entity_id) if content is None else content,
        ends_at=ends_at,
        published_at=published_at,
        attributes=f'entityID="{entity_id}" {attributes}',
        name="EntityDescriptor",
    )


def _until(ends_at: datetime | None) -> str:
    return "" if ends_at is None else f' validUntil="{written(ends_at)}"'


def _publication(published_at: datetime | None) -> str:
    if published_at is None:
        return ""
    return (
        f'<md:Extensions><mdrpi:PublicationInfo xmlns:mdrpi="urn:oasis:names:tc:SAML:metadata:rpi"'
        f' publisher="https://federation.example" creationInstant="{written(published_at)}"/></md:Extensions>'
    )
