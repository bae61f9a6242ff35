"""A citizen at the browser: each method is one thing that a person does, and waits until its page is there."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import BrowserContext, Page, expect

from foundation.clock import system_clock
from testbed.acts import Act, Desk
from testbed.stack import Stack

MAIN_BUTTON = "main .button:not(.text):not(.outline)"
WAY_BACK = "main .button.text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """One person with one page of one browser, in front of a running house."""

    page: Page
    stack: Stack

    @property
    def desk(self) -> Desk:
        """Where the person's card is put in, lost and renewed."""
        return Desk(state=self.stack.plan.state, reader=self.stack.plan.reader, clock=system_clock)

    def puts_in(self, card: str) -> None:
        """The card on the reader is now `card`, whatever was there."""
        self.desk.do(Act.INSERT, card)

    def puts_in_a_new(self, card: str) -> None:
        """The same, with certificates that the provider has never seen."""
        self.desk.do(Act.RENEW, card)
        self.puts_in(card)

    def opens(self, place: str) -> None:
        """The first page of a site."""
        self.page.goto(f"{self.stack.plan.origin(place)}/")

    def presses_login(self) -> None:
        """マイナンバーカードでログイン."""
        self.page.locator(MAIN_BUTTON).first.click()

    def goes_to_the_card(self) -> None:
        """From the provider's page to the agent's."""
        self.is_at("idp")
        self.page.locator(MAIN_BUTTON).click()
        self.is_at("agent")

    def types_pin(self, pin: str) -> None:
        """On the agent's page; confirms the risk where the agent asks for it."""
        self.page.locator("input[name=pin]").fill(pin)
        for box in self.page.locator("input[type=checkbox]").all():
            box.check()
        self.page.locator(MAIN_BUTTON).click()

    def goes_on(self) -> None:
        """The one filled button of the page."""
        self.page.locator(MAIN_BUTTON).click()

    def goes_back(self) -> None:
        """The page's own way back, not the browser's."""
        self.page.locator(WAY_BACK).first.click()

    def stops_at_the_agent(self) -> None:
        """The agent's way back."""
        self.page.locator("button[name=leave]").click()

    def agrees(self) -> None:
        """To the registration."""
        self.page.locator("input[name=agree]").check()
        self.page.locator(MAIN_BUTTON).click()

    def logs_in(self, card: str, pin: str, site: str = "ministry") -> None:
        """The whole way, with registration if it is asked for."""
        self.puts_in(card)
        self.opens(site)
        self.presses_login()
        self.goes_to_the_card()
        self.types_pin(pin)
        self.arrives(site)

    def arrives(self, site: str) -> None:
        """In, at the site, with registration on the way if it is asked for."""
        self.page.wait_for_url(re.compile(rf"/enrolment/|{re.escape(self.stack.plan.origin(site))}/home"))
        if "/enrolment/" in self.page.url:
            self.agrees()
        self.is_in(site)

    def is_at(self, place: str) -> None:
        """The page on the screen is of this place."""
        self.page.wait_for_url(f"{self.stack.plan.origin(place)}/**")

    def is_in(self, site: str) -> None:
        """Logged in at the site."""
        self.page.wait_for_url(f"{self.stack.plan.origin(site)}/home")

    def reads(self, words: str) -> None:
        """These words are the page's heading, or in it."""
        expect(self.page.locator("h1")).to_contain_text(words)

    def identifier(self) -> str:
        """What the site calls this citizen."""
        return self.page.locator(".facts dd").first.inner_text().split()[0]


def a_visitor(context: BrowserContext, stack: Stack) -> Visitor:
    """A person with a new page."""
    return Visitor(page=context.new_page(), stack=stack)


Visitors = Callable[..., Visitor]
"""Makes a visitor; `locale`, `size` and `scripts` say what browser they have."""
