"""Fetching revocation lists: each configured address in turn, every outcome a value. A bad list changes nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from foundation.http import ExchangeLimits, HttpClient, RequestFailed
from idp.adapters.revocation.crl_files import ListHead, ListRolledBack, compile_list
from jpki.anchors import TrustAnchor
from jpki.crl import verify_crl
from jpki.errors import CrlRejected

MAXIMUM_LIST_BYTES = 64 * 1024 * 1024
FETCH_DEADLINE = timedelta(seconds=60)
DEFAULT_SKEW = timedelta(seconds=60)


class WhyRefused(StrEnum):
    """Why a fetched list is not in use; the file before it stays until its own nextUpdate."""

    NOT_FETCHED = "not_fetched"
    NOT_BELIEVED = "not_believed"
    ROLLED_BACK = "rolled_back"
    NOT_WRITTEN = "not_written"


@dataclass(frozen=True, slots=True, kw_only=True)
class ListTaken:
    """The list at `url` is in use now."""

    url: str
    head: ListHead


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRefused:
    """The list at `url` is not. `detail` is for the operator and holds no part of the list."""

    url: str
    why: WhyRefused
    detail: str


RefreshOutcome = ListTaken | ListRefused


@dataclass(frozen=True, slots=True, kw_only=True)
class CrlRefresher:
    """Keeps the compiled lists in `folder` current. `urls` come from the settings, never from a certificate."""

    http: HttpClient
    urls: Sequence[str]
    anchors: Sequence[TrustAnchor]
    folder: Path
    deadline: timedelta = FETCH_DEADLINE
    maximum_bytes: int = MAXIMUM_LIST_BYTES
    max_skew: timedelta = DEFAULT_SKEW

    def refresh(self, *, now: datetime) -> tuple[RefreshOutcome, ...]:
        """Fetch, verify and compile every list; one that fails does not stop the others."""
        return tuple(self._refresh_one(url, now=now) for url in self.urls)

    def _refresh_one(self, url: str, *, now: datetime) -> RefreshOutcome:
        limits = ExchangeLimits(deadline=self.deadline, maximum_bytes=self.maximum_bytes)
        try:
            fetched = self.http.get(url, limits=limits)
            head = take_list(fetched, anchors=self.anchors, folder=self.folder, now=now, max_skew=self.max_skew)
        except RequestFailed as error:
            return ListRefused(url=url, why=WhyRefused.NOT_FETCHED, detail=f"{type(error).__name__}: {error}")
        except CrlRejected as error:
            return ListRefused(url=url, why=WhyRefused.NOT_BELIEVED, detail=str(error))
        except ListRolledBack as error:
            return ListRefused(url=url, why=WhyRefused.ROLLED_BACK, detail=str(error))
        except OSError as error:
            return ListRefused(url=url, why=WhyRefused.NOT_WRITTEN, detail=error.strerror or type(error).__name__)
        return ListTaken(url=url, head=head)


def take_list(
    unverified_crl: bytes, *, anchors: Sequence[TrustAnchor], folder: Path, now: datetime, max_skew: timedelta
) -> ListHead:
    """Verify and compile one list, also one carried in by hand. Raises `CrlRejected`, `ListRolledBack`, `OSError`."""
    return compile_list(verify_crl(unverified_crl, anchors, now=now, max_skew=max_skew), folder)
