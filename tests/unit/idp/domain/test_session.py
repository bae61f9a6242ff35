from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.assurance import AssuranceLevel, AuthenticationContext
from idp.domain.login import IdentifierKind, LoginRequest
from idp.domain.service_provider import Tier, TrustCircle
from idp.domain.session import StepUpReason, step_up_reason
from tests.support.builders import NOW, a_citizen, a_service_provider, a_session

SITE = a_service_provider()
SESSION = a_session(a_citizen())
REQUEST = LoginRequest(
    service_provider=SITE.id,
    required=AssuranceLevel.HIGH,
    identifier=IdentifierKind.PERSISTENT,
    forced=False,
    passive=False,
    max_age=None,
    reply="",
)
LATER = NOW + timedelta(minutes=10)


def reason(session=SESSION, site=SITE, request=REQUEST, *, asked_at=LATER, now=LATER) -> StepUpReason | None:  # type: ignore[no-untyped-def] # noqa: ANN001 (the defaults tell)
    found: StepUpReason | None = step_up_reason(session, site, request, asked_at=asked_at, now=now)
    return found


def test_session_serves_a_site_of_its_circle_and_tier() -> None:
    assert reason() is None


def test_session_never_serves_another_circle() -> None:
    assert reason(site=replace(SITE, circle=TrustCircle("health"))) is StepUpReason.OTHER_CIRCLE


@pytest.mark.parametrize(
    ("opened_for", "asked_by", "expected"),
    [
        (Tier.STANDARD, Tier.STANDARD, None),
        (Tier.HIGH, Tier.STANDARD, None),
        (Tier.HIGH, Tier.HIGH, None),
        (Tier.STANDARD, Tier.HIGH, StepUpReason.OTHER_CIRCLE),
    ],
)
def test_session_never_serves_upward_in_tier(opened_for: Tier, asked_by: Tier, expected: StepUpReason | None) -> None:
    assert reason(replace(SESSION, tier=opened_for), replace(SITE, tier=asked_by)) is expected


def test_forced_login_needs_a_card_read_since_the_site_asked() -> None:
    forced = replace(REQUEST, forced=True)
    assert reason(request=forced) is StepUpReason.FRESHER
    assert reason(request=forced, asked_at=NOW) is None
    assert reason(request=forced, asked_at=NOW + timedelta(microseconds=1)) is StepUpReason.FRESHER


@pytest.mark.parametrize(
    ("max_age", "expected"),
    [
        (timedelta(minutes=10), None),
        (timedelta(minutes=10) - timedelta(microseconds=1), StepUpReason.FRESHER),
        (timedelta(0), StepUpReason.FRESHER),
    ],
)
def test_max_age_counts_from_the_card(max_age: timedelta, expected: StepUpReason | None) -> None:
    assert reason(request=replace(REQUEST, max_age=max_age)) is expected


def test_card_read_since_the_site_asked_is_never_too_old() -> None:
    """Or `max_age=0` could never be met."""
    assert reason(request=replace(REQUEST, max_age=timedelta(0)), asked_at=NOW) is None


@given(
    circle=st.sampled_from(["government", "health"]),
    tier=st.sampled_from(Tier),
    forced=st.booleans(),
    seconds=st.none() | st.integers(min_value=0, max_value=10**6),
)
def test_stricter_request_is_never_served_where_a_laxer_one_is_not(
    *, circle: str, tier: Tier, forced: bool, seconds: int | None
) -> None:
    site = replace(SITE, circle=TrustCircle(circle), tier=tier)
    max_age = None if seconds is None else timedelta(seconds=seconds)
    request = replace(REQUEST, forced=forced, max_age=max_age)
    if reason(site=site, request=replace(request, forced=False, max_age=None)) is not None:
        assert reason(site=site, request=request) is not None


def test_card_with_pin_reaches_the_highest_level() -> None:
    assert AuthenticationContext.CARD_PIN.level is AssuranceLevel.HIGH
    assert AssuranceLevel.LOW < AssuranceLevel.SUBSTANTIAL < AssuranceLevel.HIGH
