from datetime import timedelta

import pytest

from idp.domain.assurance import AssuranceLevel
from idp.domain.errors import RequestInvalid, SiteUnknown
from idp.domain.login import IdentifierKind
from idp.protocols.contract import Refusable
from idp.protocols.oidc.errors import OAuthError
from idp.protocols.oidc.requests import REPLIES, CodeTerms
from tests.support.oidc import CLIENT_ID, REDIRECT_URI, a_client, a_door, s256

DOOR = a_door()
CLIENT = a_client(DOOR)


def test_a_plain_request_asks_for_a_lasting_identifier_by_card() -> None:
    asked = DOOR.adapter.understand(CLIENT.request())

    assert (asked.service_provider, asked.identifier) == ("shop", IdentifierKind.PERSISTENT)
    assert (asked.required, asked.forced, asked.passive, asked.max_age) == (AssuranceLevel.HIGH, False, False, None)


def test_the_reply_holds_what_the_answer_needs_and_nothing_else() -> None:
    asked = DOOR.adapter.understand(CLIENT.request(acr_values="urn:unknown aal3", login_hint="hanako"))
    reply = REPLIES.decode(asked.reply)

    assert (reply.client_id, reply.redirect_uri, reply.state, reply.fault) == (CLIENT_ID, REDIRECT_URI, "a state", None)
    assert reply.terms == CodeTerms(code_challenge=s256(CLIENT.verifier), nonce="a nonce", asked_acr=("aal3",))
    assert "hanako" not in asked.reply


def test_max_age_zero_is_not_the_same_as_none() -> None:
    assert DOOR.adapter.understand(CLIENT.request(max_age="0")).max_age == timedelta(0)


def test_unknown_prompts_are_ignored() -> None:
    asked = DOOR.adapter.understand(CLIENT.request(prompt="create"))

    assert (asked.forced, asked.passive) == (False, False)


def test_an_unproven_address_raises_for_a_page() -> None:
    with pytest.raises(SiteUnknown, match=r"^request\.site$") as unknown:
        DOOR.adapter.understand(CLIENT.request(redirect_uri="https://evil.example/"))
    assert unknown.value.why == "redirect_uri is not registered, or does not stand there once"
    with pytest.raises(RequestInvalid):
        DOOR.adapter.understand(CLIENT.request(client_id=None))


def test_a_fault_behind_a_proven_address_goes_to_the_client() -> None:
    with pytest.raises(Refusable) as refusable:
        DOOR.adapter.understand(CLIENT.request(scope="profile"))

    reply = REPLIES.decode(refusable.value.reply)
    assert isinstance(refusable.value.error, RequestInvalid)
    assert (refusable.value.service_provider, reply.fault, reply.terms) == ("shop", OAuthError.INVALID_SCOPE, None)
