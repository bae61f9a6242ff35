"""Start the whole house in order, each part when the ones before it serve; end all of it on the way out."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from foundation.clock import Clock, system_clock
from testbed.plan import HOSTS, Plan, write_settings
from testbed.processes import (
    Program,
    StackError,
    python,
    require_alive,
    require_free,
    run_once,
    running,
    wait_for_http,
    wait_for_line,
)
from testbed.reader_control import ReaderControl
from testbed.scenario import export_trust, prepare
from testbed.state import StateError
from testbed.virtual_reader import PCSC_SOCKET
from testbed.web_ca import web_ca

FIRST_CARD = "hanako"
Say = Callable[[str], None]
SITE_COMMANDS = {
    "ministry": ("sp_examples.ministry_saml", "metadata", "ministry_saml/metadata.xml"),
    "shop": ("sp_examples.private_oidc", "jwks", "private_oidc/jwks.json"),
}
"""Module, the command that shows what is public, and where the registration expects it."""

NAMES = {
    "agent": "the card agent",
    "idp": "the identity provider",
    "ministry": "the ministry site",
    "shop": "the private site",
    "pki": "the simulated national PKI",
    "testbed": "the testbed page",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """A running house."""

    plan: Plan
    programs: tuple[Program, ...]
    uses_pcsc: bool

    def require_alive(self) -> None:
        """Raises `StackError` if a program has ended by itself."""
        for program in self.programs:
            require_alive(program)


@contextmanager
def running_stack(plan: Plan, say: Say, *, clock: Clock = system_clock, without_pcscd: bool = False) -> Iterator[Stack]:
    """Start everything. Raises `StackError` with one sentence."""
    starter = _Starter(plan, say, without_pcscd=without_pcscd)
    with starter.exits:
        starter.prepare(clock)
        starter.start()
        yield Stack(plan=plan, programs=tuple(starter.programs), uses_pcsc=starter.uses_pcsc)


class _Starter:
    def __init__(self, plan: Plan, say: Say, *, without_pcscd: bool) -> None:
        self.plan = plan
        self.say = say
        self.uses_pcsc = not without_pcscd
        self.exits = ExitStack()
        self.programs: list[Program] = []
        self.logs = plan.state / "log"

    def prepare(self, clock: Clock) -> None:
        """Everything that is made once and kept."""
        for place, port in self.plan.ports.items():
            require_free(HOSTS[place], port, NAMES[place])
        self.logs.mkdir(parents=True, exist_ok=True)
        write_settings(self.plan)
        self.say("Preparing the simulated national PKI and the sample cards ...")
        try:
            prepare(self.plan.state, clock, ocsp_url=f"{self.plan.origin('pki')}/ocsp")
            export_trust(self.plan.state, self.plan.state / "trust")
            if self.plan.is_secure:
                web_ca(self.plan.state, now=clock())
        except StateError as error:
            raise StackError(str(error)) from error

    def start(self) -> None:
        """In the order of need."""
        self._start_reader()
        self._start(
            "pki",
            python(
                *("-m", "testbed.services", "--state", str(self.plan.state), "--reader", str(self.plan.reader)),
                *("--pki", self.plan.host("pki"), "--page", self.plan.host("testbed")),
            ),
            f"{self.plan.origin('testbed')}/static/roles.css",
        )
        self._start_idp()
        for site in ("ministry", "shop"):
            self._start_site(site)
        self._start_agent()

    def _start_reader(self) -> None:
        command = python(
            *("-m", "testbed.virtual_reader", "--run-folder", str(self.plan.reader)),
            *("--cards", str(self.plan.state / "cards")),
            *(() if self.uses_pcsc else ("--without-pcscd",)),
        )
        log = self.logs / "reader.log"
        log.unlink(missing_ok=True)
        reader = self.exits.enter_context(running("the virtual card reader", command, log=log))
        wait_for_line(reader, b"READY")
        for line in log.read_text(encoding="utf-8").splitlines():
            if line.startswith("NOTE "):
                self.say(line.removeprefix("NOTE "))
        self.programs.append(reader)
        first = self.plan.state / "first-card"
        if not first.exists():
            ReaderControl(self.plan.reader).insert(FIRST_CARD)
            first.touch()

    def _start_idp(self) -> None:
        self.say("Starting the identity provider ...")
        log = self.logs / "idp.log"
        idp = [*python("-m", "idp"), "--settings", str(self.plan.settings("idp"))]
        run_once("idp init", [*idp, "init"], log=log)
        run_once("idp db upgrade", [*idp, "db", "upgrade"], log=log)
        for site in SITE_COMMANDS:
            self._register(site, idp, log)
        self._start("idp", [*idp, "serve"], f"{self.plan.origin('idp')}/health/ready")
        worker = self.exits.enter_context(running("the worker", [*idp, "worker"], log=self.logs / "worker.log"))
        self.programs.append(worker)

    def _register(self, site: str, idp: list[str], log: Path) -> None:
        """The site makes its keys and shows what is public of them; the operator registers it."""
        self.say(f"Registering {NAMES[site]} ...")
        module, command, shown = SITE_COMMANDS[site]
        settings = ["--settings", str(self.plan.settings(site))]
        run_once(f"{module} init", python("-m", module, "init", *settings), log=self.logs / f"{site}.log")
        words = run_once(f"{module} {command}", python("-m", module, command, *settings), log=self.logs / f"{site}.log")
        (self.plan.state / shown).write_bytes(words)
        run_once("idp sp apply", [*idp, "sp", "apply", str(self.plan.registration(site))], log=log)

    def _start_site(self, site: str) -> None:
        self.say(f"Starting {NAMES[site]} ...")
        command = [
            *python("-m", "gunicorn", "--bind", self.plan.host(site), "--workers", "1", "--threads", "4"),
            *("--log-level", "warning", "--no-control-socket"),
        ]
        if self.plan.is_secure:
            web = self.plan.state / "web"
            command += ["--certfile", str(web / f"{HOSTS[site]}.crt"), "--keyfile", str(web / f"{HOSTS[site]}.key")]
        module, _, _ = SITE_COMMANDS[site]
        self._start(
            site, [*command, f"{module}.app:create_app('{self.plan.settings(site)}')"], f"{self.plan.origin(site)}/"
        )

    def _start_agent(self) -> None:
        self.say("Starting the card agent ...")
        settings = str(self.plan.settings("agent"))
        if self.uses_pcsc:
            environment = {"PCSCLITE_CSOCK_NAME": str(self.plan.reader / PCSC_SOCKET)}
            command = python("-m", "card_agent", "serve", "--settings", settings)
        else:
            environment = {}
            command = python(
                *("-m", "testbed.agent_without_pcscd", "--settings", settings, "--reader", str(self.plan.reader))
            )
        self._start("agent", command, f"{self.plan.origin('agent')}/static/roles.css", environment)

    def _start(self, place: str, command: list[str], url: str, environment: Mapping[str, str] | None = None) -> None:
        log = self.logs / f"{place}.log"
        program = self.exits.enter_context(running(NAMES[place], command, log=log, environment=environment))
        wait_for_http(program, url)
        self.programs.append(program)
