from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)

from foundation.keys import SignatureAlgorithm, Signer, key_id_of
from idp.adapters.keys.files import KeyUnusable, write_once
from idp.adapters.keys.pem import PemSigner, certify, find_certificate, generate_key, load_certified_signer, load_signer

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
YEAR = timedelta(days=365)

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


def _write(file: Path, key: PrivateKey, encryption: KeySerializationEncryption | None = None) -> None:
    write_once(file, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "key.pem"


@pytest.fixture
def certificate_file(tmp_path: Path) -> Path:
    return tmp_path / "certificate.pem"


@pytest.fixture
def signer(file: Path) -> PemSigner:
    generate_key(file, SignatureAlgorithm.ES256, for_development=False)
    return load_signer(file, development_allowed=False)


def _certify(file: Path, signer: PemSigner, *, for_development: bool = False) -> None:
    certify(file, signer, common_name="idp.example", now=NOW, lifetime=YEAR, for_development=for_development)


def test_rsa_key_signs_as_rs256(file: Path) -> None:
    generate_key(file, SignatureAlgorithm.RS256, for_development=False)
    signer: Signer = load_signer(file, development_allowed=False)
    assert signer.algorithm is SignatureAlgorithm.RS256
    assert isinstance(signer.public_key, rsa.RSAPublicKey)
    assert signer.public_key.key_size == 2048
    signer.public_key.verify(signer.sign(b"data"), b"data", padding.PKCS1v15(), SHA256())


def test_ec_key_signs_as_es256_with_r_and_s_side_by_side(signer: PemSigner) -> None:
    assert signer.algorithm is SignatureAlgorithm.ES256
    assert isinstance(signer.public_key, ec.EllipticCurvePublicKey)
    for number in range(50):
        signature = signer.sign(bytes([number]))
        assert len(signature) == 64
        r, s = (int.from_bytes(half) for half in (signature[:32], signature[32:]))
        signer.public_key.verify(encode_dss_signature(r, s), bytes([number]), ec.ECDSA(SHA256()))


def test_key_id_follows_from_the_public_key(signer: PemSigner) -> None:
    assert signer.key_id == key_id_of(signer.public_key)


def test_private_key_is_not_shown(signer: PemSigner) -> None:
    assert "PrivateKey" not in repr(signer)


@pytest.mark.parametrize(
    "generate",
    [
        partial(rsa.generate_private_key, public_exponent=65537, key_size=2040),
        partial(ec.generate_private_key, ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate,
    ],
    ids=["RSA-2040", "P-384", "Ed25519"],
)
def test_key_of_another_kind_is_refused(file: Path, generate: Callable[[], PrivateKey]) -> None:
    _write(file, generate())
    with pytest.raises(KeyUnusable, match="neither RSA from 2048 bits nor EC P-256"):
        load_signer(file, development_allowed=True)


def test_encrypted_key_is_refused(file: Path) -> None:
    _write(file, ec.generate_private_key(ec.SECP256R1()), BestAvailableEncryption(b"password"))
    with pytest.raises(KeyUnusable, match="not an unencrypted private key"):
        load_signer(file, development_allowed=True)


def test_file_that_is_no_key_is_refused(file: Path) -> None:
    write_once(file, b"hello")
    with pytest.raises(KeyUnusable, match="not an unencrypted private key"):
        load_signer(file, development_allowed=True)


def test_development_key_works_in_development_only(file: Path) -> None:
    generate_key(file, SignatureAlgorithm.ES256, for_development=True)
    assert load_signer(file, development_allowed=True).sign(b"data")
    with pytest.raises(KeyUnusable, match="development key"):
        load_signer(file, development_allowed=False)


def test_generating_never_overwrites(file: Path) -> None:
    generate_key(file, SignatureAlgorithm.ES256, for_development=False)
    before = file.read_bytes()
    with pytest.raises(FileExistsError):
        generate_key(file, SignatureAlgorithm.ES256, for_development=False)
    assert file.read_bytes() == before


def test_certificate_is_over_the_signers_key(file: Path, certificate_file: Path, signer: PemSigner) -> None:
    _certify(certificate_file, signer)
    certified = load_certified_signer(file, certificate_file, development_allowed=False)
    assert certified.certificate.public_key() == signer.public_key
    assert certified.certificate.not_valid_after_utc == NOW + YEAR
    assert certified.certificate.subject.rfc4514_string() == "CN=idp.example"
    assert certified.key_id == signer.key_id


def test_certificate_of_another_key_is_refused(
    tmp_path: Path, file: Path, certificate_file: Path, signer: PemSigner
) -> None:
    other = tmp_path / "other.pem"
    generate_key(other, SignatureAlgorithm.ES256, for_development=False)
    _certify(certificate_file, load_signer(other, development_allowed=False))
    with pytest.raises(KeyUnusable, match=r"not the certificate of key\.pem"):
        load_certified_signer(file, certificate_file, development_allowed=False)
    assert signer


def test_development_certificate_is_refused_in_production(
    file: Path, certificate_file: Path, signer: PemSigner
) -> None:
    _certify(certificate_file, signer, for_development=True)
    assert load_certified_signer(file, certificate_file, development_allowed=True)
    with pytest.raises(KeyUnusable, match="development certificate"):
        load_certified_signer(file, certificate_file, development_allowed=False)


def test_missing_certificate_is_refused(file: Path, certificate_file: Path, signer: PemSigner) -> None:
    with pytest.raises(KeyUnusable, match="is missing; `idp init`"):
        load_certified_signer(file, certificate_file, development_allowed=True)
    assert signer


def test_certificate_that_cannot_be_read_is_not_taken_for_a_missing_one(certificate_file: Path) -> None:
    assert find_certificate(certificate_file, development_allowed=True) is None
    certificate_file.write_bytes(b"hello")
    with pytest.raises(KeyUnusable, match="not a certificate in PEM"):
        find_certificate(certificate_file, development_allowed=True)
