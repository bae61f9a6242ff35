"""The ministry's site with its keys, and a login service that it knows by metadata alone."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from foundation.clock import system_clock
from sp_examples.ministry_saml.app import make_app
from sp_examples.ministry_saml.federation import Federation
from sp_examples.ministry_saml.keys import make_keys
from sp_examples.ministry_saml.settings import Settings
from tests.support.ministry_site import Stage
from tests.support.oidc import FakeClock
from tests.support.saml import SETTINGS, a_site, an_adapter, an_rsa_signer

BASE_URL = "http://127.0.0.3:8473"


@pytest.fixture(scope="session")
def key_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site's key pair, made once."""
    return tmp_path_factory.mktemp("ministry")


@pytest.fixture
def settings(tmp_path: Path, key_folder: Path) -> Settings:
    """Settings with keys in place and no metadata of the login service yet."""
    certificate = tmp_path / "idp.pem"
    certificate.write_bytes(an_rsa_signer("metadata").certificate.public_bytes(Encoding.PEM))
    made = Settings(
        base_url=BASE_URL,
        idp_metadata=str(tmp_path / "idp.xml"),
        idp_certificate_file=certificate,
        key_file=key_folder / "key.pem",
        certificate_file=key_folder / "certificate.pem",
    )
    make_keys(made)
    return made


@pytest.fixture
def write_idp_metadata(settings: Settings) -> Callable[[bytes], None]:
    """Put the login service's metadata where the site looks for it."""

    def write(document: bytes) -> None:
        Path(settings.idp_metadata).write_bytes(document)

    return write


@pytest.fixture
def stage(settings: Settings, write_idp_metadata: Callable[[bytes], None]) -> Stage:
    """Both, knowing each other."""
    metadata = Federation(settings, clock=system_clock).own_metadata()
    idp = an_adapter(
        a_site(entity_id=settings.entity_id, registration=metadata),
        settings=replace(SETTINGS, unsafe_http_loopback=True),
        clock=FakeClock(system_clock()),
    )
    write_idp_metadata(idp.metadata(system_clock()).text)
    return Stage(settings=settings, app=make_app(settings), idp=idp)
