from dataclasses import replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from idp.settings import IdpSettings, Profile, SettingsError, TrustSettings
from idp.trust import load_trust
from testbed.profiles import Authority, key_usage, marker
from tests.support.certificates import pem
from tests.support.pki import SamplePki, a_pki, pooled_authority_keys
from tests.support.values import SETTINGS

PRODUCTION = replace(SETTINGS, profile=Profile.PRODUCTION, issuer="https://idp.example")


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> SamplePki:
    return a_pki(tmp_path_factory.mktemp("pki") / "state")


def trusting(settings: IdpSettings, folder: Path) -> IdpSettings:
    return replace(settings, trust=TrustSettings(authentication=folder))


def a_root(pki: SamplePki, organisation: str, *, is_marked: bool = False) -> bytes:
    """A root that nothing could give away but its organisation and the marker."""
    key = pooled_authority_keys()()
    name = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation)])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(pki.now)
        .not_valid_after(pki.now.replace(year=2036))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(key_usage(certificate_sign=True, crl_sign=True), critical=True)
    )
    if is_marked:
        builder = builder.add_extension(marker(), critical=False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)


def test_anchors_of_all_files_are_loaded(pki: SamplePki, tmp_path: Path) -> None:
    for number, certificate in enumerate(pki.trust(Authority.AUTHENTICATION)):
        (tmp_path / f"{number}.pem").write_bytes(pem([certificate]))
    assert len(load_trust(trusting(SETTINGS, tmp_path))) == 2


def test_folder_without_anchors_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no certificate"):
        load_trust(trusting(SETTINGS, tmp_path))


def test_file_that_is_no_anchor_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.pem").write_text("hello", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"broken\.pem"):
        load_trust(trusting(SETTINGS, tmp_path))


def test_production_refuses_the_testbeds_anchors(pki: SamplePki, tmp_path: Path) -> None:
    (tmp_path / "authentication.pem").write_bytes(pem(pki.trust(Authority.AUTHENTICATION)))
    with pytest.raises(SettingsError, match="JPKI-TEST"):
        load_trust(trusting(PRODUCTION, tmp_path))


def test_production_refuses_one_testbed_anchor_among_others(pki: SamplePki, tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(a_root(pki, "JPKI"))
    assert load_trust(trusting(PRODUCTION, tmp_path))
    (tmp_path / "b.pem").write_bytes(a_root(pki, "JPKI-TEST"))
    with pytest.raises(SettingsError, match="JPKI-TEST"):
        load_trust(trusting(PRODUCTION, tmp_path))


def test_production_refuses_an_anchor_that_bears_only_the_marker(pki: SamplePki, tmp_path: Path) -> None:
    (tmp_path / "a.pem").write_bytes(a_root(pki, "JPKI", is_marked=True))
    with pytest.raises(SettingsError, match="JPKI-TEST"):
        load_trust(trusting(PRODUCTION, tmp_path))
