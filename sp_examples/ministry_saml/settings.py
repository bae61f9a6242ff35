"""The site's settings: one TOML file, read once."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path

_PATHS = ("key_file", "certificate_file", "idp_certificate_file", "ca_file")
_OPTIONAL = {"ca_file", "xmlsec1"}


class SettingsError(Exception):
    """The settings cannot be used; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`base_url` is this site as browsers reach it, without a trailing slash.

    `idp_metadata` is the address or the file of the login service's metadata, `idp_certificate_file` the certificate
    (PEM) whose key must have signed it. `ca_file` holds the web CAs to trust instead of the system's.
    """

    base_url: str
    idp_metadata: str
    idp_certificate_file: Path
    key_file: Path
    certificate_file: Path
    ca_file: Path | None = None
    xmlsec1: str = "/usr/bin/xmlsec1"

    @property
    def entity_id(self) -> str:
        """This site's name in SAML: the address of its metadata."""
        return f"{self.base_url}/metadata"

    @property
    def return_url(self) -> str:
        """Where the login service's answers arrive (AssertionConsumerService)."""
        return f"{self.base_url}/acs"

    @property
    def is_secure(self) -> bool:
        """Whether cookies can be `Secure`."""
        return self.base_url.startswith("https:")


def load_settings(file: Path) -> Settings:
    """Read `file`; paths are relative to it. Raises `SettingsError`."""
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingsError(f"{file}: {error}") from error
    names = {field.name for field in fields(Settings)}
    faults = [f"{name}: unknown" for name in sorted(table.keys() - names)]
    faults += [f"{name}: missing" for name in sorted(names - _OPTIONAL - table.keys())]
    faults += [f"{name}: must be text" for name, value in table.items() if not isinstance(value, str)]
    if faults:
        raise SettingsError(f"{file}: " + "; ".join(faults))
    folder = file.resolve().parent
    table |= {name: folder / table[name] for name in _PATHS if name in table}
    if "://" not in table["idp_metadata"]:
        table["idp_metadata"] = str(folder / table["idp_metadata"])
    return Settings(**table)
