"""XML signatures as a site makes them, and as it should not: written step by step, by no code of the product.

signed(xml, a_signer)                                  # right: behind the Issuer, over the root
signed(xml, a_signer, replace(GOOD, digest=SHA1))      # wrong in one thing
"""

import base64
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from idp.adapters.keys.pem import CertifiedPemSigner

Element = etree._Element  # noqa: SLF001 (lxml's name for the class of its elements)

DS = "http://www.w3.org/2000/09/xmldsig#"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"
MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = DS + "enveloped-signature"
RSA_SHA256 = MORE + "rsa-sha256"
SHA1 = DS + "sha1"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SHA384 = MORE + "sha384"
SHA512 = "http://www.w3.org/2001/04/xmlenc#sha512"

_DIGESTS = {SHA1: "sha1", SHA256: "sha256", SHA384: "sha384", SHA512: "sha512", DS + "md5": "md5"}
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 (what is refused)
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a signature is written. `uri` is None for the ID of what is signed; `prefixes` is the PrefixList.

    `key_info` and `objects` are XML that stands in the Signature, `parameters` XML inside the SignatureMethod.
    """

    method: str = RSA_SHA256
    canonicalization: str = EXCLUSIVE
    transforms: Sequence[str] = (ENVELOPED, EXCLUSIVE)
    digest: str = SHA256
    uri: str | None = None
    prefixes: str | None = None
    parameters: str = ""
    key_info: str = ""
    objects: str = ""
    references: int = 1


GOOD = Form()

Sign = Callable[[bytes], bytes]


def signed(xml: bytes, signer: CertifiedPemSigner | Sign, form: Form = GOOD, *, position: int = 1) -> bytes:
    """`xml` with a signature over its root, as the child at `position` of it."""
    root = etree.fromstring(xml)
    sign_element(root, signer, form, position=position)
    return etree.tostring(root)


def sign_element(element: Element, signer: CertifiedPemSigner | Sign, form: Form = GOOD, *, position: int = 1) -> None:
    """The same for an element wherever it stands."""
    element.insert(position, signature_over(element, signer, form))


def signature_over(element: Element, signer: CertifiedPemSigner | Sign, form: Form = GOOD) -> Element:
    """A Signature whose digest is that of `element` as it stands now."""
    octets = _canonical(element, form.prefixes)
    digest = base64.b64encode(hashlib.new(_DIGESTS.get(form.digest, "sha256"), octets).digest()).decode()
    uri = f"#{element.get('ID')}" if form.uri is None else form.uri
    inclusive = (
        ""
        if form.prefixes is None
        else f'<ec:InclusiveNamespaces xmlns:ec="{EXCLUSIVE}" PrefixList="{form.prefixes}"/>'
    )
    transforms = "".join(
        f'<ds:Transform Algorithm="{transform}">{inclusive if transform == EXCLUSIVE else ""}</ds:Transform>'
        for transform in form.transforms
    )
    reference = (
        f'<ds:Reference URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{form.digest}"/><ds:DigestValue>{digest}</ds:DigestValue></ds:Reference>'
    )
    key_info = f"<ds:KeyInfo>{form.key_info}</ds:KeyInfo>" if form.key_info else ""
    signature = etree.fromstring(
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod Algorithm="{form.canonicalization}"/>'
        f'<ds:SignatureMethod Algorithm="{form.method}">{form.parameters}</ds:SignatureMethod>'
        f"{reference * form.references}</ds:SignedInfo><ds:SignatureValue/>{key_info}{form.objects}</ds:Signature>"
    )
    sign = signer if callable(signer) else signing(signer.private_key, form.method)
    signature[1].text = base64.b64encode(sign(_canonical(signature[0], None))).decode()
    return signature


def _canonical(element: Element, prefixes: str | None) -> bytes:
    return etree.tostring(
        element,
        method="c14n",
        exclusive=True,
        with_comments=False,
        inclusive_ns_prefixes=None if prefixes is None else prefixes.split(),
    )


def signing(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, method: str) -> Sign:
    """With `key`, whatever algorithm the product would let its owner use."""
    digest = _HASHES[next((name for name in _HASHES if name in method), "sha256")]

    def sign(data: bytes) -> bytes:
        if isinstance(key, rsa.RSAPrivateKey):
            pss = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
            return key.sign(data, pss if method.startswith(MORE_2007) else padding.PKCS1v15(), digest)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        width = (key.key_size + 7) // 8
        r, s = decode_dss_signature(key.sign(data, ec.ECDSA(digest)))
        return r.to_bytes(width) + s.to_bytes(width)

    return sign
