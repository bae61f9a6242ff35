"""Claims of the ID token and of userinfo: a `Release` in OpenID Connect's words, and nothing beside it."""

import hashlib
from datetime import datetime, timedelta

from idp.domain.citizen import CertificateCheck
from idp.protocols.oidc.access_tokens import AccessGrant
from idp.protocols.oidc.codes import CodeGrant
from idp.protocols.oidc.contexts import amr_of
from idp.protocols.oidc.jws import encoded

CERT_STATUS = "/claims/cert_status"
"""Name, under our issuer, of the claim that tells how fresh the certificate's check was."""


def id_token_claims(
    grant: CodeGrant, *, access_token: str, issuer: str, lifetime: timedelta, now: datetime
) -> dict[str, object]:
    """OpenID Connect Core 2 and 3.1.3.6; `sid` of OpenID Connect Back-Channel Logout 2.1."""
    release = grant.release
    claims: dict[str, object] = {
        "iss": issuer,
        "sub": release.subject,
        "aud": grant.client_id,
        "exp": _seconds(now + lifetime),
        "iat": _seconds(now),
        "auth_time": _seconds(release.authenticated_at),
        "acr": grant.acr,
        "amr": amr_of(release.context),
        "sid": release.session,
        "at_hash": _half_hash(access_token),
        issuer + CERT_STATUS: _cert_status(release.check),
    }
    return claims if grant.nonce is None else claims | {"nonce": grant.nonce}


def userinfo_claims(grant: AccessGrant) -> dict[str, object]:
    """OpenID Connect Core 5.3.2."""
    return {"sub": grant.subject}


def claims_supported(issuer: str) -> list[str]:
    """Every claim that an ID token may hold."""
    ours = issuer + CERT_STATUS
    return ["iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "acr", "amr", "sid", "at_hash", ours]


def _cert_status(check: CertificateCheck) -> dict[str, object]:
    return {
        "source": check.source.value,
        "checked_at": _seconds(check.checked_at),
        "list_issued_at": _seconds(check.issued_at),
        "valid_until": _seconds(check.next_update),
    }


def _half_hash(access_token: str) -> str:
    """Left half of SHA-256, the hash of every algorithm that signs our ID tokens."""
    return encoded(hashlib.sha256(access_token.encode()).digest()[:16]).decode()


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
