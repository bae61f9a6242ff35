"""The simulated national PKI's web services and the testbed's page, as one process: `python -m testbed.services`."""

import argparse
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from flask import Flask
from waitress.server import create_server

from foundation.clock import system_clock
from testbed.faults import fault_switch
from testbed.page import testbed_app
from testbed.revocation_service import revocation_app

_THREADS = 8


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve both until ended."""
    parser = argparse.ArgumentParser(prog="python -m testbed.services", description=__doc__)
    parser.add_argument("--state", type=Path, required=True, help="the testbed's state folder")
    parser.add_argument("--reader", type=Path, required=True, help="the virtual reader's run folder")
    parser.add_argument("--pki", required=True, help="host:port of the CRL and OCSP services")
    parser.add_argument("--page", required=True, help="host:port of the testbed's page")
    given = parser.parse_args(arguments)
    revocation = revocation_app(given.state, system_clock, fault_switch(given.state))
    page = testbed_app(given.state, given.reader, system_clock, origin=f"http://{given.page}")
    threading.Thread(target=_serve, args=(revocation, given.pki), daemon=True).start()
    _serve(page, given.page)
    return 0


def _serve(app: Flask, place: str) -> None:
    host, _, port = place.partition(":")
    create_server(app, host=host, port=int(port), threads=_THREADS, ident=None).run()


if __name__ == "__main__":
    sys.exit(main())
