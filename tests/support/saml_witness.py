"""What software nobody here wrote makes of our messages: xmlsec1, and pysaml2 as a site uses it, both from outside."""

import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from saml2 import BINDING_HTTP_POST
from saml2.client import Saml2Client
from saml2.config import SPConfig

from idp.adapters.keys.pem import CertifiedPemSigner, PrivateKey

XMLSEC1 = "/usr/bin/xmlsec1"
OPENSSL = "/usr/bin/openssl"
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


def xmlsec1_decrypts(document: bytes, key: rsa.RSAPrivateKey, folder: Path) -> bytes | None:
    """`document` with its first EncryptedData opened by `xmlsec1`; None if that fails."""
    file, key_file = folder / "encrypted.xml", folder / "decryption.pem"
    file.write_bytes(document)
    key_file.write_bytes(_pem(key))
    done = subprocess.run(  # noqa: S603 (a fixed program; its files are the test's)
        [XMLSEC1, "--decrypt", "--privkey-pem", str(key_file), str(file)],
        check=False,
        capture_output=True,
        timeout=_SECONDS,
    )
    return done.stdout if done.returncode == 0 else None


def openssl_opens_key(
    sealed: bytes, key: rsa.RSAPrivateKey, folder: Path, *, digest: str = "sha1", mask: str = "sha1"
) -> bytes:
    """What stands in `sealed`, by the `openssl` program and RSA-OAEP with these two hash functions."""
    file, key_file = folder / "sealed.key", folder / "decryption.pem"
    file.write_bytes(sealed)
    key_file.write_bytes(_pem(key))
    return subprocess.run(  # noqa: S603 (a fixed program; its files are the test's)
        [
            OPENSSL,
            *("pkeyutl", "-decrypt", "-inkey", str(key_file), "-in", str(file)),
            *("-pkeyopt", "rsa_padding_mode:oaep"),
            *("-pkeyopt", f"rsa_oaep_md:{digest}", "-pkeyopt", f"rsa_mgf1_md:{mask}"),
        ],
        check=True,
        capture_output=True,
        timeout=_SECONDS,
    ).stdout


def _pem(key: PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def a_stock_site(
    folder: Path,
    *,
    entity_id: str,
    return_url: str,
    idp_metadata: bytes,
    signer: CertifiedPemSigner,
    decryption_key: rsa.RSAPrivateKey | None = None,
    want_response_signed: bool = False,
) -> Any:  # noqa: ANN401 (pysaml2 has no types)
    """A pysaml2 client, configured as its manual says. With a `decryption_key`, it wants encrypted assertions."""
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    key.write_bytes(_pem(signer.private_key))
    certificate.write_bytes(signer.certificate.public_bytes(Encoding.PEM))
    options = {
        "entityid": entity_id,
        "service": {
            "sp": {
                "endpoints": {"assertion_consumer_service": [(return_url, BINDING_HTTP_POST)]},
                "authn_requests_signed": True,
                "want_assertions_signed": True,
                "want_response_signed": want_response_signed,
                "allow_unsolicited": False,
            }
        },
        "metadata": {"inline": [idp_metadata.decode()]},
        "allow_unknown_attributes": True,
        "key_file": str(key),
        "cert_file": str(certificate),
        "xmlsec_binary": XMLSEC1,
    }
    if decryption_key is not None:
        decryption = folder / "decryption.pem"
        decryption.write_bytes(_pem(decryption_key))
        options["encryption_keypairs"] = [{"key_file": str(decryption), "cert_file": str(certificate)}]
    return Saml2Client(SPConfig().load(options))


def read_by_stock_site(site: Any, answer: str, request_id: str) -> Any:  # noqa: ANN401 (pysaml2 has no types)
    """pysaml2's own reading of a SAMLResponse field, by the system's clock; raises what it does not accept."""
    return site.parse_authn_request_response(answer, BINDING_HTTP_POST, {request_id: "/"})


def instant(text: str) -> datetime:
    """An xs:dateTime."""
    return datetime.fromisoformat(text)
