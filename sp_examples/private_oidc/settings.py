"""The shop's settings: one TOML file, read once."""

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path


class SettingsError(Exception):
    """The settings cannot be used; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """`issuer` is the login service, `base_url` this site as browsers reach it, both without a trailing slash.

    `key_file` is the private key that identifies this site to the login service, `session_secret_file` the secret that
    signs its cookies. `ca_file` holds the web CAs to trust instead of the system's.
    """

    issuer: str
    client_id: str
    base_url: str
    key_file: Path
    session_secret_file: Path
    ca_file: Path | None = None

    @property
    def callback_url(self) -> str:
        """The redirect address that is registered at the login service."""
        return f"{self.base_url}/callback"

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
    faults += [f"{name}: missing" for name in sorted(names - {"ca_file"} - table.keys())]
    faults += [f"{name}: must be text" for name, value in table.items() if not isinstance(value, str)]
    if faults:
        raise SettingsError(f"{file}: " + "; ".join(faults))
    folder = file.resolve().parent
    ca_file = table.get("ca_file")
    return Settings(
        issuer=table["issuer"],
        client_id=table["client_id"],
        base_url=table["base_url"],
        key_file=folder / table["key_file"],
        session_secret_file=folder / table["session_secret_file"],
        ca_file=folder / ca_file if ca_file else None,
    )
