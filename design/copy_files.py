"""Copies the one source of the pages' look to every program that serves it: `python -m design.copy_files`.

Each program must run alone, so each has its own copy; a test keeps the copies equal.
"""

import shutil
from pathlib import Path

SOURCE = Path(__file__).resolve().parent
STYLES = ("tokens.css", "roles.css", "components.css", "tokens.LICENSE")
STATIC_FOLDERS = (
    "idp/web/static",
    "card_agent/static",
    "sp_examples/ministry_saml/static",
    "sp_examples/private_oidc/static",
    "testbed/static",
)
TEMPLATE_FOLDERS = ("idp/web/templates", "card_agent/templates")


def copies(root: Path) -> dict[Path, Path]:
    """Every copy and its source, under the project folder `root`."""
    styles = {root / folder / name: SOURCE / name for folder in STATIC_FOLDERS for name in STYLES}
    return styles | {root / folder / "icons.html": SOURCE / "icons.html" for folder in TEMPLATE_FOLDERS}


def main() -> None:
    for copy, source in copies(SOURCE.parent).items():
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)


if __name__ == "__main__":
    main()
