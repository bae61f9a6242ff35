"""A citizen's way to a site that others wrote, with the card, and what that site learns."""

from urllib.parse import urlsplit

import msgspec

from tests.support.foreign_sites.site import ForeignSite, SeenLogin
from tests.support.visitor import Visitor


def log_in_at(site: ForeignSite, visitor: Visitor, card: str, pin: str) -> SeenLogin:
    """From the site's login to its page for who is logged in, with registration if it is asked for."""
    visitor.puts_in(card)
    visitor.page.goto(site.login_url)
    visitor.goes_to_the_card()
    visitor.types_pin(pin)
    visitor.page.wait_for_url(lambda url: "/enrolment/" in url or _is_at(site, url))
    if "/enrolment/" in visitor.page.url:
        visitor.agrees()
    return seen_at(site, visitor)


def seen_at(site: ForeignSite, visitor: Visitor) -> SeenLogin:
    """What the page says to which the site in the end leads; anything but its JSON is a refusal."""
    visitor.page.wait_for_url(lambda url: _is_at(site, url))
    words = visitor.page.locator("body").inner_text()
    try:
        return msgspec.json.decode(words, type=SeenLogin)
    except msgspec.MsgspecError:
        return SeenLogin(refusal=words)


def _is_at(site: ForeignSite, url: str) -> bool:
    return urlsplit(url).netloc == urlsplit(site.login_url).netloc
