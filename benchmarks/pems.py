"""Keys and certificates as the text that other programs read."""

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from idp.adapters.keys.pem import CertifiedPemSigner


def private_pem(signer: CertifiedPemSigner) -> bytes:
    """PKCS#8, not encrypted."""
    return signer.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def certificate_pem(signer: CertifiedPemSigner) -> bytes:
    """X.509."""
    return signer.certificate.public_bytes(Encoding.PEM)
