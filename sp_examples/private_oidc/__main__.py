"""Commands of the shop's operator.

python -m sp_examples.private_oidc init --settings FILE    makes key and cookie secret where they are missing
python -m sp_examples.private_oidc jwks --settings FILE    prints the public key set to register
"""

import argparse
import sys
from pathlib import Path

from sp_examples.private_oidc.keys import load_key, make_keys, public_key_set
from sp_examples.private_oidc.settings import SettingsError, load_settings


def main(arguments: list[str]) -> int:
    """Exit status 0, or 1 with one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m sp_examples.private_oidc", description="The sample shop.")
    parser.add_argument("command", choices=("init", "jwks"), help="init: make key and secret; jwks: print the key set")
    parser.add_argument("--settings", type=Path, required=True, metavar="FILE")
    chosen = parser.parse_args(arguments)
    try:
        settings = load_settings(chosen.settings)
        if chosen.command == "init":
            lines = [f"made {file}" for file in make_keys(settings)]
        else:
            lines = [public_key_set(load_key(settings))]
    except SettingsError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.writelines(f"{line}\n" for line in lines)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
