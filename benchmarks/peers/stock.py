"""pysaml2 as its manual sets it up: every XML signature is made, or verified, by an xmlsec1 process of its own."""

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.saml import NAME_FORMAT_URI, NAMEID_FORMAT_PERSISTENT, NameID
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256

from benchmarks.peers.contender import Attributes
from benchmarks.pems import certificate_pem, private_pem
from benchmarks.sites import SITES, Kind, Site
from benchmarks.witness import XMLSEC1
from tests.support.saml import SUBJECT, an_rsa_signer

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # About a cipher for its cookies, which nobody uses here.
    from saml2.server import Server

KEY_FILE, CERTIFICATE_FILE = "idp.key", "idp.crt"
_CONTEXT = {"class_ref": "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"}
_IS_ENCRYPTED = {site.entity_id: site.kind is Kind.ENCRYPTED for site in SITES}


@dataclass(frozen=True, slots=True)
class Stock:
    """Requests in, Responses out; pysaml2 has no types."""

    server: Any
    attributes: Attributes

    def by_redirect(self, saml_request: str, algorithm: str, signature: str) -> Any:  # noqa: ANN401
        """The AuthnRequest, when its signature, schema, destination and time are good; else pysaml2's own error."""
        return self.server.parse_authn_request(
            saml_request, BINDING_HTTP_REDIRECT, sigalg=algorithm, signature=signature
        ).message

    def by_post(self, saml_request: str) -> Any:  # noqa: ANN401
        """The same for the field of a form."""
        return self.server.parse_authn_request(saml_request, BINDING_HTTP_POST).message

    def answer(self, asked: Any) -> str:  # noqa: ANN401
        """The page that posts the Response to the site."""
        place = self.server.response_args(asked)
        site, return_url = place["sp_entity_id"], place["destination"]
        response = self.server.create_authn_response(
            {name: [value] for name, value in self.attributes.items()},
            in_response_to=place["in_response_to"],
            destination=return_url,
            sp_entity_id=site,
            name_id=NameID(format=NAMEID_FORMAT_PERSISTENT, text=SUBJECT, sp_name_qualifier=site),
            authn=_CONTEXT,
            sign_assertion=True,
            sign_response=False,
            encrypt_assertion=_IS_ENCRYPTED[site],
            sign_alg=SIG_RSA_SHA256,
            digest_alg=DIGEST_SHA256,
        )
        page = self.server.apply_binding(BINDING_HTTP_POST, str(response), return_url, response=True)
        return str(page["data"])


def write_files(folder: Path) -> None:
    """A key with its certificate, and what the sites say of themselves."""
    signer = an_rsa_signer("stock")
    (folder / KEY_FILE).write_bytes(private_pem(signer))
    (folder / CERTIFICATE_FILE).write_bytes(certificate_pem(signer))
    for site in SITES:
        (folder / _metadata_file(site)).write_text(site.metadata, encoding="utf-8")


def a_stock(folder: Path, *, sso_url: str, attributes: Attributes) -> Stock:
    """By the files in `folder`."""
    options = {
        "entityid": "https://stock.example/idp",
        "key_file": str(folder / KEY_FILE),
        "cert_file": str(folder / CERTIFICATE_FILE),
        "xmlsec_binary": str(XMLSEC1),
        "metadata": {"local": [str(folder / _metadata_file(site)) for site in SITES]},
        "service": {
            "idp": {
                "endpoints": {
                    "single_sign_on_service": [(sso_url, BINDING_HTTP_REDIRECT), (sso_url, BINDING_HTTP_POST)]
                },
                "want_authn_requests_signed": True,
                "policy": {"default": {"lifetime": {"minutes": 5}, "name_form": NAME_FORMAT_URI}},
            }
        },
    }
    return Stock(Server(config=IdPConfig().load(options)), attributes)


def _metadata_file(site: Site) -> str:
    return f"{site.name}.xml"
