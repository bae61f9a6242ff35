import base64
import hashlib
from dataclasses import fields
from datetime import timedelta

from idp.domain.assurance import AuthenticationContext
from idp.protocols.oidc.access_tokens import AccessGrant
from idp.protocols.oidc.claims import claims_supported, id_token_claims, userinfo_claims
from idp.protocols.oidc.codes import CodeGrant
from tests.support.oidc import CLIENT_ID, ISSUER, NOW, REDIRECT_URI, SUBJECT, a_release


def a_grant(nonce: str | None = "n") -> CodeGrant:
    return CodeGrant(
        client_id=CLIENT_ID,
        redirect_uri=REDIRECT_URI,
        code_challenge="c",
        nonce=nonce,
        acr=AuthenticationContext.CARD_PIN.value,
        release=a_release(),
    )


def claims(nonce: str | None = "n") -> dict[str, object]:
    return id_token_claims(
        a_grant(nonce),
        access_token="a token",  # noqa: S106 (a sample)
        issuer=ISSUER,
        lifetime=timedelta(minutes=5),
        now=NOW,
    )


def test_at_hash_is_the_left_half_of_the_digest() -> None:
    half = hashlib.sha256(b"a token").digest()[:16]

    assert base64.urlsafe_b64decode(str(claims()["at_hash"]) + "==") == half


def test_the_token_holds_no_claim_beyond_those_we_tell_of() -> None:
    assert claims().keys() == set(claims_supported(ISSUER))


def test_without_a_nonce_there_is_no_nonce() -> None:
    assert "nonce" not in claims(None)


def test_userinfo_tells_the_identifier_alone() -> None:
    grant = AccessGrant(client_id=CLIENT_ID, subject=SUBJECT, secret_digest=b"")

    assert userinfo_claims(grant) == {"sub": SUBJECT}
    assert "secret_digest" in {field.name for field in fields(grant)}
