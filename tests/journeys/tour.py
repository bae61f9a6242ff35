"""`make tour`: the whole journey in a headless browser, each step told, each page pictured at two widths."""

import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Playwright, sync_playwright

from testbed.acts import Act
from testbed.faults import CrlFault, Faults, OcspFault, fault_switch
from testbed.processes import StackError
from testbed.stack import Stack
from tests.support.chromium import DESKTOP, PHONE, a_browser
from tests.support.running_house import a_running_house
from tests.support.visitor import Visitor, a_visitor

FOLDER = Path(__file__).resolve().parent.parent.parent / "tour"
HAND_OVER = "**/handover.js"
REFUSED_CARDS = ("revoked", "on-hold", "expired", "policy", "unknown", "untrusted")


class Album:
    """Pictures of one visit, numbered; each at desktop and at phone width."""

    def __init__(self, visitor: Visitor, folder: Path, *, first: int = 1) -> None:
        self.number = first
        self._visitor = visitor
        self._folder = folder

    def picture(self, name: str, words: str) -> None:
        """Tell the step, and picture the page as it is now."""
        print(f"{self.number:3d}. {words}", flush=True)
        page = self._visitor.page
        for kind, (width, height) in (("phone", PHONE), ("desktop", DESKTOP)):
            page.set_viewport_size({"width": width, "height": height})
            page.screenshot(path=self._folder / f"{self.number:02d}-{name}-{kind}.png", full_page=True)
        self.number += 1


def main() -> int:
    """Exit status 0, or 1 with one sentence."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    try:
        with (
            tempfile.TemporaryDirectory(prefix="card-tour-") as home,
            a_running_house(Path(home) / "state", lambda line: print(f"     {line}", flush=True)) as stack,
            sync_playwright() as playwright,
        ):
            _visit_all(playwright, stack, Path(home))
    except StackError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    print(f"\n{len(list(FOLDER.glob('*.png')))} pictures are in {FOLDER.name}/")
    return 0


def _visit_all(playwright: Playwright, stack: Stack, home: Path) -> None:
    number = 1
    visits: tuple[tuple[str, str, Callable[[Visitor, Album], None]], ...] = (
        ("japanese", "ja-JP", _first_visit),
        ("english", "en-GB", _english_visit),
        ("trouble", "ja-JP", _trouble),
    )
    for name, locale, visit in visits:
        with a_browser(playwright, home / name, web_root=stack.plan.web_root, locale=locale) as context:
            visitor = a_visitor(context, stack)
            album = Album(visitor, FOLDER, first=number)
            visit(visitor, album)
            number = album.number


def _first_visit(visitor: Visitor, album: Album) -> None:
    """First login with registration, single sign-on, the provider's pages, and leaving."""
    visitor.desk.do(Act.PULL, "")
    visitor.opens("testbed")
    album.picture("testbed", "The testbed's page: no card lies on the reader yet.")
    visitor.opens("ministry")
    album.picture("ministry", "The ministry's site.")
    visitor.presses_login()
    visitor.is_at("idp")
    album.picture("login", "The provider says where one goes and what to have ready.")
    visitor.goes_to_the_card()
    album.picture("agent-no-card", "The card agent finds no card.")
    visitor.puts_in("hanako")
    visitor.goes_on()
    album.picture("agent-pin", "With the card on the reader, the agent asks for the PIN.")
    visitor.types_pin("12")
    album.picture("agent-pin-form", "Two digits are not four: nothing went to the card.")
    visitor.types_pin("9999")
    album.picture("agent-pin-wrong", "A wrong PIN: two tries are left.")
    visitor.types_pin("9999")
    album.picture("agent-pin-last", "The last try is warned of, and asks for confirmation.")
    visitor.page.route(HAND_OVER, lambda route: route.abort())
    visitor.types_pin("1234")
    visitor.page.wait_for_url("**/done/**")
    album.picture("agent-hand-over", "The agent hands over (this page presses its button by itself where scripts run).")
    visitor.goes_on()
    visitor.page.wait_for_url("**/enrolment/**")
    album.picture("enrolment", "The first time, the provider asks for consent to registration.")
    visitor.goes_on()
    album.picture("enrolment-unticked", "Without the tick nothing is registered.")
    visitor.agrees()
    visitor.page.wait_for_url("**/release")
    album.picture("hand-over", "The provider hands over to the ministry.")
    visitor.page.unroute(HAND_OVER)
    visitor.goes_on()
    visitor.is_in("ministry")
    album.picture("ministry-home", "In, at the ministry.")
    visitor.opens("shop")
    album.picture("shop", "The private site.")
    visitor.presses_login()
    visitor.is_in("shop")
    album.picture("shop-home", "In, at the private site, without the card.")
    visitor.opens("idp")
    album.picture("start", "The provider's own first page, while logged in.")
    for name in ("help", "privacy", "accessibility"):
        visitor.page.goto(f"{visitor.stack.plan.origin('idp')}/{name}")
        album.picture(name, f"The page /{name}.")
    visitor.page.goto(f"{visitor.stack.plan.origin('idp')}/registration")
    album.picture("leave", "Before the registration is ended.")
    visitor.goes_on()
    album.picture("left", "The registration has ended.")


def _english_visit(visitor: Visitor, album: Album) -> None:
    """The same way in English, with logout."""
    visitor.puts_in("taro")
    visitor.opens("ministry")
    album.picture("ministry-en", "The ministry's site in English.")
    visitor.presses_login()
    visitor.is_at("idp")
    album.picture("login-en", "The provider's page in English.")
    visitor.goes_to_the_card()
    album.picture("agent-pin-en", "The agent's page in English.")
    visitor.types_pin("5678")
    visitor.page.wait_for_url("**/enrolment/**")
    album.picture("enrolment-en", "Consent in English.")
    visitor.agrees()
    visitor.is_in("ministry")
    album.picture("ministry-home-en", "In.")
    visitor.opens("idp")
    visitor.page.locator("form[action='/logout'] button").click()
    visitor.page.wait_for_url("**/logged-out*")
    album.picture("logged-out-en", "Logged out of the provider.")


def _trouble(visitor: Visitor, album: Album) -> None:
    """What a citizen meets when something is wrong."""
    for card in REFUSED_CARDS:
        _tries(visitor, card)
        visitor.page.wait_for_url("**/refused/**")
        album.picture(f"refused-{card}", f"The card that is {card} is refused, with its reason.")
    switch = fault_switch(visitor.stack.plan.state)
    switch.set(Faults(ocsp=OcspFault.UNKNOWN, crl=CrlFault.MISSING))
    _tries(visitor, "older")
    visitor.page.wait_for_url("**/refused/**")
    switch.clear()
    album.picture("refused-unchecked", "Nobody can say whether the card is revoked.")
    visitor.puts_in("locked")
    visitor.opens("ministry")
    visitor.presses_login()
    visitor.goes_to_the_card()
    album.picture("agent-locked", "A locked PIN: no field, and where to go.")
    visitor.stops_at_the_agent()
    visitor.page.wait_for_url("**/refused/**")
    album.picture("refused-locked", "Back at the provider.")
    visitor.opens("ministry")
    visitor.presses_login()
    visitor.is_at("idp")
    visitor.goes_back()
    album.picture("stopped", "Stopped by the citizen.")
    visitor.goes_on()
    visitor.is_at("ministry")
    album.picture("ministry-refused", "The ministry's site says that nobody came.")
    visitor.puts_in("taro")
    visitor.opens("shop")
    visitor.presses_login()
    visitor.is_at("idp")
    visitor.page.goto(f"{visitor.page.url}?late")
    album.picture("login-late", "The time ran out: one press begins again.")
    visitor.goes_back()
    visitor.is_at("shop")
    album.picture("shop-refused", "The private site says that nobody came.")
    visitor.logs_in("taro", "5678", site="shop")
    visitor.page.locator("main form[method=post] button").click()
    visitor.page.wait_for_url("**/logged-out*")
    album.picture("shop-logged-out", "Logged out of the private site alone.")
    visitor.page.goto(f"{visitor.stack.plan.origin('idp')}/nowhere")
    album.picture("not-found", "A page that does not exist.")


def _tries(visitor: Visitor, card: str) -> None:
    visitor.puts_in(card)
    visitor.opens("ministry")
    visitor.presses_login()
    visitor.goes_to_the_card()
    visitor.types_pin("1234")


if __name__ == "__main__":
    sys.exit(main())
