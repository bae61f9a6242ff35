from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from idp.protocols.contract import FormPost
from idp.web.handover import MOST_SHELLS, HandoverPages

GOING = ("en", "Sample Ministry", "")


class Template:
    """Stands for the rendering of the real one, and counts how often it is asked."""

    def __init__(self) -> None:
        self.renderings = 0

    def __call__(self, action: str, fields: str) -> str:
        self.renderings += 1
        return f'<p>a &amp; b</p><form action="{action}">{fields}<button></button></form>'


class Form(HTMLParser):
    """What a browser would send."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action: str | None = None
        self.fields: list[tuple[str | None, str | None]] = []
        self.tags: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        given = dict(attrs)
        if tag == "form":
            self.action = given["action"]
        if tag == "input":
            self.fields.append((given["name"], given["value"]))


@given(
    action=st.text(),
    fields=st.lists(st.tuples(st.text(), st.text()), max_size=3),
)
def test_form_arrives_as_it_is_whatever_stands_in_it(action: str, fields: list[tuple[str, str]]) -> None:
    pages = HandoverPages()
    for _ in range(2):
        form = Form(pages.fill(GOING, FormPost(action=action, fields=tuple(fields)), Template()))
        assert form.action == action
        assert form.fields == fields
        assert form.tags == ["p", "form", *["input"] * len(fields), "button"]


def test_page_is_rendered_once_for_a_site_and_language() -> None:
    pages, template = HandoverPages(), Template()
    for language in ("en", "ja", "en", "ja"):
        pages.fill((language, "Sample Ministry", ""), FormPost(action="https://a.example", fields=()), template)
    assert template.renderings == 2


def test_no_visitors_message_is_kept_for_the_next() -> None:
    pages, template = HandoverPages(), Template()
    pages.fill(GOING, FormPost(action="https://a.example", fields=(("SAMLResponse", "first"),)), template)
    second = pages.fill(GOING, FormPost(action="https://b.example", fields=(("code", "second"),)), template)
    assert "first" not in second
    assert "a.example" not in second


def test_number_of_kept_shells_is_bounded_and_the_page_is_right_beyond() -> None:
    pages, template = HandoverPages(), Template()
    for number in range(MOST_SHELLS + 1):
        pages.fill((str(number),), FormPost(action="https://a.example", fields=()), template)
    last = (str(MOST_SHELLS),)
    assert "https://c.example" in pages.fill(last, FormPost(action="https://c.example", fields=()), template)
    assert template.renderings == MOST_SHELLS + 2


def test_place_of_the_form_cannot_be_known_beforehand() -> None:
    """A site whose name were the marker would take the form's place."""
    places: set[str] = set()

    def render(action: str, fields: str) -> str:
        places.update((action, fields))
        return ""

    for _ in range(2):
        HandoverPages().fill(GOING, FormPost(action="https://a.example", fields=()), render)
    assert len(places) == 4
