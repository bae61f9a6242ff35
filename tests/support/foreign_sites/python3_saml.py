"""A site on python3-saml, run by Debian's Python with Debian's libraries: the wheels of lxml and xmlsec clash."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from testbed.processes import running, wait_for_http
from tests.support.foreign_sites.site import ForeignSite, KnownProvider, Place, fetched, make_key_pair

HOST = "127.0.0.7"
_PYTHON = "/usr/bin/python3"
_PROGRAM = Path(__file__).with_name("python3_saml_site.py")
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_PAIRWISE_ID = "urn:oasis:names:tc:SAML:attribute:pairwise-id"
_URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
_SMARTCARD_PKI = "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"

STRICT = {
    "authnRequestsSigned": True,
    "signatureAlgorithm": _RSA_SHA256,
    "digestAlgorithm": _SHA256,
    "wantAssertionsSigned": True,
    "wantNameId": True,
    "wantAttributeStatement": True,
    "requestedAuthnContext": [_SMARTCARD_PKI],
    "requestedAuthnContextComparison": "exact",
    "failOnAuthnContextMismatch": True,
}
"""What it demands of any provider here, by python3-saml's own names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """How the operator has set up the site. `security` is added to `STRICT`."""

    name: str
    posts_requests: bool = False
    is_passive: bool = False
    name_id_format: str = _PERSISTENT
    security: dict[str, bool] = field(default_factory=dict)


@contextmanager
def a_python3_saml_site(
    folder: Path, place: Place, provider: KnownProvider, configuration: Configuration
) -> Iterator[ForeignSite]:
    """The site, with new keys, from its start to its end. Raises `StackError` if it does not start."""
    folder.mkdir(parents=True)
    certificate, key = make_key_pair(folder, configuration.name)
    settings = {
        "host": place.host,
        "port": place.port,
        "tls_certificate": str(place.certificate),
        "tls_key": str(place.private_key),
        "provider_metadata": provider.metadata_url,
        "provider_certificate": str(provider.certificate),
        "posts_requests": configuration.posts_requests,
        "is_passive": configuration.is_passive,
        "toolkit": _toolkit_settings(place, configuration, certificate, key),
    }
    file = folder / "settings.json"
    file.write_text(json.dumps(settings), encoding="utf-8")
    name = f"the python3-saml site {configuration.name}"
    log = folder / "site.log"
    trust = {"SSL_CERT_FILE": str(provider.web_root)}
    with running(name, [_PYTHON, "-I", str(_PROGRAM), str(file)], log=log, environment=trust) as program:
        wait_for_http(program, f"{place.origin}/metadata")
        yield ForeignSite(
            name=configuration.name,
            login_url=f"{place.origin}/login",
            metadata=fetched(f"{place.origin}/metadata", provider.web_root),
        )


def _toolkit_settings(place: Place, configuration: Configuration, certificate: Path, key: Path) -> dict[str, object]:
    wanted = {"name": _PAIRWISE_ID, "nameFormat": _URI, "friendlyName": "pairwise-id", "isRequired": True}
    return {
        "strict": True,
        "debug": True,
        "security": {**STRICT, **configuration.security},
        "sp": {
            "entityId": f"{place.origin}/metadata",
            "assertionConsumerService": {"url": f"{place.origin}/acs"},
            "attributeConsumingService": {
                "serviceName": configuration.name,
                "requestedAttributes": [wanted],
            },
            "NameIDFormat": configuration.name_id_format,
            "x509cert": certificate.read_text(encoding="utf-8"),
            "privateKey": key.read_text(encoding="utf-8"),
        },
    }
