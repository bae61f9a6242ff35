"""Our signatures inside XML (SAML core 5.4, XML Signature 1.1): over canonical text, one Reference, by ID.

Written here and not taken from a library, because those want a private key where ours may stay in an HSM.
"""

import hashlib
import secrets
from base64 import b64encode

from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from foundation.keys import CertifiedSigner, SignatureAlgorithm
from idp.protocols.saml.names import XML_SIGNATURE
from idp.protocols.saml.xml.canonical import EXCLUSIVE_C14N, XML_ENCRYPTION, Xml, declare, element, text
from idp.protocols.saml.xml.documents import Element

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_URI_OF = {
    SignatureAlgorithm.RS256: _MORE + "rsa-sha256",
    SignatureAlgorithm.ES256: _MORE + "ecdsa-sha256",
}
SIGNATURE_URIS = frozenset(_URI_OF.values())
"""What a site must be able to check."""
_PREFIXES_IN_VALUES = ["xs"]
_DS = declare("ds")


class XmlSigner:
    """Signs with one key; what is the same in all its signatures is written once."""

    def __init__(self, signer: CertifiedSigner) -> None:
        self._signer = signer
        self._signed_info = _signed_info(_URI_OF[signer.algorithm])
        self._key_info = element(
            "ds:KeyInfo", element("ds:X509Data", element("ds:X509Certificate", text(_certificate(signer))))
        )

    def element(self, name: str, issuer: Xml, *content: Xml, declares: str = "", **attributes: str | None) -> Xml:
        """As `canonical.element`, signed by its ID: the Signature stands behind the Issuer (SAML core 5.4).

        To leave it out of what is digested is all that the transform "enveloped-signature" does.
        """
        body = Xml("".join(content))
        unsigned = element(name, issuer, body, declares=declares, **attributes)
        signature = self.signature(f"{attributes['ID']}", unsigned.encode())
        return element(name, issuer, signature, body, declares=declares, **attributes)

    def signature(self, id_: str, canonical: bytes) -> Xml:
        """The Signature over the element with the ID `id_`, one of `new_id`, whose canonical octets are `canonical`."""
        signed_info = self._signed_info % (id_, b64encode(hashlib.sha256(canonical).digest()).decode())
        apex = f"<ds:SignedInfo{_DS}>{signed_info}</ds:SignedInfo>"
        value = b64encode(self._signer.sign(apex.encode())).decode()
        return Xml(
            f"<ds:Signature{_DS}><ds:SignedInfo>{signed_info}</ds:SignedInfo>"
            f"<ds:SignatureValue>{value}</ds:SignatureValue>{self._key_info}</ds:Signature>"
        )


def sign_enveloped(root: Element, signer: CertifiedSigner, *, position: int) -> None:
    """Sign the document of `root` by the `ID` of `root`, and put the signature in at child `position`.

    If `root` declares XML Signature's namespace, then as `ds`: a tree gives its own prefixes to newcomers.
    """
    canonical = etree.tostring(root, method="c14n", exclusive=True, inclusive_ns_prefixes=_PREFIXES_IN_VALUES)
    signature = XmlSigner(signer).signature(root.get("ID", ""), canonical)
    root.insert(position, etree.fromstring(signature))


def new_id() -> str:
    """128 random bits behind an underscore, because an XML name begins with no digit (SAML core 1.3.4)."""
    return "_" + secrets.token_hex(16)


def _certificate(signer: CertifiedSigner) -> str:
    """DER in base64."""
    return b64encode(signer.certificate.public_bytes(Encoding.DER)).decode()


def _signed_info(algorithm: str) -> Xml:
    """The content of a SignedInfo, with places for the ID and the digest. No URI in it has a percent sign."""
    prefixes = element("ec:InclusiveNamespaces", declares=declare("ec"), PrefixList=" ".join(_PREFIXES_IN_VALUES))
    return Xml(
        element("ds:CanonicalizationMethod", Algorithm=EXCLUSIVE_C14N)
        + element("ds:SignatureMethod", Algorithm=algorithm)
        + element(
            "ds:Reference",
            element(
                "ds:Transforms",
                element("ds:Transform", Algorithm=XML_SIGNATURE + "enveloped-signature"),
                element("ds:Transform", prefixes, Algorithm=EXCLUSIVE_C14N),
            ),
            element("ds:DigestMethod", Algorithm=XML_ENCRYPTION + "sha256"),
            element("ds:DigestValue", text("%s")),
            URI="#%s",
        )
    )
