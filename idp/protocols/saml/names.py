"""The names that SAML gives to things, and those that are ours because no standard has one."""

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
METADATA_UI = "urn:oasis:names:tc:SAML:metadata:ui"
ENTITY_ATTRIBUTES = "urn:oasis:names:tc:SAML:metadata:attribute"
ALGORITHM_SUPPORT = "urn:oasis:names:tc:SAML:metadata:algsupport"
REFEDS_METADATA = "http://refeds.org/metadata"
XML_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"

HTTP_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
HTTP_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
SOAP = "urn:oasis:names:tc:SAML:2.0:bindings:SOAP"
HTTP_ARTIFACT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"
DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
ENCRYPTED = "urn:oasis:names:tc:SAML:2.0:nameid-format:encrypted"

BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
URI_NAME = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
UNSPECIFIED_NAME = "urn:oasis:names:tc:SAML:2.0:attrname-format:unspecified"
PAIRWISE_ID = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
SUBJECT_ID_REQUIREMENT = "urn:oasis:names:tc:SAML:profiles:subject-id:req"
ENTITY_CATEGORY_SUPPORT = "http://macedir.org/entity-category-support"
ASSURANCE_CERTIFICATION = "urn:oasis:names:tc:SAML:attribute:assurance-certification"
REFEDS_SECURITY_CONTACT = "http://refeds.org/metadata/contactType/security"


def own_attribute(issuer: str, name: str) -> str:
    """The URI of an attribute that only we define."""
    return f"{issuer}/attr/{name}"


def own_entity_attribute(issuer: str, name: str) -> str:
    """The URI of an attribute of a site as a whole, which stands in its metadata, and which only we define."""
    return f"{issuer}/ea/{name}"


def own_category(issuer: str, name: str) -> str:
    """The URI of a category of sites that only we define."""
    return f"{issuer}/category/{name}"


def own_context(issuer: str, name: str) -> str:
    """The URI of an authentication context of ours; the same as `acr` in OpenID Connect."""
    return f"{issuer}/acr/{name}"
