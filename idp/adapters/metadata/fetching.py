"""Asking sources of metadata over HTTP: by their configured addresses only, bounded in bytes and time.

The Metadata Query Protocol (draft-young-md-query) builds the address from the entity's name, and names the form that is
wanted (its SAML profile, section 2.1). Documents are signed; TLS keeps to us what we ask for, and keeps others from
answering that something is not there.
"""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never
from urllib.parse import quote

from foundation.http import Download, ExchangeLimits, HttpClient, RequestFailed, ResponseTooLarge, UnexpectedStatus
from idp.domain.metadata_source import MetadataRefused, MetadataSource, SourceKind, WhyRefused
from idp.domain.web_address import LONGEST_ADDRESS, address_fault
from idp.usecases.ports import FetchedDocument

MEDIA_TYPE = "application/samlmetadata+xml"
_NOT_FOUND = 404
_ETAG = re.compile(r"[!-~]{1,200}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchLimits:
    """For the document about all members of a federation, and for one about a single site."""

    aggregate: ExchangeLimits
    single: ExchangeLimits


DEFAULT_LIMITS = FetchLimits(
    aggregate=ExchangeLimits(deadline=timedelta(minutes=5), maximum_bytes=200 * 1024 * 1024),
    single=ExchangeLimits(deadline=timedelta(seconds=10), maximum_bytes=1024 * 1024),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpMetadataFetcher:
    """Fulfils `MetadataFetcher`. `unsafe_http_loopback` allows plain HTTP on this computer itself: for development."""

    http: HttpClient
    limits: FetchLimits = DEFAULT_LIMITS
    unsafe_http_loopback: bool = False

    def require_address(self, url: str) -> None:
        """Raises `MetadataRefused` for one that is never asked."""
        fault = address_fault(url, unsafe_http_loopback=self.unsafe_http_loopback)
        if fault is not None or len(url) > LONGEST_ADDRESS:
            raise MetadataRefused(WhyRefused.ADDRESS)

    @contextmanager
    def fetch(
        self, source: MetadataSource, entity_id: str | None, *, etag: str | None
    ) -> Iterator[FetchedDocument | None]:
        """The document about one site, or about all for None; None if the version called `etag` is still the newest.

        Raises `MetadataRefused`.
        """
        url = _address(source, entity_id)
        self.require_address(url if source.kind is not SourceKind.QUERY else source.url)
        limits = self.limits.aggregate if source.kind is SourceKind.AGGREGATE else self.limits.single
        with tempfile.TemporaryFile() as document:
            try:
                got = self.http.download(url, document, accept=MEDIA_TYPE, etag=etag, limits=limits)
            except RequestFailed as error:
                raise _refusal(error, source.kind) from error
            except OSError as error:
                raise MetadataRefused(WhyRefused.NOT_FETCHED, error.strerror or "it cannot be kept") from error
            document.seek(0)
            yield None if got is None else FetchedDocument(document=document, size=got.size, etag=_usable_etag(got))


def _address(source: MetadataSource, entity_id: str | None) -> str:
    match source.kind:
        case SourceKind.ENTITY | SourceKind.AGGREGATE:
            return source.url
        case SourceKind.QUERY:
            base = source.url if source.url.endswith("/") else f"{source.url}/"
            return f"{base}entities/{quote(entity_id or '', safe='')}"
        case _:
            assert_never(source.kind)


def _refusal(error: RequestFailed, kind: SourceKind) -> MetadataRefused:
    """Metadata Query Protocol, 2.6: 404 says that there is no such entity, and never that something is out of order."""
    if kind is SourceKind.QUERY and isinstance(error, UnexpectedStatus) and error.status == _NOT_FOUND:
        return MetadataRefused(WhyRefused.NOT_THERE)
    if isinstance(error, ResponseTooLarge):
        return MetadataRefused(WhyRefused.TOO_LARGE, str(error))
    return MetadataRefused(WhyRefused.NOT_FETCHED, str(error))


def _usable_etag(got: Download) -> str | None:
    """RFC 9110, section 8.8.3, of a length that can be kept; any other is read past."""
    return got.etag if got.etag is not None and _ETAG.fullmatch(got.etag) else None
