"""When rightly signed metadata is taken all the same, and when it is asked for again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from idp.domain.metadata_source import DocumentHead, GoodReading, MetadataRefused, WhyRefused

_ALL = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataRules:
    """A source is asked again after `refresh`, sooner if it says so, after trouble and never sooner than `retry`.

    A document may be valid for `longest_validity` from now. An aggregate may shrink to `least_percent` of what it was.
    """

    refresh: timedelta
    retry: timedelta
    longest_validity: timedelta
    least_percent: int

    def pause(self, cache_for: timedelta | None, ends_at: datetime, *, now: datetime) -> timedelta:
        """How long a document just taken serves before the source is asked again: at most half of its time."""
        wishes = [self.refresh, (ends_at - now) / 2]
        if cache_for is not None:
            wishes.append(cache_for)
        return max(self.retry, min(wishes))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedDocument:
    """A document's head beside the `last` one that was taken; None if there is none, or if it shall not matter."""

    head: DocumentHead
    last: GoodReading | None
    rules: MetadataRules
    now: datetime


def has_no_end(offered: OfferedDocument) -> bool:
    """Without an end a copy could be replayed for ever."""
    return offered.head.ends_at is None


def is_over(offered: OfferedDocument) -> bool:
    """SAML metadata 2.3.1, `validUntil`."""
    return offered.head.ends_at is not None and offered.now >= offered.head.ends_at


def ends_too_late(offered: OfferedDocument) -> bool:
    """A copy could be replayed for too long."""
    return offered.head.ends_at is not None and offered.head.ends_at > offered.now + offered.rules.longest_validity


def is_older(offered: OfferedDocument) -> bool:
    """By the instants of publication; where one is not stated, by the ends of validity."""
    head, last = offered.head, offered.last
    if last is None:
        return False
    if head.published_at is not None and last.published_at is not None:
        return head.published_at < last.published_at
    return head.ends_at is not None and head.ends_at < last.ends_at


HEAD_CHECKS: tuple[tuple[Callable[[OfferedDocument], bool], WhyRefused], ...] = (
    (has_no_end, WhyRefused.NO_END),
    (is_over, WhyRefused.EXPIRED),
    (ends_too_late, WhyRefused.ENDS_TOO_LATE),
    (is_older, WhyRefused.ROLLED_BACK),
)


def require_good_head(offered: OfferedDocument) -> None:
    """Raises `MetadataRefused` for the first check that fails."""
    for is_wrong, why in HEAD_CHECKS:
        if is_wrong(offered):
            raise MetadataRefused(why)


def require_not_shrunken(entities: int, last: GoodReading | None, rules: MetadataRules) -> None:
    """An aggregate always has somebody, and never suddenly lacks most. Raises `MetadataRefused`."""
    if entities == 0 or (last is not None and entities * _ALL < last.entities * rules.least_percent):
        raise MetadataRefused(WhyRefused.SHRUNKEN)
