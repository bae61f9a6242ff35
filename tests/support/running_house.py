"""The whole house in real processes over TLS, on ports of its own: what the journeys and the tour visit."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.plan import HOSTS, PORTS, Plan
from testbed.stack import Say, Stack, running_stack


def a_plan(state: Path, *, is_secure: bool = True) -> Plan:
    """A run in the folder `state`."""
    return Plan(state=state.resolve(), ports=_free_ports(), is_secure=is_secure)


@contextmanager
def a_running_house(state: Path, say: Say = lambda _: None, *, is_secure: bool = True) -> Iterator[Stack]:
    """Everything, started and ended."""
    with running_stack(a_plan(state, is_secure=is_secure), say) as stack:
        yield stack


def _free_ports() -> dict[str, int]:
    """Ports that are free now; each place has an address of its own, so they cannot meet each other."""
    ports = {}
    for place in PORTS:
        with socket.socket() as probe:
            probe.bind((HOSTS[place], 0))
            ports[place] = probe.getsockname()[1]
    return ports
