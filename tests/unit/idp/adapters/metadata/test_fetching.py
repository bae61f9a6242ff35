from datetime import timedelta

import pytest

from foundation.http import (
    DeadlineExceeded,
    ExchangeLimits,
    PeerUnreachable,
    RequestFailed,
    ResponseTooLarge,
    UnexpectedStatus,
)
from idp.adapters.metadata.fetching import MEDIA_TYPE, FetchLimits, HttpMetadataFetcher
from idp.domain.metadata_source import MetadataRefused, MetadataSource, SourceKind, WhyRefused
from tests.support.http import FakeHttpClient
from tests.support.sources import a_source

ENTITY = "https://sp.example/metadata?a=b&c d/é"
LIMITS = FetchLimits(
    aggregate=ExchangeLimits(deadline=timedelta(seconds=9), maximum_bytes=900),
    single=ExchangeLimits(deadline=timedelta(seconds=1), maximum_bytes=100),
)
SINGLE = a_source("single", SourceKind.ENTITY, url="https://sp.example/metadata")
AGGREGATE = a_source("federation", SourceKind.AGGREGATE, url="https://federation.example/all.xml")
QUERY = a_source("mdq", SourceKind.QUERY, url="https://mdq.example/base")
ADDRESS = "https://mdq.example/base/entities/https%3A%2F%2Fsp.example%2Fmetadata%3Fa%3Db%26c%20d%2F%C3%A9"


def a_fetcher(url: str, answer: bytes | RequestFailed = b"<a/>") -> tuple[HttpMetadataFetcher, FakeHttpClient]:
    """One that gets `answer` at `url` and nowhere else."""
    http = FakeHttpClient({url: lambda _: answer})
    return HttpMetadataFetcher(http=http, limits=LIMITS), http


@pytest.mark.parametrize(
    ("source", "url", "limits"),
    [
        (SINGLE, SINGLE.url, LIMITS.single),
        (AGGREGATE, AGGREGATE.url, LIMITS.aggregate),
        (QUERY, ADDRESS, LIMITS.single),
        (a_source("mdq", SourceKind.QUERY, url=f"{QUERY.url}/"), ADDRESS, LIMITS.single),
    ],
)
def test_document_comes_from_the_configured_address(source: MetadataSource, url: str, limits: ExchangeLimits) -> None:
    fetcher, http = a_fetcher(url)
    with fetcher.fetch(source, ENTITY, etag=None) as fetched:
        assert fetched is not None
        assert fetched.document.read() == b"<a/>"
        assert (fetched.size, fetched.etag) == (4, None)
    (sent,) = http.sent
    assert (sent.limits, sent.accept) == (limits, MEDIA_TYPE)


def test_known_version_is_asked_about_and_not_fetched_again() -> None:
    fetcher, http = a_fetcher(SINGLE.url)
    http.etag = '"1"'
    with fetcher.fetch(SINGLE, ENTITY, etag=None) as fetched:
        assert fetched is not None
        assert fetched.etag == '"1"'
    with fetcher.fetch(SINGLE, ENTITY, etag='"1"') as fetched:
        assert fetched is None
    assert [sent.etag for sent in http.sent] == [None, '"1"']


@pytest.mark.parametrize("etag", ["x" * 201, '"\x00"', '"a b"', '"見本"', ""])
def test_name_of_a_version_that_cannot_be_kept_is_forgotten(etag: str) -> None:
    fetcher, http = a_fetcher(SINGLE.url)
    http.etag = etag
    with fetcher.fetch(SINGLE, ENTITY, etag=None) as fetched:
        assert fetched is not None
        assert fetched.etag is None


@pytest.mark.parametrize(
    ("failure", "source", "why"),
    [
        (PeerUnreachable("x"), QUERY, WhyRefused.NOT_FETCHED),
        (DeadlineExceeded("x"), AGGREGATE, WhyRefused.NOT_FETCHED),
        (UnexpectedStatus(302), SINGLE, WhyRefused.NOT_FETCHED),
        (UnexpectedStatus(404), QUERY, WhyRefused.NOT_THERE),
        (UnexpectedStatus(404), AGGREGATE, WhyRefused.NOT_FETCHED),
        (ResponseTooLarge("x"), AGGREGATE, WhyRefused.TOO_LARGE),
    ],
)
def test_failure_is_told_apart(failure: RequestFailed, source: MetadataSource, why: WhyRefused) -> None:
    fetcher, _ = a_fetcher(ADDRESS if source is QUERY else source.url, failure)
    with pytest.raises(MetadataRefused) as refused, fetcher.fetch(source, ENTITY, etag=None):
        pass
    assert refused.value.why is why


def test_failure_is_told_in_words() -> None:
    fetcher, _ = a_fetcher(SINGLE.url, PeerUnreachable("no address of the host answers"))
    with (
        pytest.raises(MetadataRefused, match=r"^Nothing could be fetched\. \(no address of the host answers\)$"),
        fetcher.fetch(SINGLE, None, etag=None),
    ):
        pass


ALLOWED = ["https://a.example", "https://a.example:8443/b?c=d", "https://[2001:db8::1]/x"]
REFUSED = [
    "http://a.example/",
    "http://127.0.0.1/",
    "ftp://a.example/",
    "file:///etc/passwd",
    "//a.example/",
    "https://",
    "https://user@a.example/",
    "https://a.example/#",
    "https://a.example/#x",
    "https://a.example:0/",
    "https://a.example:x/",
    "https://a.example/ b",
    "https://a.example/\n",
    "https://見本.example/",
    "https://a.example/" + "x" * 1024,
]


@pytest.mark.parametrize("url", ALLOWED)
def test_addresses_that_may_be_asked(url: str) -> None:
    a_fetcher(url)[0].require_address(url)


@pytest.mark.parametrize("url", REFUSED)
def test_addresses_that_are_never_asked(url: str) -> None:
    fetcher, http = a_fetcher(url)
    source = a_source("x", SourceKind.ENTITY, url=url)
    for ask in (lambda: fetcher.require_address(url), lambda: fetcher.fetch(source, None, etag=None).__enter__()):
        with pytest.raises(MetadataRefused) as refused:
            ask()
        assert refused.value.why is WhyRefused.ADDRESS
    assert http.sent == []


@pytest.mark.parametrize("host", ["127.0.0.1:1", "[::1]:1", "localhost:1"])
def test_plain_http_is_for_this_computer_and_for_development(host: str) -> None:
    fetcher = HttpMetadataFetcher(http=FakeHttpClient({}), unsafe_http_loopback=True)
    fetcher.require_address(f"http://{host}/")
    with pytest.raises(MetadataRefused):
        fetcher.require_address("http://a.example/")
