from dataclasses import replace

import pytest

from idp.domain.errors import SiteSuspended, SiteUnknown
from idp.domain.service_provider import LocalText, Mark, Standing
from tests.support.builders import a_service_provider


def test_text_is_given_in_the_language_asked_for() -> None:
    text = LocalText(ja="見本省", en="Sample Ministry")
    assert text.in_language("ja") == "見本省"
    assert text.in_language("en") == "Sample Ministry"


def test_active_site_is_served() -> None:
    a_service_provider().require_active()


def test_suspended_site_is_told_from_one_that_is_gone() -> None:
    with pytest.raises(SiteSuspended):
        replace(a_service_provider(), standing=Standing.SUSPENDED).require_active()
    with pytest.raises(SiteUnknown) as unknown:
        replace(a_service_provider(), standing=Standing.REMOVED).require_active()
    assert unknown.value.why == "the site was removed"


def test_login_begins_at_our_own_pages_only_for_a_site_that_is_marked_for_it() -> None:
    replace(a_service_provider(), marks=frozenset({Mark.STARTS_HERE})).require_start()
    others = frozenset(Mark) - {Mark.STARTS_HERE}
    with pytest.raises(SiteUnknown) as unknown:
        replace(a_service_provider(), marks=others).require_start()
    assert unknown.value.why == "no login to the site begins here"
