"""A site on Debian's SimpleSAMLphp, behind nginx and PHP's process manager, as whoever runs the tests."""

import grp
import json
import os
import pwd
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from testbed.processes import StackError, run_once, running, wait_for_http
from tests.support.foreign_sites.site import ForeignSite, KnownProvider, Place, fetched, free_port, make_key_pair

HOST = "127.0.0.8"
ARTIFACT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Artifact"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_WEB_SERVER = Path("/usr/sbin/nginx")
_PRODUCT = Path("/usr/share/simplesamlphp")
_OURS = Path(__file__).with_name("php")
_RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SMARTCARD_PKI = "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"
_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"

STRICT: Mapping[str, object] = {
    "sign.authnrequest": True,
    "signature.algorithm": _RSA_SHA256,
    "WantAssertionsSigned": True,
    "AuthnContextClassRef": _SMARTCARD_PKI,
    "NameIDPolicy": {"Format": _PERSISTENT, "AllowCreate": True},
    "acs.Bindings": [POST],
    "name": {"en": "A site on SimpleSAMLphp"},
    "attributes": {"pairwise-id": "urn:oasis:names:tc:SAML:attribute:pairwise-id"},
    "attributes.required": ["urn:oasis:names:tc:SAML:attribute:pairwise-id"],
    "attributes.NameFormat": "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
}
"""What it demands of any provider here, by SimpleSAMLphp's own names."""

_MANAGER_SETTINGS = """
[global]
daemonize = no
error_log = {folder}/fpm.log
[site]
user = {user}
group = {group}
listen = {fpm}
pm = static
pm.max_children = 2
env[SIMPLESAMLPHP_CONFIG_DIR] = {config}
env[FOREIGN_SITE] = {folder}/site.json
php_admin_value[openssl.cafile] = {web_root}
php_admin_value[sys_temp_dir] = {folder}/tmp
"""

_WEB_SERVER_SETTINGS = """
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
user {user} {group};
worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off;
  client_body_temp_path {folder}/tmp;
  proxy_temp_path {folder}/tmp;
  fastcgi_temp_path {folder}/tmp;
  uwsgi_temp_path {folder}/tmp;
  scgi_temp_path {folder}/tmp;
  server {{
    listen {host}:{port} ssl;
    server_name {host};
    ssl_certificate {tls_certificate};
    ssl_certificate_key {tls_key};
    location = / {{
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME {page};
      fastcgi_param SCRIPT_NAME /index.php;
      fastcgi_pass {fpm};
    }}
    location ~ ^/simplesaml(?<script>/.+?\\.php)(?<rest>/.*)?$ {{
      include /etc/nginx/fastcgi_params;
      fastcgi_param SCRIPT_FILENAME {product}$script;
      fastcgi_param SCRIPT_NAME /simplesaml$script;
      fastcgi_param PATH_INFO $rest;
      fastcgi_pass {fpm};
    }}
    location /simplesaml/ {{ alias {product}/; }}
  }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """How the operator has set up the site. `choices` go before `STRICT`.

    A site that `uses_back_channel` fetches from the provider what an artifact stands for.
    """

    name: str
    request_binding: str = REDIRECT
    uses_back_channel: bool = False
    choices: Mapping[str, object] = field(default_factory=dict)


@contextmanager
def a_simplesamlphp_site(
    folder: Path, place: Place, provider: KnownProvider, configuration: Configuration
) -> Iterator[ForeignSite]:
    """The site, with new keys, from its start to its end. Raises `StackError` if it does not start."""
    processes = _php_process_manager()
    (folder / "tmp").mkdir(parents=True)
    make_key_pair(folder, configuration.name)
    _write_settings(folder, place, provider, configuration)
    _take_provider_metadata(folder, provider)
    name = f"the SimpleSAMLphp site {configuration.name}"
    log = folder / "site.log"
    manager = [processes, "--nodaemonize", "--allow-to-run-as-root", "--fpm-config", str(folder / "fpm.conf")]
    web = [str(_WEB_SERVER), "-e", str(folder / "nginx.log"), "-p", str(folder), "-c", str(folder / "nginx.conf")]
    with running(name, manager, log=log), running(name, web, log=log) as program:
        own_metadata = f"{place.origin}/simplesaml/module.php/saml/sp/metadata.php/default-sp"
        wait_for_http(program, own_metadata)
        yield ForeignSite(
            name=configuration.name,
            login_url=f"{place.origin}/",
            metadata=fetched(own_metadata, provider.web_root),
        )


def _write_settings(folder: Path, place: Place, provider: KnownProvider, configuration: Configuration) -> None:
    """The files of all three programs."""
    site = {
        "origin": place.origin,
        "folder": str(folder),
        "salt": secrets.token_hex(16),
        "request_bindings": [configuration.request_binding],
        "back_channel_authorities": [_body(provider.web_root)] if configuration.uses_back_channel else [],
        "choices": {**STRICT, **configuration.choices},
    }
    (folder / "site.json").write_text(json.dumps(site), encoding="utf-8")
    words = {
        "folder": folder,
        "user": pwd.getpwuid(os.getuid()).pw_name,
        "group": grp.getgrgid(os.getgid()).gr_name,
        "fpm": f"{place.host}:{free_port(place.host)}",
        "config": _OURS / "config",
        "page": _OURS / "www" / "index.php",
        "product": _PRODUCT / "www",
        "web_root": provider.web_root,
        "host": place.host,
        "port": place.port,
        "tls_certificate": place.certificate,
        "tls_key": place.private_key,
    }
    (folder / "fpm.conf").write_text(_MANAGER_SETTINGS.format(**words), encoding="utf-8")
    (folder / "nginx.conf").write_text(_WEB_SERVER_SETTINGS.format(**words), encoding="utf-8")


def _take_provider_metadata(folder: Path, provider: KnownProvider) -> None:
    """SimpleSAMLphp's own program fetches the metadata and believes it by its signature."""
    program = _PRODUCT / "modules" / "metarefresh" / "bin" / "metarefresh.php"
    command = [
        *("php", "-d", f"openssl.cafile={provider.web_root}", str(program)),
        *(f"--certificate={provider.certificate}", f"--out-dir={folder / 'published'}", provider.metadata_url),
    ]
    environment = {"SIMPLESAMLPHP_CONFIG_DIR": str(_OURS / "config"), "FOREIGN_SITE": str(folder / "site.json")}
    run_once("SimpleSAMLphp's metarefresh", command, log=folder / "site.log", environment=environment)
    if not (folder / "published" / "saml20-idp-remote.php").exists():
        raise StackError(f"SimpleSAMLphp does not accept the provider's metadata (see {folder / 'site.log'})")


def _body(certificate: Path) -> str:
    """A PEM file's base64, as metadata has it."""
    lines = certificate.read_text(encoding="utf-8").splitlines()
    return "".join(line for line in lines if not line.startswith("-"))


def _php_process_manager() -> str:
    """Debian names it by its version."""
    found = sorted(str(file) for file in Path("/usr/sbin").glob("php-fpm[0-9]*"))
    if not found or not _PRODUCT.is_dir() or not _WEB_SERVER.exists():
        raise StackError("SimpleSAMLphp, php-fpm or nginx is not installed: scripts/system-packages test")
    return found[-1]
