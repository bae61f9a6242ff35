"""Signature algorithms by URI (RFC 9231): which we accept, and how we sign XML ourselves. Nothing here knows SHA-1."""

import hashlib
from base64 import b64encode
from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from foundation.keys import CertifiedSigner, PublicKey, SignatureAlgorithm
from idp.domain.errors import RequestInvalid
from idp.protocols.saml.documents import Element
from idp.protocols.saml.names import XML_SIGNATURE

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_EXCLUSIVE_C14N = "http://www.w3.org/2001/10/xml-exc-c14n#"
_ENVELOPED = XML_SIGNATURE + "enveloped-signature"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"

_RSA: dict[str, hashes.HashAlgorithm] = {
    _MORE + "rsa-sha256": hashes.SHA256(),
    _MORE + "rsa-sha384": hashes.SHA384(),
    _MORE + "rsa-sha512": hashes.SHA512(),
}
_ECDSA: dict[str, hashes.HashAlgorithm] = {
    _MORE + "ecdsa-sha256": hashes.SHA256(),
    _MORE + "ecdsa-sha384": hashes.SHA384(),
    _MORE + "ecdsa-sha512": hashes.SHA512(),
}
_URI_OF = {
    SignatureAlgorithm.RS256: _MORE + "rsa-sha256",
    SignatureAlgorithm.ES256: _MORE + "ecdsa-sha256",
}


def verify_signature(data: bytes, signature: bytes, algorithm: str, keys: Sequence[PublicKey]) -> None:
    """`signature` is one of `keys`' over `data`. Raises `RequestInvalid`; `algorithm` must be on our list."""
    if algorithm not in _RSA and algorithm not in _ECDSA:
        raise RequestInvalid("signature algorithm not accepted")
    if not any(_is_signed_by(key, data, signature, algorithm) for key in keys):
        raise RequestInvalid("signature does not verify with a key of the site's metadata")


def _is_signed_by(key: PublicKey, data: bytes, signature: bytes, algorithm: str) -> bool:
    try:
        if isinstance(key, rsa.RSAPublicKey):
            if algorithm not in _RSA:
                return False
            key.verify(signature, data, padding.PKCS1v15(), _RSA[algorithm])
        else:
            if algorithm not in _ECDSA:
                return False
            key.verify(_ecdsa_der(signature, key.key_size), data, ec.ECDSA(_ECDSA[algorithm]))
    except InvalidSignature:
        return False
    return True


def _ecdsa_der(signature: bytes, key_bits: int) -> bytes:
    """XML signatures write r and s one after the other, each as wide as the key (XML Signature 1.1, 6.4.3)."""
    width = (key_bits + 7) // 8
    if len(signature) != 2 * width:
        raise InvalidSignature
    return encode_dss_signature(int.from_bytes(signature[:width]), int.from_bytes(signature[width:]))


def sign_enveloped(element: Element, signer: CertifiedSigner, *, position: int) -> None:
    """Sign `element` by its `ID` and put the signature in at child `position` (SAML core 5.4).

    Written here and not taken from a library, because those want a private key where ours may stay in an HSM.
    """
    digest = b64encode(hashlib.sha256(_canonical(element)).digest()).decode()
    signature = etree.Element(_tag("Signature"), nsmap={"ds": XML_SIGNATURE})
    info = etree.SubElement(signature, _tag("SignedInfo"))
    etree.SubElement(info, _tag("CanonicalizationMethod"), Algorithm=_EXCLUSIVE_C14N)
    etree.SubElement(info, _tag("SignatureMethod"), Algorithm=_URI_OF[signer.algorithm])
    reference = etree.SubElement(info, _tag("Reference"), URI="#" + element.get("ID", ""))
    transforms = etree.SubElement(reference, _tag("Transforms"))
    etree.SubElement(transforms, _tag("Transform"), Algorithm=_ENVELOPED)
    etree.SubElement(transforms, _tag("Transform"), Algorithm=_EXCLUSIVE_C14N)
    etree.SubElement(reference, _tag("DigestMethod"), Algorithm=_SHA256)
    etree.SubElement(reference, _tag("DigestValue")).text = digest
    element.insert(position, signature)  # before SignedInfo is signed: a tree may change the prefixes of its newcomers
    value = b64encode(signer.sign(_canonical(info))).decode()
    etree.SubElement(signature, _tag("SignatureValue")).text = value
    x509 = etree.SubElement(etree.SubElement(signature, _tag("KeyInfo")), _tag("X509Data"))
    etree.SubElement(x509, _tag("X509Certificate")).text = certificate_text(signer)


def certificate_text(signer: CertifiedSigner) -> str:
    """The signer's certificate, DER in base64."""
    return b64encode(signer.certificate.public_bytes(Encoding.DER)).decode()


def _canonical(element: Element) -> bytes:
    return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)


def _tag(name: str) -> str:
    return f"{{{XML_SIGNATURE}}}{name}"
