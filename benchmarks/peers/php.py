"""SimpleSAMLphp's configuration, and that of the two servers that run it."""

import os
from pathlib import Path

from benchmarks.peers.contender import Attributes
from benchmarks.pems import certificate_pem, private_pem
from benchmarks.sites import SITES, Kind, Site
from idp.protocols.saml.names import PAIRWISE_ID, PERSISTENT, URI_NAME
from tests.support.saml import RSA_SHA256, an_rsa_signer, certificate_text

USER, PASSWORD = "citizen", "citizen"
PRODUCT = Path("/usr/share/simplesamlphp")
CHILDREN = 4
_CERTIFICATE_FILE, _KEY_FILE = "idp.crt", "idp.key"


def quoted(text: str) -> str:
    """`text` as a PHP string."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def write_product(folder: Path, *, base_url: str, attributes: Attributes) -> None:
    """Key, settings and both sites' metadata: requests must be signed, and answers carry one signature."""
    for name in ("metadata", "sessions", "temporary"):
        (folder / name).mkdir()
    signer = an_rsa_signer("simplesamlphp")
    (folder / _KEY_FILE).write_bytes(private_pem(signer))
    (folder / _CERTIFICATE_FILE).write_bytes(certificate_pem(signer))
    _write(folder / "config.php", _settings(folder, base_url))
    _write(folder / "authsources.php", _citizens(attributes))
    _write(folder / "metadata" / "saml20-idp-hosted.php", _PROVIDER)
    _write(folder / "metadata" / "saml20-sp-remote.php", "\n".join(_site(site, attributes) for site in SITES))


def certificate(folder: Path) -> bytes:
    """The signer's, as PEM."""
    return (folder / _CERTIFICATE_FILE).read_bytes()


def write_servers(folder: Path, *, socket: Path, host: str) -> None:
    """`fpm.conf` and `nginx.conf`, which meet at `socket`.

    Started by root without these lines, they would become somebody who may not read `folder`.
    """
    is_root = os.getuid() == 0
    (folder / "fpm.conf").write_text(_fpm(folder, socket) + "user = root\n" * is_root, encoding="utf-8")
    (folder / "nginx.conf").write_text("user root;\n" * is_root + _nginx(folder, socket, host), encoding="utf-8")


def _write(file: Path, text: str) -> None:
    file.write_text(f"<?php\n{text}", encoding="utf-8")


def _settings(folder: Path, base_url: str) -> str:
    """Debian's own, with other folders, and without what plain HTTP on loopback cannot do."""
    inside = quoted(f"{folder}/")
    return f"""$config = [
  'baseurlpath' => {quoted(base_url)},
  'certdir' => {inside}, 'loggingdir' => {inside}, 'datadir' => {inside},
  'tempdir' => {inside} . 'temporary',
  'metadatadir' => {inside} . 'metadata/', 'metadata.sources' => [['type' => 'flatfile']],
  'secretsalt' => 'benchmark', 'auth.adminpassword' => {quoted(PASSWORD)},
  'timezone' => 'UTC', 'production' => true,
  'logging.handler' => 'file', 'logging.level' => SimpleSAML\\Logger::NOTICE,
  'enable.saml20-idp' => true,
  'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
  'authproc.idp' => [
    30 => 'core:LanguageAdaptor',
    45 => ['class' => 'core:StatisticsWithAttribute', 'attributename' => 'realm', 'type' => 'saml20-idp-SSO'],
    50 => 'core:AttributeLimit',
    99 => 'core:LanguageAdaptor',
  ],
  'store.type' => 'phpsession', 'session.phpsession.savepath' => {inside} . 'sessions',
  'session.cookie.secure' => false, 'session.cookie.samesite' => null,
];
"""


def _citizens(attributes: Attributes) -> str:
    said = ", ".join(f"{quoted(name)} => [{quoted(value)}]" for name, value in attributes.items())
    return f"$config = ['citizens' => ['exampleauth:UserPass', '{USER}:{PASSWORD}' => [{said}]]];\n"


_PROVIDER = f"""$metadata['https://simplesamlphp.example/idp'] = [
  'host' => '__DEFAULT__', 'privatekey' => '{_KEY_FILE}', 'certificate' => '{_CERTIFICATE_FILE}',
  'auth' => 'citizens', 'validate.authnrequest' => true,
  'signature.algorithm' => '{RSA_SHA256}', 'saml20.sign.response' => false, 'saml20.sign.assertion' => true,
  'attributes.NameFormat' => '{URI_NAME}',
  'authproc' => [10 => ['class' => 'saml:PersistentNameID', 'attribute' => '{PAIRWISE_ID}']],
];
"""


def _site(site: Site, attributes: Attributes) -> str:
    is_encrypted = str(site.kind is Kind.ENCRYPTED).lower()
    return f"""$metadata['{site.entity_id}'] = [
  'AssertionConsumerService' => '{site.return_url}', 'NameIDFormat' => '{PERSISTENT}',
  'attributes' => [{", ".join(quoted(name) for name in attributes)}],
  'assertion.encryption' => {is_encrypted},
  'keys' => [['type' => 'X509Certificate', 'signing' => true, 'encryption' => {is_encrypted},
    'X509Certificate' => '{certificate_text(site.signer.certificate)}']],
];
"""


def _fpm(folder: Path, socket: Path) -> str:
    return f"""[global]
pid = {folder}/fpm.pid
error_log = {folder}/fpm.log
[product]
listen = {socket}
pm = static
pm.max_children = {CHILDREN}
env[SIMPLESAMLPHP_CONFIG_DIR] = {folder}
php_admin_value[error_log] = {folder}/php.log
"""


def _nginx(folder: Path, socket: Path, host: str) -> str:
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "\n".join(f"  {kind}_temp_path {folder}/temporary;" for kind in kinds)
    return f"""daemon off;
pid {folder}/nginx.pid;
worker_processes 1;
events {{ worker_connections 512; }}
http {{
  access_log off;
  keepalive_requests 1000000;
{temporary}
  server {{
    listen {host};
    location ~ ^/simplesaml(?<script>/.+?\\.php)(?<rest>/.*)?$ {{
      include /etc/nginx/fastcgi_params;
      fastcgi_pass unix:{socket};
      fastcgi_param SCRIPT_FILENAME {PRODUCT}/www$script;
      fastcgi_param SCRIPT_NAME /simplesaml$script;
      fastcgi_param PATH_INFO $rest;
    }}
  }}
}}
"""
