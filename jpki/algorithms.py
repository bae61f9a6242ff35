"""The signature algorithms believed here. The message names one of them; it never brings its own."""

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.x509 import ObjectIdentifier
from cryptography.x509.oid import SignatureAlgorithmOID

from jpki.errors import AlgorithmNotAllowed

MINIMUM_RSA_BITS = 2048

RSA_SIGNATURES: dict[ObjectIdentifier, hashes.HashAlgorithm] = {
    SignatureAlgorithmOID.RSA_WITH_SHA256: hashes.SHA256(),
    SignatureAlgorithmOID.RSA_WITH_SHA384: hashes.SHA384(),
    SignatureAlgorithmOID.RSA_WITH_SHA512: hashes.SHA512(),
}


def allowed_hash(algorithm: ObjectIdentifier) -> hashes.HashAlgorithm:
    """The hash of an accepted signature algorithm. Raises `AlgorithmNotAllowed`."""
    if algorithm not in RSA_SIGNATURES:
        raise AlgorithmNotAllowed("signed with an algorithm that is not accepted")
    return RSA_SIGNATURES[algorithm]


def is_signed_by(key: RSAPublicKey, *, signature: bytes, content: bytes, algorithm: hashes.HashAlgorithm) -> bool:
    """Whether `key` made this RSASSA-PKCS1-v1_5 signature; used where several keys are tried in turn."""
    try:
        key.verify(signature, content, PKCS1v15(), algorithm)
    except InvalidSignature:
        return False
    return True
