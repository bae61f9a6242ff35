"""Signature algorithms by URI (RFC 9231) that we accept from others. Nothing here knows SHA-1, and none is a MAC."""

from collections.abc import Sequence

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from foundation.keys import PublicKey

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007 = "http://www.w3.org/2007/05/xmldsig-more#"

_RSA: dict[str, hashes.HashAlgorithm] = {
    _MORE + "rsa-sha256": hashes.SHA256(),
    _MORE + "rsa-sha384": hashes.SHA384(),
    _MORE + "rsa-sha512": hashes.SHA512(),
}
_RSA_PSS: dict[str, hashes.HashAlgorithm] = {
    _MORE_2007 + "sha256-rsa-MGF1": hashes.SHA256(),
    _MORE_2007 + "sha384-rsa-MGF1": hashes.SHA384(),
    _MORE_2007 + "sha512-rsa-MGF1": hashes.SHA512(),
}
_ECDSA: dict[str, hashes.HashAlgorithm] = {
    _MORE + "ecdsa-sha256": hashes.SHA256(),
    _MORE + "ecdsa-sha384": hashes.SHA384(),
    _MORE + "ecdsa-sha512": hashes.SHA512(),
}

ACCEPTED_SIGNATURES = (*_RSA, *_RSA_PSS, *_ECDSA)
"""The URIs, as metadata can list them."""

STRONG_KEYS = "RSA of 2048 bits or more, or on the curve P-256, P-384 or P-521"
"""The keys that we verify with, in words for an operator."""

_MIN_RSA_BITS = 2048
_CURVES = ("secp256r1", "secp384r1", "secp521r1")


def strong_key(key: object) -> PublicKey | None:
    """`key`, if it is one of `STRONG_KEYS`."""
    if isinstance(key, rsa.RSAPublicKey):
        return key if key.key_size >= _MIN_RSA_BITS else None
    return key if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES else None


class SignatureRefused(Exception):
    """A signature proves nothing, for `why`, which holds no value out of the message."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def verify_signature(data: bytes, signature: bytes, algorithm: str, keys: Sequence[PublicKey]) -> None:
    """`signature` is one of `keys`' over `data`. Raises `SignatureRefused`; `algorithm` must be on our list."""
    if algorithm not in ACCEPTED_SIGNATURES:
        raise SignatureRefused("signature algorithm not accepted")
    if not any(_is_signed_by(key, data, signature, algorithm) for key in keys):
        raise SignatureRefused("signature does not verify with a key of the metadata")


def _is_signed_by(key: PublicKey, data: bytes, signature: bytes, algorithm: str) -> bool:
    """A key of another kind than the algorithm's has not signed."""
    try:
        match key:
            case rsa.RSAPublicKey() if algorithm in _RSA:
                key.verify(signature, data, padding.PKCS1v15(), _RSA[algorithm])
            case rsa.RSAPublicKey() if algorithm in _RSA_PSS:
                key.verify(signature, data, _pss(_RSA_PSS[algorithm]), _RSA_PSS[algorithm])
            case ec.EllipticCurvePublicKey() if algorithm in _ECDSA:
                key.verify(_ecdsa_der(signature, key.key_size), data, ec.ECDSA(_ECDSA[algorithm]))
            case _:
                return False
    except InvalidSignature:
        return False
    return True


def _pss(digest: hashes.HashAlgorithm) -> padding.PSS:
    """RFC 9231 section 2.3.10: the same digest within, and a salt as long as it."""
    return padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)


def _ecdsa_der(signature: bytes, key_bits: int) -> bytes:
    """XML signatures write r and s one after the other, each as wide as the key (XML Signature 1.1, 6.4.3)."""
    width = (key_bits + 7) // 8
    if len(signature) != 2 * width:
        raise InvalidSignature
    return encode_dss_signature(int.from_bytes(signature[:width]), int.from_bytes(signature[width:]))
