"""The certification authorities and their OCSP signers: making them, signing with them, keeping them in a folder."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from testbed import profiles
from testbed.profiles import Authority, CertificatePlan, Generation

NewKey = Callable[[], rsa.RSAPrivateKey]

# Serial numbers have three or four bytes and a clear top bit, as on the real certificates.
_SMALLEST_SERIAL, _LARGEST_SERIAL = 0x01_0000, 0x7FFF_FFFF

_LIFE = timedelta(days=3652)
_AGE = {Generation.OLDER: timedelta(days=4 * 365), Generation.CURRENT: timedelta(days=2 * 365)}


def rsa_2048() -> rsa.RSAPrivateKey:
    """A fresh key of the only size and exponent in use on the cards."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """A certificate and its private key."""

    certificate: x509.Certificate
    private_key: rsa.RSAPrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateAuthority:
    """One generation of one authority, with the OCSP signer it has appointed."""

    authority: Authority
    generation: Generation
    root: Signer
    responder: Signer

    @property
    def certificate(self) -> x509.Certificate:
        """The self-signed certificate."""
        return self.root.certificate

    @property
    def certificate_der(self) -> bytes:
        """The self-signed certificate as DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)


def random_serial() -> int:
    """A serial number as the real authorities use them."""
    return _SMALLEST_SERIAL + secrets.randbelow(_LARGEST_SERIAL - _SMALLEST_SERIAL + 1)


def make_authority(
    authority: Authority, generation: Generation, *, now: datetime, new_key: NewKey
) -> CertificateAuthority:
    """A root that has been in use for two years (the older generation: four) out of ten, and its OCSP signer."""
    not_before = now.replace(microsecond=0) - _AGE[generation]
    key = new_key()
    plan = profiles.authority_plan(authority, not_before=not_before, not_after=not_before + _LIFE)
    certificate = _builder(plan, key.public_key(), random_serial()).issuer_name(plan.subject)
    root = Signer(certificate=certificate.sign(key, hashes.SHA256()), private_key=key)
    responder_key = new_key()
    responder_plan = profiles.responder_plan(authority, not_before=not_before, not_after=not_before + _LIFE)
    responder = sign(responder_plan, responder_key.public_key(), root)
    return CertificateAuthority(
        authority=authority,
        generation=generation,
        root=root,
        responder=Signer(certificate=responder, private_key=responder_key),
    )


def sign(
    plan: CertificatePlan, public_key: rsa.RSAPublicKey, issuer: Signer, *, serial: int | None = None
) -> x509.Certificate:
    """Sign what `plan` says for `public_key`; the authority key identifier is the issuer's."""
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.private_key.public_key())
    builder = _builder(plan, public_key, serial if serial is not None else random_serial())
    builder = builder.issuer_name(issuer.certificate.subject).add_extension(issuer_key, critical=False)
    return builder.sign(issuer.private_key, hashes.SHA256())


def _builder(plan: CertificatePlan, public_key: rsa.RSAPublicKey, serial: int) -> x509.CertificateBuilder:
    builder = (
        x509.CertificateBuilder()
        .subject_name(plan.subject)
        .not_valid_before(plan.not_before)
        .not_valid_after(plan.not_after)
        .serial_number(serial)
        .public_key(public_key)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
    )
    for extension, critical in plan.extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder


def save_authority(folder: Path, authority: CertificateAuthority) -> None:
    """Write the four PEM files of an authority; the keys are readable by their owner only."""
    folder.mkdir(mode=0o700)
    for name, signer in (("ca", authority.root), ("ocsp", authority.responder)):
        (folder / f"{name}.crt").write_bytes(signer.certificate.public_bytes(serialization.Encoding.PEM))
        save_key(folder / f"{name}.key", signer.private_key)


def load_authority(folder: Path, authority: Authority, generation: Generation) -> CertificateAuthority:
    """Read what `save_authority` wrote. Raises `OSError` or `ValueError` where a file is missing or damaged."""
    root, responder = (
        Signer(
            certificate=x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes()),
            private_key=_load_key(folder / f"{name}.key"),
        )
        for name in ("ca", "ocsp")
    )
    return CertificateAuthority(authority=authority, generation=generation, root=root, responder=responder)


def save_key(file: Path, key: rsa.RSAPrivateKey) -> None:
    """Write an unencrypted PKCS#8 PEM file that only its owner may read."""
    file.touch(mode=0o600, exist_ok=False)
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _load_key(file: Path) -> rsa.RSAPrivateKey:
    # This program wrote the file; checking the primes again costs tens of milliseconds for each key.
    key = serialization.load_pem_private_key(file.read_bytes(), password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError(f"{file} holds no RSA key")  # noqa: TRY004 (the file is at fault, not a caller's type)
    return key
