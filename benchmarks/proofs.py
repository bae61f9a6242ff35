"""What the sites were told, verified by libraries that had no part in making it."""

from base64 import b64decode
from pathlib import Path

from cryptography import x509
from flask import Flask
from joserfc import jwt
from joserfc.jwk import KeySet
from lxml import etree
from signxml.verifier import XMLVerifier

from benchmarks.figures import require
from benchmarks.visits import Proofs
from idp.adapters.keys.key_folder import KeyFolder
from tests.support.house import ISSUER

_ASSERTION = "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"
_SIGNATURE_VALUE = "{http://www.w3.org/2000/09/xmldsig#}SignatureValue"


def prove(proofs: Proofs, app: Flask, keys: Path) -> None:
    """Both signatures are ours, and there is one of each. Raises what the libraries raise, and `BenchmarkFailed`."""
    _prove_response(proofs.saml_response, keys)
    _prove_id_token(proofs.id_token, app)


def _prove_response(field: str, keys: Path) -> None:
    root = etree.fromstring(b64decode(field))
    certificate = x509.load_pem_x509_certificate(KeyFolder(path=keys).saml_certificate.read_bytes())
    assertion = require(root.find(_ASSERTION), lambda found: found is not None, "the Assertion")
    XMLVerifier().verify(assertion, x509_cert=certificate, id_attribute="ID")
    require(len(list(root.iter(_SIGNATURE_VALUE))), lambda number: number == 1, "signatures in a Response")


def _prove_id_token(token: str, app: Flask) -> None:
    keys = app.test_client().get("/oidc/jwks", base_url=ISSUER).get_json()
    read = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["RS256"])
    require(read.header["alg"], lambda name: name == "RS256", "the ID token's algorithm")
    require(read.claims["iss"], lambda issuer: issuer == ISSUER, "the ID token's issuer")
