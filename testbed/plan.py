"""Where everything of one run stands: addresses, folders, and the settings files of each program.

`make run` uses `config/development/` as it is, over HTTP. The journeys use the same files with another state folder,
TLS, and free ports, written beside their state.
"""

import hashlib
import os
import tempfile
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from testbed.toml_text import toml_text

ROOT = Path(__file__).resolve().parent.parent
CONFIG = ROOT / "config" / "development"
DEFAULT_STATE = ROOT / "var" / "run"

HOSTS = {
    "agent": "127.0.0.1",
    "idp": "127.0.0.2",
    "ministry": "127.0.0.3",
    "shop": "127.0.0.4",
    "pki": "127.0.0.5",
    "testbed": "127.0.0.6",
}
PORTS = {"agent": 8471, "idp": 8472, "ministry": 8473, "shop": 8474, "pki": 8475, "testbed": 8476}
LONGEST_SOCKET_FOLDER = 80
TLS_PLACES = frozenset({"idp", "ministry", "shop"})
REGISTRATIONS = {"ministry": "ministry.toml", "shop": "private.toml"}
SETTINGS = {
    "idp": "idp.toml",
    "agent": "agent.toml",
    "ministry": "ministry_saml.toml",
    "shop": "private_oidc.toml",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run. `is_secure` puts the three web sites behind TLS with the testbed's web CA."""

    state: Path
    ports: Mapping[str, int]
    is_secure: bool

    def host(self, place: str) -> str:
        """Address and port of a place, as they stand in a URL."""
        return f"{HOSTS[place]}:{self.ports[place]}"

    def origin(self, place: str) -> str:
        """The place's origin."""
        scheme = "https" if self.is_secure and place in TLS_PLACES else "http"
        return f"{scheme}://{self.host(place)}"

    def registration(self, site: str) -> Path:
        """The file by which a site is registered."""
        folder = ROOT / "config" / "service_providers" if self.is_development else self.state / "service_providers"
        return folder / REGISTRATIONS[site]

    def settings(self, program: str) -> Path:
        """The settings file of a program."""
        folder = CONFIG if self.is_development else self.state / "settings"
        return folder / SETTINGS[program]

    @property
    def is_development(self) -> bool:
        """Whether this is the plain `make run`, whose settings stand in `config/development/`."""
        return self.state == DEFAULT_STATE and not self.is_secure and dict(self.ports) == PORTS

    @property
    def reader(self) -> Path:
        """Folder of the reader's sockets; short, because a Unix socket's path may have 107 bytes."""
        run = self.state / "reader"
        if len(os.fsencode(run)) < LONGEST_SOCKET_FOLDER:
            return run
        return Path(tempfile.gettempdir()) / f"card-reader-{hashlib.sha256(os.fsencode(run)).hexdigest()[:12]}"

    @property
    def web_root(self) -> Path:
        """The web CA that browsers and sites must trust when the run is secure."""
        return self.state / "web" / "root.pem"


def development_plan(state: Path = DEFAULT_STATE) -> Plan:
    """`make run`."""
    return Plan(state=state.resolve(), ports=PORTS, is_secure=False)


def write_settings(plan: Plan) -> None:
    """Write the settings of a run that is not the plain one: `config/development/` with other places."""
    if plan.is_development:
        return
    for program, name in SETTINGS.items():
        _write(plan.settings(program), _moved((CONFIG / name).read_text(encoding="utf-8"), plan))
    for site, name in REGISTRATIONS.items():
        source = CONFIG.parent / "service_providers" / name
        _write(plan.registration(site), _moved(source.read_text(encoding="utf-8"), plan))
    if plan.is_secure:
        _add_tls(plan)


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def _moved(text: str, plan: Plan) -> str:
    for place, port in PORTS.items():
        old = f"{HOSTS[place]}:{port}"
        text = text.replace(f"http://{old}", plan.origin(place)).replace(f"https://{old}", plan.origin(place))
        text = text.replace(old, plan.host(place))
    return text.replace("port = 8471", f"port = {plan.ports['agent']}").replace("../../var/run", str(plan.state))


def _add_tls(plan: Plan) -> None:
    file = plan.settings("idp")
    table = tomllib.loads(file.read_text(encoding="utf-8"))
    web = plan.state / "web"
    server = table.setdefault("server", {})
    server["certificate"] = str(web / f"{HOSTS['idp']}.crt")
    server["key"] = str(web / f"{HOSTS['idp']}.key")
    file.write_text(toml_text(table), encoding="utf-8")
    for site in ("ministry", "shop"):
        text = plan.settings(site).read_text(encoding="utf-8")
        _write(plan.settings(site), f'{text}\nca_file = "{plan.web_root}"\n')
