"""Artifacts and what they stand for."""

import pytest

from idp.domain.errors import IdpError, RequestInvalid, SiteUnknown, leaves
from idp.domain.service_provider import ServiceProviderId
from idp.protocols.saml.bindings.artifacts import HeldAnswer, address_with
from idp.protocols.saml.names import HTTP_ARTIFACT
from idp.protocols.saml.responses.writing import Reply
from tests.support.saml import NOW, SITE_ID


def a_reply(url: str, relay_state: str | None = None) -> Reply:
    return Reply(
        site=ServiceProviderId("ministry"),
        entity_id=SITE_ID,
        return_url=url,
        binding=HTTP_ARTIFACT,
        request_id="_1",
        relay_state=relay_state,
        context=None,
        name_qualifier=None,
        encrypt_id=False,
        not_before=None,
        not_on_or_after=None,
        one_time_use=False,
        proxy_count=None,
    )


@pytest.mark.parametrize(
    ("url", "relay_state", "expected"),
    [
        ("https://a.example/acs", None, "https://a.example/acs?SAMLart=AA%2B%2F%3D"),
        ("https://a.example/acs?b=c", None, "https://a.example/acs?b=c&SAMLart=AA%2B%2F%3D"),
        ("https://a.example/acs", "", "https://a.example/acs?SAMLart=AA%2B%2F%3D&RelayState="),
        ("https://a.example/acs", "a&b=ü", "https://a.example/acs?SAMLart=AA%2B%2F%3D&RelayState=a%26b%3D%C3%BC"),
    ],
)
def test_artifact_and_relay_state_are_added_to_the_address(url: str, relay_state: str | None, expected: str) -> None:
    assert address_with("AA+/=", a_reply(url, relay_state)) == expected


@pytest.mark.parametrize("kind", leaves().values(), ids=lambda kind: kind.__name__)
def test_every_refusal_can_be_told_later(kind: type[IdpError]) -> None:
    error = kind("why") if issubclass(kind, RequestInvalid | SiteUnknown) else kind()
    held = HeldAnswer(reply=a_reply("https://a.example/acs"), release=None, refusal=error.code, at=NOW)
    assert type(held.error) is kind
