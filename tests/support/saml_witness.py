"""What software nobody here wrote makes of our messages: xmlsec1, and pysaml2 as a site uses it, both from outside."""

import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from saml2 import BINDING_HTTP_POST
from saml2.client import Saml2Client
from saml2.config import SPConfig

from idp.adapters.keys.pem import CertifiedPemSigner

XMLSEC1 = "/usr/bin/xmlsec1"
_SECONDS = 20


def xmlsec1_accepts(document: bytes, element: str, signer: CertifiedPemSigner, folder: Path) -> bool:
    """Whether `xmlsec1` verifies the first signature in `document` over an `element`, given as namespace:name."""
    file, certificate = folder / "document.xml", folder / "certificate.pem"
    file.write_bytes(document)
    certificate.write_bytes(signer.certificate.public_bytes(Encoding.PEM))
    done = subprocess.run(  # noqa: S603 (a fixed program; its files are the test's)
        [
            XMLSEC1,
            "--verify",
            *("--enabled-reference-uris", "empty,same-doc"),
            *("--enabled-key-data", "raw-x509-cert"),
            *("--pubkey-cert-pem", str(certificate)),
            *("--id-attr:ID", element),
            str(file),
        ],
        check=False,
        capture_output=True,
        timeout=_SECONDS,
    )
    return done.returncode == 0


def a_stock_site(
    folder: Path, *, entity_id: str, return_url: str, idp_metadata: bytes, signer: CertifiedPemSigner
) -> Any:  # noqa: ANN401 (pysaml2 has no types)
    """A pysaml2 client, configured as its manual says."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    key.write_bytes(signer.private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    certificate.write_bytes(signer.certificate.public_bytes(Encoding.PEM))
    options = {
        "entityid": entity_id,
        "service": {
            "sp": {
                "endpoints": {"assertion_consumer_service": [(return_url, BINDING_HTTP_POST)]},
                "authn_requests_signed": True,
                "want_assertions_signed": True,
                "want_response_signed": False,
                "allow_unsolicited": False,
            }
        },
        "metadata": {"inline": [idp_metadata.decode()]},
        "allow_unknown_attributes": True,
        "key_file": str(key),
        "cert_file": str(certificate),
        "xmlsec_binary": XMLSEC1,
    }
    return Saml2Client(SPConfig().load(options))


def read_by_stock_site(site: Any, answer: str, request_id: str) -> Any:  # noqa: ANN401 (pysaml2 has no types)
    """pysaml2's own reading of a SAMLResponse field, by the system's clock; raises what it does not accept."""
    return site.parse_authn_request_response(answer, BINDING_HTTP_POST, {request_id: "/"})


def instant(text: str) -> datetime:
    """An xs:dateTime."""
    return datetime.fromisoformat(text)
