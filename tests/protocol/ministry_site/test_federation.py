"""What the site takes for the login service's word."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from foundation.clock import system_clock
from sp_examples.ministry_saml.federation import Federation, LoginServiceUnreachable
from sp_examples.ministry_saml.settings import Settings
from tests.support.ministry_site import Stage
from tests.support.oidc import FakeClock
from tests.support.saml import SETTINGS, a_door, an_adapter
from tests.support.site_metadata import reader

Write = Callable[[bytes], None]


@pytest.fixture
def good() -> bytes:
    """The login service's own metadata, valid now."""
    return an_adapter().metadata(system_clock()).text


def begin(settings: Settings) -> str:
    return Federation(settings, clock=system_clock).begin()[1]


def test_signed_metadata_says_where_to_log_in(settings: Settings, write_idp_metadata: Write, good: bytes) -> None:
    write_idp_metadata(good)
    assert begin(settings).startswith(SETTINGS.sso_url + "?SAMLRequest=")


def test_unsigned_metadata_is_refused(settings: Settings, write_idp_metadata: Write, good: bytes) -> None:
    start, end = good.index(b"<ds:Signature"), good.index(b"</ds:Signature>") + len(b"</ds:Signature>")
    write_idp_metadata(good[:start] + good[end:])
    with pytest.raises(LoginServiceUnreachable, match="not signed as a whole"):
        begin(settings)


def test_changed_metadata_is_refused(settings: Settings, write_idp_metadata: Write, good: bytes) -> None:
    write_idp_metadata(good.replace(SETTINGS.sso_url.encode(), b"https://evil.example/sso"))
    with pytest.raises(LoginServiceUnreachable, match="pinned key"):
        begin(settings)


def test_metadata_signed_by_another_key_is_refused(settings: Settings, write_idp_metadata: Write, good: bytes) -> None:
    write_idp_metadata(good)
    with pytest.raises(LoginServiceUnreachable, match="pinned key"):
        begin(replace(settings, idp_certificate_file=settings.certificate_file))


def test_expired_metadata_is_refused(settings: Settings, write_idp_metadata: Write) -> None:
    write_idp_metadata(an_adapter().metadata(system_clock() - SETTINGS.own_metadata.lifetime - timedelta(days=1)).text)
    with pytest.raises(LoginServiceUnreachable):
        begin(settings)


@pytest.mark.parametrize("text", [b"", b"no XML", b"<x/>", b"\xff"])
def test_text_that_is_no_metadata_is_refused(settings: Settings, write_idp_metadata: Write, text: bytes) -> None:
    write_idp_metadata(text)
    with pytest.raises(LoginServiceUnreachable):
        begin(settings)


def test_missing_metadata_is_looked_for_again(settings: Settings, write_idp_metadata: Write, good: bytes) -> None:
    federation = Federation(settings, clock=system_clock)
    with pytest.raises(LoginServiceUnreachable):
        federation.begin()
    write_idp_metadata(good)
    federation.begin()


def test_metadata_is_read_again_when_no_longer_fresh(
    settings: Settings, write_idp_metadata: Write, good: bytes
) -> None:
    write_idp_metadata(good)
    clock = FakeClock(system_clock())
    federation = Federation(settings, clock=clock, fresh_for=timedelta(hours=1))
    federation.begin()
    write_idp_metadata(b"")
    clock.move(timedelta(minutes=59))
    federation.begin()
    clock.move(timedelta(minutes=1))
    with pytest.raises(LoginServiceUnreachable):
        federation.begin()


def test_own_metadata_can_be_registered(settings: Settings) -> None:
    metadata = Federation(settings, clock=system_clock).own_metadata()
    read = reader(replace(SETTINGS, unsafe_http_loopback=True)).registration(metadata, frozenset())
    assert read.entity_id == settings.entity_id
    assert [consumer.url for consumer in read.consumers] == [settings.return_url]


def test_own_metadata_names_no_weak_algorithm(settings: Settings) -> None:
    assert "md5" not in Federation(settings, clock=system_clock).own_metadata()


def test_request_is_understood_by_the_login_service(stage: Stage) -> None:
    assert stage.begin(stage.browser())


def test_sample_login_service_is_another_one(settings: Settings, write_idp_metadata: Write) -> None:
    """The fixtures' document is really what decides: with other metadata the address is another one."""
    other = replace(SETTINGS, sso_url="https://other.example/sso")
    write_idp_metadata(a_door(settings=other).adapter.metadata(system_clock()).text)
    assert begin(settings).startswith("https://other.example/sso?")
