"""Metadata of service providers, line by line, as files hold it; every part can be another one.

reader().read(site_metadata(entity_id="https://a.example"), marks=frozenset())
"""

from functools import cache
from xml.sax.saxutils import quoteattr  # noqa: TID251 (writes, parses nothing)

from cryptography.hazmat.primitives.asymmetric import ec, rsa

from idp.protocols.saml.bridge import schema_file
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.sites.reader import SiteMetadataReader
from idp.protocols.saml.xml.documents import Schema
from tests.support.saml import SETTINGS, SITE_ID, a_certificate, a_key_descriptor, a_return_address, an_rsa_signer

BINDING = "urn:oasis:names:tc:SAML:2.0:bindings:"
URI_FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
UNSPECIFIED_FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
AES128_GCM = "http://www.w3.org/2009/xmlenc11#aes128-gcm"
AES256_CBC = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
RSA_V1_5 = "http://www.w3.org/2001/04/xmlenc#rsa-1_5"

_SPACES = " ".join(
    f'xmlns:{prefix}="{name}"'
    for prefix, name in (
        ("md", "urn:oasis:names:tc:SAML:2.0:metadata"),
        ("mdui", "urn:oasis:names:tc:SAML:metadata:ui"),
        ("mdattr", "urn:oasis:names:tc:SAML:metadata:attribute"),
        ("alg", "urn:oasis:names:tc:SAML:metadata:algsupport"),
        ("saml", "urn:oasis:names:tc:SAML:2.0:assertion"),
        ("ds", "http://www.w3.org/2000/09/xmldsig#"),
    )
)
_UI = """<mdui:UIInfo>
<mdui:DisplayName xml:lang="en">Sample ministry</mdui:DisplayName>
<mdui:DisplayName xml:lang="ja">見本省</mdui:DisplayName>
<mdui:InformationURL xml:lang="en">https://ministry.example/en</mdui:InformationURL>
<mdui:InformationURL xml:lang="ja">https://ministry.example/</mdui:InformationURL>
</mdui:UIInfo>"""
_ORGANIZATION = """<md:Organization>
<md:OrganizationName xml:lang="en">sample</md:OrganizationName>
<md:OrganizationDisplayName xml:lang="en">Sample operator</md:OrganizationDisplayName>
<md:OrganizationDisplayName xml:lang="ja">見本の運営者</md:OrganizationDisplayName>
<md:OrganizationURL xml:lang="en">https://operator.example/</md:OrganizationURL>
</md:Organization>"""
LOGOUT = f'<md:SingleLogoutService Binding="{BINDING}HTTP-Redirect" Location="https://ministry.example/logout"/>'


@cache
def reader(settings: SamlSettings = SETTINGS) -> SiteMetadataReader:
    """The reader of the sample provider."""
    return SiteMetadataReader(schema=Schema(schema_file("metadata")), settings=settings)


def both_keys() -> list[str]:
    """One to sign and one to encrypt to."""
    return [a_key("signing"), a_key("encryption")]


def a_key(use: str | None, *methods: str, name: str = "site") -> str:
    """An RSA key in its certificate, with EncryptionMethods by their algorithms."""
    listed = "".join(f'<md:EncryptionMethod Algorithm="{method}"/>' for method in methods)
    whole = a_key_descriptor(an_rsa_signer(name).certificate, use=use)
    return whole.replace("</md:KeyDescriptor>", f"{listed}</md:KeyDescriptor>")


def key_of(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, use: str | None = "signing") -> str:
    """A key of one's own choice."""
    return a_key_descriptor(a_certificate("site", key), use=use)


def entity_attribute(name: str, *values: str) -> str:
    """An entity attribute with values, in its extension."""
    written = "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
    return (
        f'<mdattr:EntityAttributes><saml:Attribute Name="{name}" NameFormat="{URI_FORMAT}">{written}</saml:Attribute>'
        "</mdattr:EntityAttributes>"
    )


def subject_id(*values: str) -> str:
    """The subject-id requirement."""
    return entity_attribute("urn:oasis:names:tc:SAML:profiles:subject-id:req", *values)


def an_attribute_set(*attributes: str, index: int = 0, extra: str = "") -> str:
    """An AttributeConsumingService over RequestedAttributes."""
    return "\n".join(
        (
            f'<md:AttributeConsumingService index="{index}" {extra}>',
            '<md:ServiceName xml:lang="en">Filings</md:ServiceName>',
            *attributes,
            "</md:AttributeConsumingService>",
        )
    )


def a_wish(name: str, *, extra: str = f'NameFormat="{URI_FORMAT}"') -> str:
    """A RequestedAttribute."""
    return f'<md:RequestedAttribute Name="{name}" {extra}/>'


def an_empty_place(index: int | str) -> str:
    """An AssertionConsumerService without a Location."""
    return f'<md:AssertionConsumerService Binding="{BINDING}HTTP-POST" index="{index}"/>'


def site_metadata(
    *,
    entity_id: str = SITE_ID,
    attributes: str = "",
    extensions: str = "",
    role_attributes: str = 'AuthnRequestsSigned="true" WantAssertionsSigned="true"',
    role_extensions: str = _UI,
    keys: list[str] | None = None,
    services: str = LOGOUT,
    formats: str = "",
    consumers: list[str] | None = None,
    attribute_sets: str = "",
    organization: str = _ORGANIZATION,
    protocols: str = "urn:oasis:names:tc:SAML:2.0:protocol",
) -> str:
    """Metadata without a fault and without a warning, unless something is changed."""
    consumers = [a_return_address("https://ministry.example/acs", 0)] if consumers is None else consumers
    lines = (
        f"<md:EntityDescriptor {_SPACES} entityID={quoteattr(entity_id)} {attributes}>",
        f"<md:Extensions>{extensions}</md:Extensions>" if extensions else "",
        f'<md:SPSSODescriptor protocolSupportEnumeration="{protocols}" {role_attributes}>',
        f"<md:Extensions>{role_extensions}</md:Extensions>" if role_extensions else "",
        *(both_keys() if keys is None else keys),
        services,
        formats,
        *consumers,
        attribute_sets,
        "</md:SPSSODescriptor>",
        organization,
        "</md:EntityDescriptor>",
    )
    return "\n".join(line for line in lines if line)


def a_group(*entities: str, attributes: str = "", extensions: str = "") -> str:
    """An EntitiesDescriptor."""
    return (
        f'<md:EntitiesDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" {attributes}>\n{extensions}'
        f"{''.join(entities)}</md:EntitiesDescriptor>"
    )
