"""Every page on the way: nothing serious for axe, no sideways scroll at 320 px, reached by the keyboard alone."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.support.visitor import Visitor, Visitors

pytestmark = pytest.mark.timeout(240)

NARROW = (320, 640)
SERIOUS = {"serious", "critical"}


def _pages(visitor: Visitor) -> Iterator[str]:
    """Walk the first login, and stop at each page."""
    visitor.puts_in("hanako")
    visitor.opens("testbed")
    yield "testbed"
    visitor.opens("ministry")
    yield "ministry"
    visitor.presses_login()
    visitor.is_at("idp")
    yield "login"
    visitor.goes_to_the_card()
    yield "agent pin"
    visitor.types_pin("1")
    yield "agent pin form"
    visitor.types_pin("1234")
    visitor.arrives("ministry")
    yield "ministry home"
    visitor.opens("shop")
    yield "shop"
    visitor.presses_login()
    visitor.is_in("shop")
    yield "shop home"
    for path in ("", "help", "privacy", "accessibility", "registration", "logged-out", "registration/ended", "nowhere"):
        visitor.page.goto(f"{visitor.stack.plan.origin('idp')}/{path}")
        yield f"provider /{path}"


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
