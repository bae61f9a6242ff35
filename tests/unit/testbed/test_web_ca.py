import ipaddress
import ssl
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from testbed.profiles import MARKER
from testbed.state import StateError
from testbed.web_ca import SITE_ADDRESSES, web_ca

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def test_every_site_has_its_own_certificate_under_the_root(tmp_path: Path) -> None:
    made = web_ca(tmp_path, now=NOW)
    root = x509.load_pem_x509_certificate(made.root.read_bytes())
    assert tuple(made.servers) == SITE_ADDRESSES
    for address, files in made.servers.items():
        certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
        certificate.verify_directly_issued_by(root)
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert list(names) == [x509.IPAddress(ipaddress.ip_address(address))]
        assert certificate.not_valid_before_utc < NOW < certificate.not_valid_after_utc


def test_web_certificates_say_that_they_are_tests(tmp_path: Path) -> None:
    made = web_ca(tmp_path, now=NOW)
    for file in (made.root, *(files.certificate for files in made.servers.values())):
        certificate = x509.load_pem_x509_certificate(file.read_bytes())
        certificate.extensions.get_extension_for_oid(MARKER)
        (organisation,) = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        assert organisation.value == "JPKI-TEST"


def test_files_serve_tls_as_they_are(tmp_path: Path) -> None:
    made = web_ca(tmp_path, now=NOW)
    files = made.servers["127.0.0.2"]
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(files.certificate, files.private_key)
    ssl.create_default_context(cafile=str(made.root))


def test_second_call_overwrites_nothing(tmp_path: Path) -> None:
    before = web_ca(tmp_path, now=NOW).root.read_bytes()
    assert web_ca(tmp_path, now=NOW).root.read_bytes() == before


def test_missing_site_is_reported_in_one_sentence(tmp_path: Path) -> None:
    web_ca(tmp_path, now=NOW, addresses=["127.0.0.2"])
    with pytest.raises(StateError, match=r"remove that folder and start again\.$"):
        web_ca(tmp_path, now=NOW, addresses=["127.0.0.3"])
