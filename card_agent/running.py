"""Serves the agent on loopback until it is stopped."""

import errno
import sys

from waitress.server import create_server

from card_agent.questions import LONGEST_FORM
from card_agent.server import HERE, agent_app
from card_agent.settings import AgentSettings
from card_agent.transport import CardTransport
from foundation.clock import Clock, system_clock
from foundation.texts import load_texts

LOOPBACK = "127.0.0.1"
_LARGEST_HEAD = 16 * 1024
_SECONDS_FOR_A_SLOW_CLIENT = 30
_MOST_CONNECTIONS = 64


class PortTaken(Exception):
    """Another program listens on the agent's port; the message says what to do."""


def run(
    settings: AgentSettings,
    transport: CardTransport,
    *,
    clock: Clock = system_clock,
    language: str = "en",
) -> None:
    """Serve on 127.0.0.1 only, and return after Ctrl-C. Raises `PortTaken`."""
    texts = load_texts(HERE / "translations")[language]
    try:
        server = create_server(
            agent_app(settings, transport, clock),
            host=LOOPBACK,
            port=settings.port,
            threads=4,
            ident=None,
            connection_limit=_MOST_CONNECTIONS,
            channel_timeout=_SECONDS_FOR_A_SLOW_CLIENT,
            max_request_header_size=_LARGEST_HEAD,
            max_request_body_size=2 * LONGEST_FORM,
        )
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        raise PortTaken(texts("command.port", port=settings.port)) from error
    sites = ", ".join(site.origin for site in settings.sites)
    sys.stdout.write(texts("command.listening", address=settings.own_origin, transport=transport.name) + "\n")
    sys.stdout.write(texts("command.sites", sites=sites) + "\n")
    sys.stdout.flush()
    server.run()
