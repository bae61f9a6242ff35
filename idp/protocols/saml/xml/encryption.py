"""XML Encryption 1.1 to a site's RSA key: which algorithms its metadata lets us use, and the encrypting itself.

PKCS #1 v1.5 is never used, and AES-CBC only for a site marked as unsafe: it does not show whether the text was changed.
"""

import secrets
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

from idp.protocols.saml.names import XML_SIGNATURE
from idp.protocols.saml.xml.canonical import NOTHING, XML_ENCRYPTION, XML_ENCRYPTION_11, Xml, declare, element

_MORE = "http://www.w3.org/2001/04/xmldsig-more#"
_OAEP = XML_ENCRYPTION_11 + "rsa-oaep"
_OAEP_MGF1_SHA1 = XML_ENCRYPTION + "rsa-oaep-mgf1p"
_RSA_V1_5 = XML_ENCRYPTION + "rsa-1_5"
_SHA1 = XML_SIGNATURE + "sha1"
_MGF1_SHA1 = XML_ENCRYPTION_11 + "mgf1sha1"

_OAEP_SHA1 = hashes.SHA1()  # noqa: S303 (XML Encryption's default, all that many sites can decrypt; collisions do no harm)
_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    _SHA1: _OAEP_SHA1,
    XML_ENCRYPTION + "sha256": hashes.SHA256(),
    _MORE + "sha384": hashes.SHA384(),
    XML_ENCRYPTION + "sha512": hashes.SHA512(),
}
_MASKS: dict[str, hashes.HashAlgorithm] = {
    _MGF1_SHA1: _OAEP_SHA1,
    XML_ENCRYPTION_11 + "mgf1sha256": hashes.SHA256(),
    XML_ENCRYPTION_11 + "mgf1sha384": hashes.SHA384(),
    XML_ENCRYPTION_11 + "mgf1sha512": hashes.SHA512(),
}
_GCM_NONCE_BYTES = 12
_AES_BLOCK_BYTES = 16

_ELEMENT = XML_ENCRYPTION + "Element"
_DS, _XENC, _XENC11 = declare("ds"), declare("xenc"), declare("xenc11")


class EncryptionImpossible(Exception):
    """The site can decrypt nothing that we would send; the message says why, for its operator."""


class DataAlgorithm(StrEnum):
    """A cipher for the text itself, by its URI (XML Encryption 1.1, 5.2)."""

    AES128_GCM = XML_ENCRYPTION_11 + "aes128-gcm"
    AES192_GCM = XML_ENCRYPTION_11 + "aes192-gcm"
    AES256_GCM = XML_ENCRYPTION_11 + "aes256-gcm"
    AES128_CBC = XML_ENCRYPTION + "aes128-cbc"
    AES256_CBC = XML_ENCRYPTION + "aes256-cbc"

    @property
    def shows_changes(self) -> bool:
        """Whether whoever decrypts finds out that the text was changed."""
        return self in _GCM


_KEY_BYTES = {
    DataAlgorithm.AES128_GCM: 16,
    DataAlgorithm.AES192_GCM: 24,
    DataAlgorithm.AES256_GCM: 32,
    DataAlgorithm.AES128_CBC: 16,
    DataAlgorithm.AES256_CBC: 32,
}
_GCM = (DataAlgorithm.AES128_GCM, DataAlgorithm.AES192_GCM, DataAlgorithm.AES256_GCM)
_CBC = (DataAlgorithm.AES128_CBC, DataAlgorithm.AES256_CBC)


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionMethod:
    """One md:EncryptionMethod as it stands: its algorithm, and the digest and mask generation function inside it."""

    algorithm: str
    digest: str | None
    mgf: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTransport:
    """RSA-OAEP with its parameters, by their URIs. `mgf` is None where the algorithm itself fixes MGF1 with SHA-1."""

    algorithm: str
    digest: str
    mgf: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EncryptionTarget:
    """The key to encrypt to, and how."""

    key: rsa.RSAPublicKey = field(repr=False)
    data: DataAlgorithm
    transport: KeyTransport


def choose_encryption(
    key: rsa.RSAPublicKey, methods: Sequence[EncryptionMethod], *, unsafe_cbc: bool
) -> EncryptionTarget:
    """The first of the site's `methods` that we use, for the text and for its key.

    GCM goes before CBC wherever it is listed. `unsafe_cbc` is the operator's mark. Raises `EncryptionImpossible` with
    what is wrong with the methods for the text and with those for its key.
    """
    for_keys = [method for method in methods if _is_for_keys(method)]
    listed = [method.algorithm for method in methods if not _is_for_keys(method)]
    data, transport = _choose_data(listed, unsafe_cbc=unsafe_cbc), _choose_transport(for_keys)
    if data is None or transport is None:
        faults = [_why_no_data(listed)] if data is None else []
        faults += [_why_no_transport(for_keys)] if transport is None else []
        raise EncryptionImpossible("; and ".join(faults))
    return EncryptionTarget(key=key, data=data, transport=transport)


def _choose_data(listed: Sequence[str], *, unsafe_cbc: bool) -> DataAlgorithm | None:
    """Of a site that lists nothing: AES-128-GCM, which XML Encryption 1.1 requires (5.1.1), and with it SAML2int.

    Such a site, marked, is one that has not got so far: AES-128-CBC, which was required before.
    """
    if not listed:
        return DataAlgorithm.AES128_CBC if unsafe_cbc else DataAlgorithm.AES128_GCM
    for usable in (_GCM, _CBC if unsafe_cbc else ()):
        chosen = next((algorithm for algorithm in listed if algorithm in usable), None)
        if chosen is not None:
            return DataAlgorithm(chosen)
    return None


def _why_no_data(listed: Sequence[str]) -> str:
    if any(algorithm in _CBC for algorithm in listed):
        return (
            "it lists AES-CBC but not AES-GCM; CBC does not show whether the text was changed, so we use it only where"
            " --unsafe-cbc allows it"
        )
    return "it lists no cipher that we use: AES-GCM with 128, 192 or 256 bits"


def _choose_transport(listed: Sequence[EncryptionMethod]) -> KeyTransport | None:
    """Of a site that lists nothing: rsa-oaep-mgf1p with SHA-1, which everybody must have (5.1.1) and does."""
    if not listed:
        return KeyTransport(algorithm=_OAEP_MGF1_SHA1, digest=_SHA1, mgf=None)
    usable = (_transport(method) for method in listed)
    return next((transport for transport in usable if transport is not None), None)


def _why_no_transport(listed: Sequence[EncryptionMethod]) -> str:
    if all(method.algorithm == _RSA_V1_5 for method in listed):
        return "it lists only rsa-1_5 for keys, which can be broken by asking; RSA-OAEP is needed"
    return "it lists RSA-OAEP only with a digest or mask generation function that we do not use"


def _is_for_keys(method: EncryptionMethod) -> bool:
    return method.algorithm in (_OAEP, _OAEP_MGF1_SHA1, _RSA_V1_5)


def _transport(method: EncryptionMethod) -> KeyTransport | None:
    """With the defaults of XML Encryption 1.1, 5.5.2; None for what we do not use."""
    digest, mgf = method.digest or _SHA1, method.mgf or _MGF1_SHA1
    if digest not in _DIGESTS:
        return None
    if method.algorithm == _OAEP and mgf in _MASKS:
        return KeyTransport(algorithm=_OAEP, digest=digest, mgf=mgf)
    if method.algorithm == _OAEP_MGF1_SHA1 and mgf == _MGF1_SHA1:
        return KeyTransport(algorithm=_OAEP_MGF1_SHA1, digest=digest, mgf=None)
    return None


def encrypt(apex: Xml, target: EncryptionTarget, *, recipient: str) -> Xml:
    """An EncryptedData that holds `apex`, one element that declares all its prefixes, under a key of its own.

    The key stands inside it, encrypted to `target` for the entity `recipient`.
    """
    key = secrets.token_bytes(_KEY_BYTES[target.data])
    return element(
        "xenc:EncryptedData",
        element("xenc:EncryptionMethod", Algorithm=target.data),
        element("ds:KeyInfo", _encrypted_key(key, target, recipient), declares=_DS),
        _cipher_data(_encrypted(apex.encode(), key, target.data)),
        declares=_XENC,
        Type=_ELEMENT,
    )


def _encrypted_key(key: bytes, target: EncryptionTarget, recipient: str) -> Xml:
    transport = target.transport
    mgf = NOTHING if transport.mgf is None else element("xenc11:MGF", declares=_XENC11, Algorithm=transport.mgf)
    digest = element("ds:DigestMethod", Algorithm=transport.digest)
    oaep = padding.OAEP(
        mgf=padding.MGF1(_MASKS[transport.mgf or _MGF1_SHA1]), algorithm=_DIGESTS[transport.digest], label=None
    )
    return element(
        "xenc:EncryptedKey",
        element("xenc:EncryptionMethod", digest, mgf, Algorithm=transport.algorithm),
        _cipher_data(target.key.encrypt(key, oaep)),
        Recipient=recipient,
    )


def _encrypted(data: bytes, key: bytes, algorithm: DataAlgorithm) -> bytes:
    """Behind what starts the cipher: 12 bytes for GCM, whose 16-byte tag ends it (5.2.4); a block for CBC (5.2.2)."""
    if algorithm in _GCM:
        nonce = secrets.token_bytes(_GCM_NONCE_BYTES)
        return nonce + AESGCM(key).encrypt(nonce, data, None)
    start = secrets.token_bytes(_AES_BLOCK_BYTES)
    padder = PKCS7(8 * _AES_BLOCK_BYTES).padder()  # one of the paddings that XML Encryption 5.2.1 allows
    cipher = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    return start + cipher.update(padder.update(data) + padder.finalize()) + cipher.finalize()


def _cipher_data(data: bytes) -> Xml:
    return element("xenc:CipherData", element("xenc:CipherValue", Xml(b64encode(data).decode())))
