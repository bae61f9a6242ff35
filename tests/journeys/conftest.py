"""One running house for all journeys: real processes, real reader, TLS. Each journey brings a browser of its own."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from testbed.faults import FaultSwitch, fault_switch
from testbed.stack import Stack
from tests.support.chromium import DESKTOP, a_browser
from tests.support.reader import need_reader_stack
from tests.support.running_house import a_running_house
from tests.support.visitor import Visitor, Visitors, a_visitor


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Started once; every part must still run at the end."""
    need_reader_stack()
    with a_running_house(tmp_path_factory.mktemp("house") / "state") as stack:
        yield stack
        stack.require_alive()


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The browser's driver; one for the process."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture
def new_visitor(playwright: Playwright, house: Stack, tmp_path: Path) -> Iterator[Visitors]:
    """Makes visitors, each with a browser profile of their own."""
    profiles = iter(range(100))
    with ExitStack() as browsers:

        def make(*, locale: str = "ja-JP", size: tuple[int, int] = DESKTOP, scripts: bool = True) -> Visitor:
            browser = a_browser(
                playwright,
                tmp_path / f"browser-{next(profiles)}",
                web_root=house.plan.web_root,
                locale=locale,
                size=size,
                scripts=scripts,
            )
            return a_visitor(browsers.enter_context(browser), house)

        yield make


@pytest.fixture
def visitor(new_visitor: Visitors) -> Visitor:
    """A person with a Japanese browser."""
    return new_visitor()


@pytest.fixture
def faults(house: Stack) -> Iterator[FaultSwitch]:
    """The switch of the revocation services' faults; off again afterwards."""
    switch = fault_switch(house.plan.state)
    yield switch
    switch.clear()
