"""What our operator does for a site that somebody else runs: take its metadata, and register it."""

from testbed.processes import python, run_once
from testbed.stack import Stack
from tests.support.foreign_sites.site import ForeignSite

_SECTOR = "outside"
_ABOUT_THE_SECTOR = (
    *("--owner", "Somebody else", "--purpose", "To recognise a visitor at the next visit"),
    *("--legal-basis", "Consent (sample)"),
)
_ABOUT_THE_SITE = (
    *("--name-ja", "よそのサイト", "--name-en", "A site that others wrote"),
    *("--operator-ja", "よその人", "--operator-en", "Somebody else"),
)


def register(stack: Stack, site: ForeignSite) -> None:
    """Give `site` to the running provider of `stack`. Raises `StackError` with the end of what the operator reads."""
    file = stack.plan.state / "service_providers" / f"{site.name}.xml"
    file.write_text(site.metadata, encoding="utf-8")
    _idp(stack, "sector", "add", _SECTOR, *_ABOUT_THE_SECTOR)
    _idp(
        stack,
        *("sp", "add", str(file), "--id", site.name, "--sector", _SECTOR, "--home-url", site.login_url),
        *_ABOUT_THE_SITE,
    )


def _idp(stack: Stack, *words: str) -> None:
    command = python("-m", "idp", "--settings", str(stack.plan.settings("idp")), *words)
    run_once("idp " + " ".join(words[:2]), command, log=stack.plan.state / "log" / "idp.log")
