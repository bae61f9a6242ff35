"""OpenSSL's OCSP client against the running service: request, transport, nonce, freshness and signature at once."""

import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from werkzeug.serving import make_server

from foundation.clock import system_clock
from testbed.faults import Faults, FaultSwitch, OcspFault, fault_switch
from testbed.lifecycle import Cause, hold, revoke
from testbed.profiles import Generation
from testbed.revocation_service import revocation_app
from tests.support.pki import SamplePki, a_pki

OPENSSL = shutil.which("openssl")

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="the openssl program is not installed")


@pytest.fixture
def sample(tmp_path: Path) -> SamplePki:
    """As of the real time, by which OpenSSL judges how fresh an answer is."""
    return a_pki(tmp_path / "state", now=system_clock())


@pytest.fixture
def switch(sample: SamplePki) -> FaultSwitch:
    return fault_switch(sample.state)


@pytest.fixture
def url(sample: SamplePki, switch: FaultSwitch) -> Iterator[str]:
    app = revocation_app(sample.state, system_clock, switch)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/ocsp"
    server.shutdown()
    thread.join(timeout=10)
    server.server_close()


class OcspClient:
    """`openssl ocsp` for the user-authentication certificate of a card just issued."""

    def __init__(self, sample: SamplePki, folder: Path, url: str, *, generation: Generation) -> None:
        card = sample.a_card(generation=generation)
        assert card.authentication is not None
        self._leaf, self._authority, self._url = folder / "leaf.pem", folder / "ca.pem", url
        for file, der in (
            (self._leaf, card.authentication.certificate),
            (self._authority, card.authentication.ca_certificate),
        ):
            file.write_bytes(x509.load_der_x509_certificate(der).public_bytes(serialization.Encoding.PEM))

    def ask(self) -> tuple[int, str]:
        command = [str(OPENSSL), "ocsp", "-url", self._url, "-timeout", "10", "-nonce", "-status_age", "60"]
        files = ["-issuer", self._authority, "-cert", self._leaf, "-CAfile", self._authority]
        done = subprocess.run(  # noqa: S603 (fixed program)
            [*command, *(str(part) for part in files)], capture_output=True, text=True, timeout=20, check=False
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def client(sample: SamplePki, tmp_path: Path, url: str) -> OcspClient:
    return OcspClient(sample, tmp_path, url, generation=Generation.CURRENT)


def test_openssl_finds_a_new_card_good(client: OcspClient) -> None:
    code, output = client.ask()
    assert code == 0, output
    assert "Response verify OK" in output
    assert "leaf.pem: good" in output
    assert "WARNING" not in output


def test_openssl_finds_a_card_of_the_older_generation_good(sample: SamplePki, tmp_path: Path, url: str) -> None:
    _, output = OcspClient(sample, tmp_path, url, generation=Generation.OLDER).ask()
    assert "Response verify OK" in output
    assert "leaf.pem: good" in output


def test_openssl_learns_of_a_revocation_at_once(sample: SamplePki, client: OcspClient) -> None:
    assert "leaf.pem: good" in client.ask()[1]
    hold(sample.pki, "c", now=system_clock())
    assert "Reason: certificateHold" in client.ask()[1]
    revoke(sample.pki, "c", Cause.DEATH, now=system_clock())
    _, output = client.ask()
    assert "Response verify OK" in output
    assert "leaf.pem: revoked" in output
    assert "Reason: cessationOfOperation" in output


def test_openssl_reads_unknown(sample: SamplePki, client: OcspClient) -> None:
    with sample.pki.register.changing() as changes:
        changes.forget_card("c")
    assert "leaf.pem: unknown" in client.ask()[1]


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        (OcspFault.STALE, "status expired"),
        (OcspFault.FUTURE, "status not yet valid"),
        (OcspFault.UNSIGNED, "Response Verify Failure"),
        (OcspFault.BAD_SIGNATURE, "Response Verify Failure"),
        (OcspFault.STRANGER, "Response Verify Failure"),
        (OcspFault.SIGNER_WITHOUT_EKU, "Response Verify Failure"),
        (OcspFault.EXPIRED_SIGNER, "Response Verify Failure"),
        (OcspFault.OTHER_SERIAL, "No Status found"),
        (OcspFault.WITHOUT_NONCE, "no nonce in response"),
        (OcspFault.WRONG_NONCE, "Nonce Verify error"),
        (OcspFault.UNKNOWN, "leaf.pem: unknown"),
        (OcspFault.TRY_LATER, "trylater"),
        (OcspFault.HTTP_500, "Error querying OCSP responder"),
        (OcspFault.GARBAGE, "Error querying OCSP responder"),
        (OcspFault.OVERSIZED, "Error querying OCSP responder"),
    ],
)
def test_openssl_complains_of_each_fault(
    switch: FaultSwitch, client: OcspClient, fault: OcspFault, complaint: str
) -> None:
    switch.set(Faults(ocsp=fault))
    _, output = client.ask()
    assert complaint.lower() in output.lower()
