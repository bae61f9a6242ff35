"""A web authority for the TLS journeys: a root for the throw-away browser profile and one certificate for each site.

Keys are on P-256. Everything is made once beside the simulated PKI and never overwritten.
"""

import ipaddress
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from testbed import profiles
from testbed.state import StateError, locked

SITE_ADDRESSES = tuple(f"127.0.0.{host}" for host in range(1, 10))

_LIFE = timedelta(days=5 * 365)
_START_BEFORE = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFiles:
    """PEM files for one site: certificate and private key."""

    certificate: Path
    private_key: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class WebCa:
    """The root to import, and the files of each site by its address."""

    root: Path
    servers: Mapping[str, ServerFiles]


def web_ca(state: Path, *, now: datetime, addresses: Iterable[str] = SITE_ADDRESSES) -> WebCa:
    """Make `state/web` unless it is there. Raises `StateError` where it lacks one of `addresses`."""
    folder = state / "web"
    with locked(state):
        if not folder.exists():
            draft = state / "web.new"
            shutil.rmtree(draft, ignore_errors=True)
            _write_all(draft, now - _START_BEFORE, tuple(addresses))
            draft.rename(folder)
    files = WebCa(root=folder / "root.pem", servers={address: _files(folder, address) for address in addresses})
    for server in files.servers.values():
        if not (server.certificate.is_file() and server.private_key.is_file() and files.root.is_file()):
            raise StateError(f"The web authority in {folder} is incomplete: remove that folder and start again.")
    return files


def _files(folder: Path, address: str) -> ServerFiles:
    return ServerFiles(certificate=folder / f"{address}.crt", private_key=folder / f"{address}.key")


def _write_all(folder: Path, not_before: datetime, addresses: tuple[str, ...]) -> None:
    folder.mkdir(mode=0o700)
    key = ec.generate_private_key(ec.SECP256R1())
    root = _root(key, not_before)
    (folder / "root.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    for address in addresses:
        server_key = ec.generate_private_key(ec.SECP256R1())
        files = _files(folder, address)
        certificate = _server(address, server_key.public_key(), root, key, not_before)
        files.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        key_pem = server_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        files.private_key.touch(mode=0o600)
        files.private_key.write_bytes(key_pem)


def _root(key: ec.EllipticCurvePrivateKey, not_before: datetime) -> x509.Certificate:
    name = _name("Testbed Web CA")
    return (
        _builder(name, name, key.public_key(), not_before)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(profiles.key_usage(certificate_sign=True, crl_sign=True), critical=True)
        .sign(key, hashes.SHA256())
    )


def _server(
    address: str,
    public_key: ec.EllipticCurvePublicKey,
    root: x509.Certificate,
    root_key: ec.EllipticCurvePrivateKey,
    not_before: datetime,
) -> x509.Certificate:
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    return (
        _builder(_name(address), root.subject, public_key, not_before)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(profiles.key_usage(digital_signature=True), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(issuer_key, critical=False)
        .sign(root_key, hashes.SHA256())
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey, not_before: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_before + _LIFE)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(profiles.marker(), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, profiles.ORGANISATION),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
