import shutil
import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from foundation.keys import SignatureAlgorithm
from idp.adapters.keys.files import KeyUnusable
from idp.adapters.keys.key_folder import (
    METADATA_CERTIFICATE_LIFETIME,
    METADATA_RSA_BITS,
    KeyFolder,
    load_keys,
    make_keys,
)

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def _make(folder: KeyFolder, *, for_development: bool = False) -> tuple[Path, ...]:
    return make_keys(folder, name="idp.example", now=NOW, for_development=for_development)


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> dict[bool, Path]:
    """Folders of keys, not for development and for it; making an RSA key takes a while."""
    folders = {for_development: tmp_path_factory.mktemp("made") / "var" / "keys" for for_development in (False, True)}
    for for_development, path in folders.items():
        _make(KeyFolder(path=path), for_development=for_development)
    return folders


@pytest.fixture
def good(tmp_path: Path, made_once: dict[bool, Path]) -> KeyFolder:
    return KeyFolder(path=Path(shutil.copytree(made_once[False], tmp_path / "good")))


@pytest.fixture
def weak(tmp_path: Path, made_once: dict[bool, Path]) -> KeyFolder:
    return KeyFolder(path=Path(shutil.copytree(made_once[True], tmp_path / "weak")))


def test_made_keys_can_be_loaded(good: KeyFolder) -> None:
    keys = load_keys(good, development_allowed=False)
    for signer in (keys.saml.in_use, keys.saml_metadata):
        assert signer.certificate.public_key() == signer.public_key
    assert [signer.algorithm for signer in keys.oidc] == list(SignatureAlgorithm)
    assert len({signer.key_id for signer in (keys.saml.in_use, keys.saml_metadata, *keys.oidc)}) == 4
    assert len(keys.card_fingerprint.secret) == 32


def test_key_that_makes_metadata_trusted_is_none_of_those_in_it(good: KeyFolder) -> None:
    keys = load_keys(good, development_allowed=False)
    assert keys.saml.published == (keys.saml.in_use.certificate,)
    assert keys.saml_metadata.certificate not in keys.saml.published


def test_key_that_sites_pin_outlasts_the_others(good: KeyFolder) -> None:
    keys = load_keys(good, development_allowed=False)
    assert keys.saml_metadata.certificate.not_valid_after_utc == NOW + METADATA_CERTIFICATE_LIFETIME
    assert isinstance(keys.saml_metadata.public_key, rsa.RSAPublicKey)
    assert keys.saml_metadata.public_key.key_size == METADATA_RSA_BITS


def test_new_folder_is_its_owners_alone(made_once: dict[bool, Path]) -> None:
    assert stat.S_IMODE(made_once[False].stat().st_mode) == 0o700


def test_making_again_changes_nothing(good: KeyFolder) -> None:
    before = {file: file.read_bytes() for file in good.path.iterdir()}
    assert _make(good) == ()
    assert {file: file.read_bytes() for file in good.path.iterdir()} == before


def test_making_goes_on_where_it_stopped(good: KeyFolder) -> None:
    good.saml_certificate.unlink()
    good.card_fingerprint.unlink()
    assert set(_make(good)) == {good.saml_certificate, good.card_fingerprint}
    assert load_keys(good, development_allowed=False)


def test_production_refuses_keys_of_development(weak: KeyFolder) -> None:
    assert load_keys(weak, development_allowed=True)
    with pytest.raises(KeyUnusable, match="development"):
        load_keys(weak, development_allowed=False)


def test_one_development_key_among_good_ones_is_refused(good: KeyFolder, weak: KeyFolder) -> None:
    for file in sorted(good.path.iterdir()):
        kept = file.read_bytes()
        shutil.copy(weak.path / file.name, file)
        with pytest.raises(KeyUnusable):
            load_keys(good, development_allowed=False)
        file.write_bytes(kept)
    assert load_keys(good, development_allowed=False)
