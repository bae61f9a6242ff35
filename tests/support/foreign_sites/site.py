"""What service providers that others wrote have in common here: what their operators know, and what they show."""

import socket
import ssl
import subprocess
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

from testbed.stack import Stack

_PATIENCE = 30.0
"""Seconds, generous: the browser and the other programs keep the machine busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownProvider:
    """All that a stranger knows of us: where our metadata is, which certificate signs it, and the root of the web."""

    metadata_url: str
    certificate: Path
    web_root: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a site serves: an address of its own, with its files for TLS."""

    host: str
    port: int
    certificate: Path
    private_key: Path

    @property
    def origin(self) -> str:
        """Always over TLS: an answer comes as a cross-site POST, to which browsers attach secure cookies only."""
        return f"https://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignSite:
    """A running service provider. Its `login_url` takes a browser to us and, in the end, to a page of JSON."""

    name: str
    login_url: str
    metadata: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLogin:
    """What the site's own library made of our answer, by the names of SAML. `refusal` is its complaint, if it has one.

    Where there is a refusal, the rest is empty.
    """

    refusal: str | None = None
    name_id: str = ""
    name_id_format: str = ""
    name_qualifier: str | None = None
    sp_name_qualifier: str | None = None
    context: str = ""
    session_index: str = ""
    attributes: dict[str, tuple[str, ...]] = field(default_factory=dict)


def known_provider(stack: Stack) -> KnownProvider:
    """What the operator of `stack` would hand out."""
    return KnownProvider(
        metadata_url=f"{stack.plan.origin('idp')}/saml/metadata",
        certificate=stack.plan.state / "idp" / "keys" / "saml-metadata.certificate.pem",
        web_root=stack.plan.web_root,
    )


def a_place(stack: Stack, host: str) -> Place:
    """A free port of `host`, one of the web authority's addresses."""
    web = stack.plan.web_root.parent
    return Place(host=host, port=free_port(host), certificate=web / f"{host}.crt", private_key=web / f"{host}.key")


def free_port(host: str) -> int:
    """Nobody listens there now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
    return port


def make_key_pair(folder: Path, name: str) -> tuple[Path, Path]:
    """A new certificate and private key for a site's messages, as its operator would make them."""
    certificate, key = folder / "sp.crt", folder / "sp.key"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:3072", "-nodes", "-sha256", "-days", "30"]
    subprocess.run(  # noqa: S603 (a program of Debian's)
        [*command, "-subj", f"/CN={name}", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
        timeout=_PATIENCE,
    )
    return certificate, key


def fetched(url: str, web_root: Path) -> str:
    """A document of a site, over TLS."""
    trust = ssl.create_default_context(cafile=str(web_root))
    with urllib.request.urlopen(url, timeout=_PATIENCE, context=trust) as answer:  # noqa: S310 (our own address)
        text: str = answer.read().decode()
    return text
