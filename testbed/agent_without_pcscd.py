"""The card agent on a machine without a smart-card service: the same program with the testbed's own transport."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from card_agent.running import PortTaken, run
from card_agent.settings import AgentSettings
from foundation.settings import SettingsError, load
from testbed.direct_transport import DirectTransport


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until ended."""
    parser = argparse.ArgumentParser(prog="python -m testbed.agent_without_pcscd", description=__doc__)
    parser.add_argument("--settings", type=Path, required=True)
    parser.add_argument("--reader", type=Path, required=True, help="the virtual reader's run folder")
    given = parser.parse_args(arguments)
    try:
        run(load(AgentSettings, given.settings), DirectTransport(given.reader))
    except (SettingsError, PortTaken) as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
