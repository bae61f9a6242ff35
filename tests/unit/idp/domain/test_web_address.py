"""Addresses that others tell us, and what is wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.web_address import LONGEST_ADDRESS, AddressFault, address_fault, is_link

HERE = ["http://127.0.0.1/", "http://127.9.9.9:8080/a", "http://[::1]/", "http://localhost/"]
GOOD = [
    "https://a.example",
    "https://a.example:8443/b;c=d?e=f@g&h=[1]",
    "https://[2001:db8::1]/x",
    "HTTPS://A.example/",
]
BAD = {
    "https://見本.example/": AddressFault.CHARACTERS,
    "https://a.example/ b": AddressFault.CHARACTERS,
    " https://a.example/": AddressFault.CHARACTERS,
    "https://a.example/\n": AddressFault.CHARACTERS,
    "https://a.example\\b.example/": AddressFault.CHARACTERS,
    'https://a.example/"><script>': AddressFault.CHARACTERS,
    "https://[::1/": AddressFault.UNREADABLE,
    "https://a.example:port/": AddressFault.UNREADABLE,
    "https://a.example:65536/": AddressFault.UNREADABLE,
    "": AddressFault.PLACE,
    "a.example": AddressFault.PLACE,
    "//": AddressFault.PLACE,
    "javascript:alert(1)": AddressFault.PLACE,
    "https:///a": AddressFault.PLACE,
    "https://a.example;sandbox/": AddressFault.PLACE,
    "https://a.example,b.example/": AddressFault.PLACE,
    "https://*/": AddressFault.PLACE,
    "https://'self'/": AddressFault.PLACE,
    "https://a.example:0/": AddressFault.PLACE,
    "https://user@a.example/": AddressFault.PLACE,
    "https://:word@a.example/": AddressFault.PLACE,
    "https://@a.example/": AddressFault.PLACE,
    "//a.example/": AddressFault.OPEN,
    "http://a.example/": AddressFault.OPEN,
    "ftp://a.example/": AddressFault.OPEN,
    "https://a.example/#": AddressFault.FRAGMENT,
    "https://a.example/#b": AddressFault.FRAGMENT,
}
NOT_HERE = ["http://128.0.0.1/", "http://localhost.example/", "http://127.0.0.1.example/", "ftp://127.0.0.1/"]


@pytest.mark.parametrize("url", GOOD)
def test_https_address_will_do(url: str) -> None:
    assert address_fault(url) is None
    assert is_link(url)


@pytest.mark.parametrize(("url", "fault"), BAD.items())
def test_fault_is_told(url: str, fault: AddressFault) -> None:
    assert address_fault(url) is fault
    assert address_fault(url, unsafe_http_loopback=True) is fault


@pytest.mark.parametrize("url", HERE)
def test_plain_http_is_for_this_computer_itself_and_only_where_it_is_allowed(url: str) -> None:
    assert address_fault(url) is AddressFault.OPEN
    assert address_fault(url, unsafe_http_loopback=True) is None


@pytest.mark.parametrize("url", NOT_HERE)
def test_no_other_computer_passes_for_this_one(url: str) -> None:
    assert address_fault(url, unsafe_http_loopback=True) is AddressFault.OPEN


def test_link_may_be_plain_http_and_lead_into_a_page() -> None:
    assert is_link("http://a.example/#b")
    assert is_link("https://a.example/" + "b" * (LONGEST_ADDRESS - 18))


@pytest.mark.parametrize(
    "url",
    [
        *(url for url, fault in BAD.items() if fault not in {AddressFault.OPEN, AddressFault.FRAGMENT}),
        "//a.example/",
        "ftp://a.example/",
        'https://a.example/#"',
        "https://a.example/" + "b" * (LONGEST_ADDRESS - 17),
    ],
)
def test_what_leads_elsewhere_or_hides_something_is_no_link(url: str) -> None:
    assert not is_link(url)


@given(st.text() | st.text(alphabet="htps:/@#[].1a%0 \t\\").map(lambda tail: f"https://{tail}"))
def test_whatever_is_fit_to_send_to_is_fit_to_link_to(url: str) -> None:
    assert is_link(url) or address_fault(url) is not None or len(url) > LONGEST_ADDRESS
