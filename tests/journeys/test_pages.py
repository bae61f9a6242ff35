"""Every page on the way: nothing serious for axe, no sideways scroll at 320 px, reached by the keyboard alone."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from testbed.acts import Act
from tests.support.visitor import Visitor, Visitors

pytestmark = pytest.mark.timeout(300)

NARROW = (320, 640)
SERIOUS = {"serious", "critical"}


PROVIDER_PAGES = ("", "help", "privacy", "accessibility", "registration", "logged-out", "registration/ended", "nowhere")
HAND_OVER = "**/handover.js"


def _pages(visitor: Visitor) -> Iterator[str]:
    """Every page of the house, in the order in which a citizen could meet them, and stop at each."""
    yield from _way_in(visitor)
    yield from _inside(visitor)
    visitor.page.context.clear_cookies()
    yield from _trouble(visitor)


def _way_in(visitor: Visitor) -> Iterator[str]:
    visitor.desk.do(Act.PULL, "")
    visitor.opens("testbed")
    yield "testbed"
    visitor.opens("ministry")
    yield "ministry"
    visitor.presses_login()
    visitor.is_at("idp")
    yield "login"
    visitor.goes_to_the_card()
    yield "agent without a card"
    visitor.puts_in_a_new("hanako")
    visitor.goes_on()
    yield "agent asks for the PIN"
    for typed, name in (("1", "not four digits"), ("9999", "wrong"), ("9999", "last try")):
        visitor.types_pin(typed)
        yield f"agent: {name}"
    # Without its script a hand-over page stays, as it does for those who have none.
    visitor.page.route(HAND_OVER, lambda route: route.abort())
    visitor.types_pin("1234")
    visitor.page.wait_for_url("**/done/**")
    yield "agent hands over"
    visitor.goes_on()
    visitor.page.wait_for_url("**/enrolment/**")
    yield "consent"
    visitor.goes_on()
    visitor.page.wait_for_url("**/enrolment/**unticked")
    yield "consent without the tick"
    visitor.agrees()
    visitor.page.wait_for_url("**/release")
    yield "provider hands over"
    visitor.goes_on()
    visitor.is_in("ministry")
    visitor.page.unroute(HAND_OVER)


def _inside(visitor: Visitor) -> Iterator[str]:
    yield "ministry home"
    visitor.opens("shop")
    yield "shop"
    visitor.presses_login()
    visitor.is_in("shop")
    yield "shop home"
    for path in PROVIDER_PAGES:
        visitor.page.goto(f"{visitor.stack.plan.origin('idp')}/{path}")
        yield f"provider /{path}"


def _trouble(visitor: Visitor) -> Iterator[str]:
    visitor.puts_in("locked")
    visitor.opens("ministry")
    visitor.presses_login()
    visitor.goes_to_the_card()
    yield "agent: locked"
    visitor.stops_at_the_agent()
    visitor.page.wait_for_url("**/refused/**")
    yield "refused"
    visitor.goes_on()
    visitor.is_at("idp")
    visitor.page.goto(f"{visitor.page.url}?late")
    yield "login, after the time ran out"
    visitor.goes_back()
    visitor.page.wait_for_url("**/stopped")
    yield "stopped"
    visitor.goes_on()
    visitor.is_at("ministry")
    yield "ministry, told that nobody comes"


def _serious(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [f"{entry['id']}: {entry['help']}" for entry in found if entry["impact"] in SERIOUS]


@pytest.mark.parametrize("locale", ["ja-JP", "en-GB"])
def test_axe_finds_nothing_serious_on_any_page(new_visitor: Visitors, locale: str) -> None:
    visitor = new_visitor(locale=locale)
    found = {name: problems for name in _pages(visitor) if (problems := _serious(visitor.page))}
    assert found == {}


@pytest.mark.parametrize("locale", ["ja-JP", "en-GB"])
def test_no_page_scrolls_sideways_at_320_pixels(new_visitor: Visitors, locale: str) -> None:
    visitor = new_visitor(locale=locale, size=NARROW)
    wide = []
    for name in _pages(visitor):
        width = visitor.page.evaluate("document.documentElement.scrollWidth")
        if width > NARROW[0]:
            wide.append((name, width))
    assert wide == []


def test_login_needs_no_mouse(visitor: Visitor) -> None:
    visitor.puts_in("hanako")
    visitor.opens("ministry")
    page = visitor.page
    _tab_to(page, "main .button")
    page.keyboard.press("Enter")
    visitor.is_at("idp")
    _tab_to(page, "main .button:not(.text)")
    page.keyboard.press("Enter")
    visitor.is_at("agent")
    _tab_to(page, "input[name=pin]")
    page.keyboard.type("1234")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/enrolment/" in url or url.endswith("/home"))
    if "/enrolment/" in page.url:
        _tab_to(page, "input[name=agree]")
        page.keyboard.press("Space")
        _tab_to(page, "main .button:not(.text)")
        page.keyboard.press("Enter")
    visitor.is_in("ministry")


def _tab_to(page: Page, selector: str) -> None:
    for _ in range(40):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the Tab key never reached {selector}")
