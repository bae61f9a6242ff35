"""Metadata of the shape that well-known products publish is accepted as it is. Written here, copied from none."""

import pytest

from idp.domain.service_provider import Mark
from idp.protocols.saml.names import HTTP_ARTIFACT, HTTP_POST
from idp.protocols.saml.sites.registration import Registration
from idp.protocols.saml.xml.encryption import DataAlgorithm
from tests.support.saml import an_rsa_signer, certificate_text
from tests.support.site_metadata import BINDING, reader

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
DS = "http://www.w3.org/2000/09/xmldsig#"
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
OLD_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:"
ENC = "http://www.w3.org/2001/04/xmlenc#"
ENC11 = "http://www.w3.org/2009/xmlenc11#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
CERTIFICATE = certificate_text(an_rsa_signer("site").certificate)
IN_LINES = "\n".join(CERTIFICATE[start : start + 64] for start in range(0, len(CERTIFICATE), 64))


def _many(prefix: str, element: str, *algorithms: str) -> str:
    return "\n".join(f'<{prefix}{element} Algorithm="{algorithm}"/>' for algorithm in algorithms)


def _shibboleth_key(use: str, methods: str = "") -> str:
    return f"""
    <md:KeyDescriptor use="{use}">
      <ds:KeyInfo xmlns:ds="{DS}">
        <ds:KeyName>sp.example.org</ds:KeyName>
        <ds:X509Data>
          <ds:X509SubjectName>CN=sp.example.org</ds:X509SubjectName>
          <ds:X509Certificate>{IN_LINES}
</ds:X509Certificate>
        </ds:X509Data>
      </ds:KeyInfo>
      {methods}
    </md:KeyDescriptor>"""


def _shibboleth(role_attributes: str = "") -> str:
    digests = _many("alg:", "DigestMethod", f"{ENC}sha512", f"{MORE}sha384", f"{ENC}sha256", f"{DS}sha1")
    signatures = _many("alg:", "SigningMethod", f"{MORE}ecdsa-sha512", f"{MORE}rsa-sha256", f"{DS}rsa-sha1")
    ciphers = _many(
        "md:",
        "EncryptionMethod",
        *(f"{ENC11}aes{bits}-gcm" for bits in (128, 192, 256)),
        f"{ENC}aes128-cbc",
        f"{ENC}tripledes-cbc",
        f"{ENC11}rsa-oaep",
        f"{ENC}rsa-oaep-mgf1p",
    )
    place = "https://sp.example.org/Shibboleth.sso"
    return f"""<!--
This is example metadata only.
-->
<md:EntityDescriptor xmlns:md="{MD}" ID="_5b1c" entityID="https://sp.example.org/shibboleth">
  <md:Extensions xmlns:alg="urn:oasis:names:tc:SAML:metadata:algsupport">
    {digests}
    {signatures}
  </md:Extensions>
  <md:SPSSODescriptor protocolSupportEnumeration="{PROTOCOL}" {role_attributes}>
    <md:Extensions>
      <init:RequestInitiator xmlns:init="urn:oasis:names:tc:SAML:profiles:SSO:request-init"
        Binding="urn:oasis:names:tc:SAML:profiles:SSO:request-init" Location="{place}/Login"/>
      <idpdisc:DiscoveryResponse xmlns:idpdisc="urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol"
        Binding="urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol" Location="{place}/Login" index="1"/>
    </md:Extensions>{_shibboleth_key("signing")}{_shibboleth_key("encryption", ciphers)}
    <md:ArtifactResolutionService Binding="{BINDING}SOAP" Location="{place}/Artifact/SOAP" index="1"/>
    <md:SingleLogoutService Binding="{BINDING}SOAP" Location="{place}/SLO/SOAP"/>
    <md:SingleLogoutService Binding="{BINDING}HTTP-Redirect" Location="{place}/SLO/Redirect"/>
    <md:ManageNameIDService Binding="{BINDING}SOAP" Location="{place}/NIM/SOAP"/>
    <md:AssertionConsumerService Binding="{BINDING}HTTP-POST" Location="{place}/SAML2/POST" index="1"/>
    <md:AssertionConsumerService Binding="{BINDING}HTTP-POST-SimpleSign" Location="{place}/SAML2/SimpleSign" index="2"/>
    <md:AssertionConsumerService Binding="{BINDING}HTTP-Artifact" Location="{place}/SAML2/Artifact" index="3"/>
    <md:AssertionConsumerService Binding="{BINDING}PAOS" Location="{place}/SAML2/ECP" index="4"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
"""


def _key(use: str, prefix: str = "md:") -> str:
    return (
        f'<{prefix}KeyDescriptor use="{use}"><ds:KeyInfo xmlns:ds="{DS}"><ds:X509Data><ds:X509Certificate>{CERTIFICATE}'
        f"</ds:X509Certificate></ds:X509Data></ds:KeyInfo></{prefix}KeyDescriptor>"
    )


SIMPLESAMLPHP_1 = f"""<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="{MD}" xmlns:ds="{DS}" entityID="https://sp.example.org/simplesaml/module.php/saml/sp">
  <md:SPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:1.1:protocol {PROTOCOL}">
    {_key("signing")}{_key("encryption")}
    <md:SingleLogoutService Binding="{BINDING}HTTP-Redirect" Location="https://sp.example.org/sp-logout"/>
    <md:AssertionConsumerService Binding="{BINDING}HTTP-POST" Location="https://sp.example.org/saml2-acs" index="0"/>
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:1.0:profiles:browser-post"
      Location="https://sp.example.org/saml1-acs" index="1"/>
    <md:AssertionConsumerService Binding="{BINDING}HTTP-Artifact" Location="https://sp.example.org/artifact" index="2"/>
    <md:AssertionConsumerService Binding="urn:oasis:names:tc:SAML:1.0:profiles:artifact-01"
      Location="https://sp.example.org/saml1-acs/artifact" index="3"/>
  </md:SPSSODescriptor>
  <md:ContactPerson contactType="technical">
    <md:GivenName>Administrator</md:GivenName>
    <md:EmailAddress>mailto:na@example.org</md:EmailAddress>
  </md:ContactPerson>
</md:EntityDescriptor>
"""

SIMPLESAMLPHP_2 = f"""<?xml version="1.0" encoding="utf-8"?>
<md:EntityDescriptor xmlns:md="{MD}" entityID="https://sp.example.org/sp">
  <md:Extensions>
    <mdattr:EntityAttributes xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute">
      <saml:Attribute xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" Name="http://macedir.org/entity-category"
          NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri">
        <saml:AttributeValue xmlns:xs="http://www.w3.org/2001/XMLSchema"
          xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="xs:string">urn:a</saml:AttributeValue>
      </saml:Attribute>
    </mdattr:EntityAttributes>
  </md:Extensions>
  <md:SPSSODescriptor protocolSupportEnumeration="{PROTOCOL}" AuthnRequestsSigned="true" WantAssertionsSigned="true">
    <md:Extensions>
      <mdui:UIInfo xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui">
        <mdui:DisplayName xml:lang="en">Sample</mdui:DisplayName>
        <mdui:Keywords xml:lang="en">one two</mdui:Keywords>
        <mdui:Logo width="16" height="16">https://sp.example.org/logo.png</mdui:Logo>
      </mdui:UIInfo>
    </md:Extensions>
    {_key("signing")}{_key("encryption")}
    <md:SingleLogoutService Binding="{BINDING}HTTP-Redirect" Location="https://sp.example.org/logout"/>
    <md:NameIDFormat>{FORMAT}persistent</md:NameIDFormat>
    <md:AssertionConsumerService Binding="{BINDING}HTTP-POST" Location="https://sp.example.org/acs" index="0"/>
    <md:AssertionConsumerService Binding="{BINDING}HTTP-Artifact" Location="https://sp.example.org/acs" index="1"/>
    <md:AttributeConsumingService index="0">
      <md:ServiceName xml:lang="en">Sample</md:ServiceName>
      <md:RequestedAttribute Name="urn:oid:0.9.2342.19200300.100.1.3"
        NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"/>
    </md:AttributeConsumingService>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
"""

MELLON = f"""<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<EntityDescriptor entityID="https://sp.example.org/mellon/metadata" xmlns="{MD}"
  xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">
 <SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="{PROTOCOL}">
   {_key("signing", "")}
   {_key("encryption", "")}
   <SingleLogoutService Binding="{BINDING}SOAP" Location="https://sp.example.org/mellon/logout" />
   <SingleLogoutService Binding="{BINDING}HTTP-Redirect" Location="https://sp.example.org/mellon/logout" />
   <NameIDFormat>{FORMAT}transient</NameIDFormat>
   <AssertionConsumerService index="0" isDefault="true" Binding="{BINDING}HTTP-POST"
     Location="https://sp.example.org/mellon/postResponse" />
   <AssertionConsumerService index="1" Binding="{BINDING}HTTP-Artifact"
     Location="https://sp.example.org/mellon/artifactResponse" />
   <AssertionConsumerService index="2" Binding="{BINDING}PAOS" Location="https://sp.example.org/mellon/paosResponse" />
 </SPSSODescriptor>
</EntityDescriptor>
"""

SPRING = f"""<?xml version="1.0" encoding="UTF-8"?>
<md:EntityDescriptor xmlns:md="{MD}" ID="_0a6f" entityID="https://gateway.example.org/saml2/service-provider-metadata/one">
  <md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="{PROTOCOL}">
    {_key("signing")}{_key("encryption")}
    <md:SingleLogoutService Binding="{BINDING}HTTP-POST" Location="https://gateway.example.org/logout/saml2/slo"
      ResponseLocation="https://gateway.example.org/logout/saml2/slo"/>
    <md:NameIDFormat>{OLD_FORMAT}emailAddress</md:NameIDFormat>
    <md:AssertionConsumerService Binding="{BINDING}HTTP-POST"
      Location="https://gateway.example.org/login/saml2/sso/one" index="1"/>
  </md:SPSSODescriptor>
</md:EntityDescriptor>
"""

_SIGNATURE = f"""<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo>
<ds:CanonicalizationMethod Algorithm="http://www.w3.org/2001/10/xml-exc-c14n#"/>
<ds:SignatureMethod Algorithm="{MORE}rsa-sha256"/>
<ds:Reference URI="#_7e5d"><ds:Transforms><ds:Transform Algorithm="{DS}enveloped-signature"/></ds:Transforms>
<ds:DigestMethod Algorithm="{ENC}sha256"/><ds:DigestValue>AAAA</ds:DigestValue></ds:Reference></ds:SignedInfo>
<ds:SignatureValue>AAAA</ds:SignatureValue></ds:Signature>"""

_FEDERATION_ROLE = f"""<RoleDescriptor xsi:type="fed:SecurityTokenServiceType"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:fed="http://docs.oasis-open.org/wsfed/federation/200706"
  protocolSupportEnumeration="http://docs.oasis-open.org/wsfed/federation/200706">{_key("signing", "")}
  <fed:TokenTypesOffered><fed:TokenType Uri="urn:oasis:names:tc:SAML:2.0:assertion"/></fed:TokenTypesOffered>
</RoleDescriptor>"""

WINDOWS_GATEWAY = f"""\ufeff<EntityDescriptor ID="_7e5d" xmlns="{MD}"
  entityID="http://adfs.example.org/adfs/services/trust">
{_SIGNATURE}{_FEDERATION_ROLE}<SPSSODescriptor WantAssertionsSigned="true" protocolSupportEnumeration="{PROTOCOL}">
{_key("encryption", "")}{_key("signing", "")}
<SingleLogoutService Binding="{BINDING}HTTP-Redirect" Location="https://adfs.example.org/adfs/ls/"/>
<NameIDFormat>{OLD_FORMAT}emailAddress</NameIDFormat><NameIDFormat>{FORMAT}persistent</NameIDFormat>
<NameIDFormat>{FORMAT}transient</NameIDFormat>
<AssertionConsumerService Binding="{BINDING}HTTP-POST" Location="https://adfs.example.org/adfs/ls/" index="0"
  isDefault="true"/>
<AssertionConsumerService Binding="{BINDING}HTTP-Artifact" Location="https://adfs.example.org/adfs/ls/" index="1"/>
<AssertionConsumerService Binding="{BINDING}HTTP-Redirect" Location="https://adfs.example.org/adfs/ls/" index="2"/>
</SPSSODescriptor><IDPSSODescriptor protocolSupportEnumeration="{PROTOCOL}">{_key("signing", "")}
<SingleSignOnService Binding="{BINDING}HTTP-Redirect" Location="https://adfs.example.org/adfs/ls/"/>
<Attribute Name="urn:x" NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
  xmlns="urn:oasis:names:tc:SAML:2.0:assertion"/></IDPSSODescriptor>
<ContactPerson contactType="support"/></EntityDescriptor>"""

PYTHON_SAML = f"""<?xml version="1.0"?>
<md:EntityDescriptor xmlns:md="{MD}" validUntil="2027-01-01T00:00:00Z" cacheDuration="PT604800S"
    entityID="https://sp.example.org/metadata/">
  <md:SPSSODescriptor AuthnRequestsSigned="true" WantAssertionsSigned="true" protocolSupportEnumeration="{PROTOCOL}">
    {_key("signing")}{_key("encryption")}
    <md:SingleLogoutService Binding="{BINDING}HTTP-Redirect" Location="https://sp.example.org/?sls"/>
    <md:NameIDFormat>{OLD_FORMAT}unspecified</md:NameIDFormat>
    <md:AssertionConsumerService Binding="{BINDING}HTTP-POST" Location="https://sp.example.org/?acs" index="1"/>
    <md:AttributeConsumingService index="1">
      <md:ServiceName xml:lang="en">Sample</md:ServiceName>
      <md:RequestedAttribute Name="mail" FriendlyName="mail" isRequired="false"
        NameFormat="urn:oasis:names:tc:SAML:2.0:attrname-format:basic"/>
    </md:AttributeConsumingService>
  </md:SPSSODescriptor>
  <md:Organization>
    <md:OrganizationName xml:lang="en-US">sample</md:OrganizationName>
    <md:OrganizationDisplayName xml:lang="en-US">Sample</md:OrganizationDisplayName>
    <md:OrganizationURL xml:lang="en-US">https://sp.example.org/</md:OrganizationURL>
  </md:Organization>
  <md:ContactPerson contactType="technical">
    <md:GivenName>Technical</md:GivenName><md:EmailAddress>technical@example.org</md:EmailAddress>
  </md:ContactPerson>
</md:EntityDescriptor>
"""

PRODUCTS = {
    "Shibboleth SP 3": (_shibboleth(), False, [HTTP_POST, HTTP_ARTIFACT]),
    "Shibboleth SP 3 that signs": (_shibboleth('AuthnRequestsSigned="1"'), True, [HTTP_POST, HTTP_ARTIFACT]),
    "SimpleSAMLphp 1.19": (SIMPLESAMLPHP_1, False, [HTTP_POST, HTTP_ARTIFACT]),
    "SimpleSAMLphp 2": (SIMPLESAMLPHP_2, True, [HTTP_POST, HTTP_ARTIFACT]),
    "mod_auth_mellon": (MELLON, True, [HTTP_POST, HTTP_ARTIFACT]),
    "Spring Security": (SPRING, True, [HTTP_POST]),
    "a gateway on Windows": (WINDOWS_GATEWAY, False, [HTTP_POST, HTTP_ARTIFACT]),
    "python3-saml": (PYTHON_SAML, True, [HTTP_POST]),
}


def _registration(text: str) -> Registration:
    return reader().registration(text, frozenset())


@pytest.mark.parametrize(("text", "signs", "bindings"), PRODUCTS.values(), ids=PRODUCTS.keys())
def test_product_is_understood(text: str, signs: bool, bindings: list[str]) -> None:  # noqa: FBT001
    read = _registration(text)
    assert read.signs_requests is signs
    assert [consumer.binding for consumer in read.consumers] == bindings
    assert read.signing_keys == (an_rsa_signer("site").public_key,)
    assert read.encryption is not None
    assert read.encryption.data is DataAlgorithm.AES128_GCM
    marks = reader().read(text, marks=frozenset()).marks
    assert marks == (frozenset() if signs else {Mark.UNSIGNED_REQUESTS})


def test_default_of_a_product_is_its_first_or_the_one_it_marks() -> None:
    assert [_registration(text).default_consumer().binding for text, _, _ in PRODUCTS.values()] == [HTTP_POST] * len(
        PRODUCTS
    )
