"""Commands of the ministry's operator.

python -m sp_examples.ministry_saml init --settings FILE        makes key and certificate where they are missing
python -m sp_examples.ministry_saml metadata --settings FILE    prints the SAML metadata to register
"""

import argparse
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from sp_examples.ministry_saml.federation import Federation
from sp_examples.ministry_saml.keys import make_keys
from sp_examples.ministry_saml.settings import Settings, SettingsError, load_settings


def main(arguments: list[str]) -> int:
    """Exit status 0, or 1 with one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m sp_examples.ministry_saml", description="The sample ministry.")
    parser.add_argument(
        "command", choices=("init", "metadata"), help="init: make key and certificate; metadata: print the metadata"
    )
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE")
    chosen = parser.parse_args(arguments)
    try:
        lines = _run(chosen.command, load_settings(chosen.settings))
    except (SettingsError, OSError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


def _run(command: str, settings: Settings) -> list[str]:
    if command == "init":
        return [f"made {file}" for file in make_keys(settings)]
    if not settings.certificate_file.exists():
        raise SettingsError(f"{settings.certificate_file}: missing; `init` makes it")
    return [Federation(settings, clock=lambda: datetime.fromtimestamp(time.time(), UTC)).own_metadata()]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
