"""Signing keys in PEM files (PKCS #8), each parsed once. HSM keys are another maker of the same `Signer`."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import assert_never

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from foundation.keys import PublicKey, SignatureAlgorithm, key_id_of
from idp.adapters.keys.files import DEVELOPMENT_MARK, KeyUnusable, read_key_file, write_once

RSA_BITS = 2048
"""For new keys, and the least that is loaded: 112 bits of strength, accepted to the end of 2030 (NIST SP 800-57 part 1
table 4). 3072 bits cost three times as much for each signature."""

P256_BYTES = 32
DEVELOPMENT_ORGANISATION = "DEVELOPMENT"

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class PemSigner:
    """Fulfils `Signer`. Not shown by `repr`."""

    key_id: str
    algorithm: SignatureAlgorithm
    public_key: PublicKey = field(repr=False)
    private_key: PrivateKey = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """RSASSA-PKCS1-v1_5 or ECDSA P-256, over SHA-256; ECDSA as r and s."""
        match self.private_key:
            case rsa.RSAPrivateKey():
                return self.private_key.sign(data, padding.PKCS1v15(), SHA256())
            case ec.EllipticCurvePrivateKey():
                r, s = decode_dss_signature(self.private_key.sign(data, ec.ECDSA(SHA256())))
                return r.to_bytes(P256_BYTES) + s.to_bytes(P256_BYTES)
        assert_never(self.private_key)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedPemSigner(PemSigner):
    """Fulfils `CertifiedSigner`."""

    certificate: x509.Certificate = field(repr=False)


def load_signer(file: Path, *, development_allowed: bool) -> PemSigner:
    """The key in `file`. Takes 30 ms for RSA. Raises `KeyUnusable`."""
    content = read_key_file(file, development_allowed=development_allowed)
    try:
        private_key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyUnusable(file, "is not an unencrypted private key in PEM") from error
    match private_key:
        case rsa.RSAPrivateKey() if private_key.key_size >= RSA_BITS:
            return _signer(private_key, SignatureAlgorithm.RS256)
        case ec.EllipticCurvePrivateKey(curve=ec.SECP256R1()):
            return _signer(private_key, SignatureAlgorithm.ES256)
        case _:
            raise KeyUnusable(file, f"is neither RSA from {RSA_BITS} bits nor EC P-256")


def load_certified_signer(file: Path, certificate_file: Path, *, development_allowed: bool) -> CertifiedPemSigner:
    """The key in `file` with its certificate. Raises `KeyUnusable`, also if the two do not belong together."""
    signer = load_signer(file, development_allowed=development_allowed)
    certificate = find_certificate(certificate_file, development_allowed=development_allowed)
    if certificate is None:
        raise KeyUnusable(certificate_file, "is missing; `idp init` makes one")
    if certificate.public_key() != signer.public_key:
        raise KeyUnusable(certificate_file, f"is not the certificate of {file.name}")
    return certified(signer, certificate)


def find_certificate(file: Path, *, development_allowed: bool) -> x509.Certificate | None:
    """The certificate in `file`, None where there is no such file. Raises `KeyUnusable`."""
    try:
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise KeyUnusable(file, "is not a certificate in PEM") from error
    organisations = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    if not development_allowed and any(entry.value == DEVELOPMENT_ORGANISATION for entry in organisations):
        raise KeyUnusable(file, "is a development certificate")
    return certificate


def certified(signer: PemSigner, certificate: x509.Certificate) -> CertifiedPemSigner:
    """`signer` with its certificate, which is over the signer's key."""
    return CertifiedPemSigner(
        key_id=signer.key_id,
        algorithm=signer.algorithm,
        public_key=signer.public_key,
        private_key=signer.private_key,
        certificate=certificate,
    )


def generate_key(file: Path, algorithm: SignatureAlgorithm, *, for_development: bool, rsa_bits: int = RSA_BITS) -> None:
    """Make a new private key in `file`. Raises `FileExistsError`."""
    pem = _new_private_key(algorithm, rsa_bits).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_once(file, (DEVELOPMENT_MARK if for_development else b"") + pem)


def certify(
    file: Path, signer: PemSigner, *, common_name: str, now: datetime, lifetime: timedelta, for_development: bool
) -> None:
    """Make a self-signed certificate over `signer` in `file`: SAML trusts the key, not the chain.

    A development certificate says so in its subject, for those who meet it elsewhere. Raises `FileExistsError`.
    """
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)]
    if for_development:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, DEVELOPMENT_ORGANISATION))
    name = x509.Name(attributes)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(signer.public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + lifetime)
        .sign(signer.private_key, SHA256())
    )
    write_once(file, certificate.public_bytes(Encoding.PEM), mode=0o644)


def _new_private_key(algorithm: SignatureAlgorithm, rsa_bits: int) -> PrivateKey:
    match algorithm:
        case SignatureAlgorithm.RS256:
            return rsa.generate_private_key(public_exponent=65537, key_size=rsa_bits)
        case SignatureAlgorithm.ES256:
            return ec.generate_private_key(ec.SECP256R1())
    assert_never(algorithm)


def _signer(private_key: PrivateKey, algorithm: SignatureAlgorithm) -> PemSigner:
    public_key = private_key.public_key()
    return PemSigner(key_id=key_id_of(public_key), algorithm=algorithm, public_key=public_key, private_key=private_key)
