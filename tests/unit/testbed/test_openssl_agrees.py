"""OpenSSL's own tools as a witness that shares no code with this project. They read and write files only."""

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from testbed.crls import make_crl
from testbed.faults import CrlFault, OcspFault
from testbed.lifecycle import Cause, revoke
from testbed.ocsp_responder import respond
from testbed.people import IBARAKI_TSUKUBA
from testbed.profiles import Authority, Generation
from tests.support.pki import A_MOMENT, HANAKO, SamplePki

OPENSSL = shutil.which("openssl")

pytestmark = pytest.mark.skipif(OPENSSL is None, reason="the openssl program is not installed")

A_LITTLE_LATER = A_MOMENT + timedelta(minutes=1)


def _openssl(*arguments: str | Path) -> tuple[int, str]:
    command = [str(OPENSSL), *(str(argument) for argument in arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)  # noqa: S603 (fixed program)
    return done.returncode, done.stdout + done.stderr


class Files:
    """A freshly issued card's user-authentication certificate and its authority as PEM files."""

    def __init__(self, sample: SamplePki, folder: Path) -> None:
        self.sample, self.folder = sample, folder
        card = sample.a_card()
        assert card.authentication is not None
        assert card.signature is not None
        self.leaf = self._pem("leaf.pem", card.authentication.certificate)
        self.authority = self._pem("ca.pem", card.authentication.ca_certificate)
        self.signature_leaf = self._pem("signature.pem", card.signature.certificate)
        self.signature_authority = self._pem("signature-ca.pem", card.signature.ca_certificate)

    def _pem(self, name: str, certificate: bytes) -> Path:
        parsed = x509.load_der_x509_certificate(certificate)
        return self.write(name, parsed.public_bytes(serialization.Encoding.PEM))

    def write(self, name: str, content: bytes) -> Path:
        (self.folder / name).write_bytes(content)
        return self.folder / name

    def crl(self, fault: CrlFault | None = None) -> Path:
        made = make_crl(
            self.sample.pki,
            Authority.AUTHENTICATION,
            Generation.CURRENT,
            IBARAKI_TSUKUBA,
            now=A_MOMENT,
            fault=fault,
        )
        pem = x509.load_der_x509_crl(made).public_bytes(serialization.Encoding.PEM)
        return self.write("list.pem", pem)

    def ask_ocsp(self, fault: OcspFault | None = None) -> tuple[int, str]:
        request, response = self.folder / "request.der", self.folder / "response.der"
        code, output = _openssl("ocsp", "-issuer", self.authority, "-cert", self.leaf, "-reqout", request)
        assert code == 0, output
        response.write_bytes(respond(self.sample.pki, request.read_bytes(), now=A_LITTLE_LATER, fault=fault))
        return _openssl(
            # It would put a fresh nonce into the request that it reads back; nonces are for the test over HTTP.
            *(
                "ocsp",
                "-no_nonce",
                "-reqin",
                request,
                "-respin",
                response,
                "-issuer",
                self.authority,
                "-cert",
                self.leaf,
            ),
            *("-CAfile", self.authority, "-attime", str(int(A_LITTLE_LATER.timestamp()))),
            # The freshness of the answer is judged by the machine's clock, so it is left to the test over HTTP.
            *("-validity_period", str(10**9)),
        )


@pytest.fixture
def files(sample: SamplePki, tmp_path: Path) -> Files:
    return Files(sample, tmp_path)


def _verify(files: Files, *options: str | Path) -> tuple[int, str]:
    moment = str(int(A_LITTLE_LATER.timestamp()))
    return _openssl("verify", "-attime", moment, "-CAfile", files.authority, *options, files.leaf)


def test_openssl_accepts_the_chain_for_client_authentication(files: Files) -> None:
    assert _verify(files, "-x509_strict", "-purpose", "sslclient")[0] == 0


def test_openssl_prints_the_four_attributes(files: Files) -> None:
    code, output = _openssl("x509", "-in", files.signature_leaf, "-noout", "-ext", "subjectAltName")
    assert code == 0
    assert f"1.2.392.200149.8.5.5.1::{HANAKO.name}" in output
    assert "1.2.392.200149.8.5.5.4::319850401" in output


def test_openssl_applies_the_list_to_the_certificate(files: Files) -> None:
    options = ("-crl_check", "-extended_crl")
    assert _verify(files, *options, "-CRLfile", files.crl())[0] == 0
    revoke(files.sample.pki, "c", Cause.LOSS, now=A_MOMENT)
    code, output = _verify(files, *options, "-CRLfile", files.crl())
    assert code != 0
    assert "certificate revoked" in output


def test_openssl_sees_that_a_list_covers_another_municipality(files: Files) -> None:
    code, output = _verify(files, "-crl_check", "-extended_crl", "-CRLfile", files.crl(CrlFault.OTHER_MUNICIPALITY))
    assert code != 0
    assert "different crl scope" in output.lower()


def test_openssl_verifies_the_signature_of_the_list(files: Files) -> None:
    code, output = _openssl("crl", "-in", files.crl(), "-noout", "-verify", "-CAfile", files.authority)
    assert (code, "verify OK" in output) == (0, True)
    _, output = _openssl("crl", "-in", files.crl(CrlFault.TAMPERED), "-noout", "-verify", "-CAfile", files.authority)
    assert "verify failure" in output


def test_openssl_accepts_a_good_ocsp_answer(files: Files) -> None:
    code, output = files.ask_ocsp()
    assert code == 0, output
    assert "Response verify OK" in output
    assert "leaf.pem: good" in output
    assert "WARNING" not in output


def test_openssl_reads_a_revoked_ocsp_answer(files: Files) -> None:
    revoke(files.sample.pki, "c", Cause.LOSS, now=A_MOMENT)
    _, output = files.ask_ocsp()
    assert "Response verify OK" in output
    assert "leaf.pem: revoked" in output
    assert "Reason: keyCompromise" in output


@pytest.mark.parametrize(
    "fault",
    [
        OcspFault.UNSIGNED,
        OcspFault.BAD_SIGNATURE,
        OcspFault.STRANGER,
        OcspFault.SIGNER_WITHOUT_EKU,
        OcspFault.EXPIRED_SIGNER,
    ],
)
def test_openssl_refuses_a_faulty_ocsp_answer(files: Files, fault: OcspFault) -> None:
    code, output = files.ask_ocsp(fault)
    assert code != 0
    assert "Response verify OK" not in output
