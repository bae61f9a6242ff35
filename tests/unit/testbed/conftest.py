from pathlib import Path

import pytest

from tests.support.pki import SamplePki, a_pki


@pytest.fixture(scope="session")
def shared_pki(tmp_path_factory: pytest.TempPathFactory) -> SamplePki:
    """For tests that only read."""
    return a_pki(tmp_path_factory.mktemp("state"))


@pytest.fixture
def sample(tmp_path: Path) -> SamplePki:
    """For tests that issue and revoke."""
    return a_pki(tmp_path / "state")
