"""One simulated PKI for the whole folder: its keys take a second to make, and no test changes it."""

import pytest

from tests.support.pki import SamplePki, a_pki


@pytest.fixture(scope="session")
def pki(tmp_path_factory: pytest.TempPathFactory) -> SamplePki:
    return a_pki(tmp_path_factory.mktemp("pki") / "state")
