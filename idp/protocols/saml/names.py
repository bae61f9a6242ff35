"""The names that SAML gives to things, and those that are ours because no standard has one."""

PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
ASSERTION = "urn:oasis:names:tc:SAML:2.0:assertion"
METADATA = "urn:oasis:names:tc:SAML:2.0:metadata"
XML_SIGNATURE = "http://www.w3.org/2000/09/xmldsig#"

HTTP_POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
HTTP_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
DEFLATE = "urn:oasis:names:tc:SAML:2.0:bindings:URL-Encoding:DEFLATE"

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
UNSPECIFIED = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
ENTITY = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"

BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
URI_NAME = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
PAIRWISE_ID = "urn:oasis:names:tc:SAML:attribute:pairwise-id"


def own_attribute(issuer: str, name: str) -> str:
    """The URI of an attribute that only we define."""
    return f"{issuer}/attr/{name}"


def own_context(issuer: str, name: str) -> str:
    """The URI of an authentication context of ours; the same as `acr` in OpenID Connect."""
    return f"{issuer}/acr/{name}"
