from datetime import timedelta

import pytest

from foundation.records import Codec
from idp.adapters.db.engine import create_database_engine
from idp.adapters.db.one_time import SqlOneTimeStore
from idp.adapters.db.tables import Base
from idp.protocols.oidc.access_tokens import AccessGrant, AccessTokens
from idp.protocols.oidc.errors import OAuthRefusal
from tests.support.oidc import CLIENT_ID, NOW, SUBJECT


def tokens() -> AccessTokens:
    engine = create_database_engine("sqlite://")
    Base.metadata.create_all(engine)
    return AccessTokens(
        store=SqlOneTimeStore(engine, "access token", Codec(AccessGrant)), lifetime=timedelta(minutes=10)
    )


def issue(access_tokens: AccessTokens, code: str = "code") -> str:
    return access_tokens.issue(code, client_id=CLIENT_ID, subject=SUBJECT, now=NOW)


def test_a_token_is_read_as_often_as_wanted() -> None:
    access_tokens = tokens()
    token = issue(access_tokens)

    assert {access_tokens.read(token, now=NOW).subject for _ in range(3)} == {SUBJECT}


def test_revoking_takes_effect_at_once_and_can_be_repeated() -> None:
    access_tokens = tokens()
    token = issue(access_tokens)
    access_tokens.revoke("code", now=NOW)
    access_tokens.revoke("code", now=NOW)

    with pytest.raises(OAuthRefusal, match="access token"):
        access_tokens.read(token, now=NOW)


def test_a_code_revoked_before_its_token_is_issued_gives_none() -> None:
    access_tokens = tokens()
    access_tokens.revoke("code", now=NOW)

    with pytest.raises(OAuthRefusal, match="twice at once"):
        issue(access_tokens)


def test_revoking_one_code_leaves_the_tokens_of_others() -> None:
    access_tokens = tokens()
    token = issue(access_tokens)
    access_tokens.revoke("other code", now=NOW)

    assert access_tokens.read(token, now=NOW).client_id == CLIENT_ID


def test_the_place_of_a_revoked_token_opens_to_no_secret() -> None:
    access_tokens = tokens()
    identifier = issue(access_tokens).partition(".")[0]
    other = tokens()
    other.revoke("code", now=NOW)

    for secret in ("", ".", ".x"):
        with pytest.raises(OAuthRefusal):
            other.read(identifier + secret, now=NOW)
