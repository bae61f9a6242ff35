"""Error codes that a client is told, and which of our refusals is told by which."""

from enum import StrEnum

from idp.domain.errors import (
    AssuranceUnreachable,
    CardRejected,
    EnrolmentRefused,
    IdpError,
    InteractionRequired,
    ReleaseRefused,
    RequestInvalid,
    RequestRejected,
    ServiceFault,
    Unavailable,
)


class OAuthError(StrEnum):
    """RFC 6749 sections 4.1.2.1 and 5.2, RFC 6750 section 3.1, OpenID Connect Core 3.1.2.6, and
    OpenID Connect Core Error Code unmet_authentication_requirements 1.0.
    """

    INVALID_REQUEST = "invalid_request"
    UNSUPPORTED_RESPONSE_TYPE = "unsupported_response_type"
    INVALID_SCOPE = "invalid_scope"
    ACCESS_DENIED = "access_denied"
    SERVER_ERROR = "server_error"
    TEMPORARILY_UNAVAILABLE = "temporarily_unavailable"
    LOGIN_REQUIRED = "login_required"
    UNMET_AUTHENTICATION_REQUIREMENTS = "unmet_authentication_requirements"
    REQUEST_NOT_SUPPORTED = "request_not_supported"
    REQUEST_URI_NOT_SUPPORTED = "request_uri_not_supported"
    REGISTRATION_NOT_SUPPORTED = "registration_not_supported"
    INVALID_CLIENT = "invalid_client"
    INVALID_GRANT = "invalid_grant"
    UNAUTHORIZED_CLIENT = "unauthorized_client"
    UNSUPPORTED_GRANT_TYPE = "unsupported_grant_type"
    INVALID_TOKEN = "invalid_token"  # noqa: S105 (an error code)


class OAuthRefusal(Exception):
    """A client's message will not do. `description` is for its developer: our own ASCII words, nothing it sent."""

    def __init__(self, code: OAuthError, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.code = code
        self.description = description


_AUTHORIZATION_ERRORS: dict[type[IdpError], OAuthError] = {
    RequestRejected: OAuthError.ACCESS_DENIED,
    RequestInvalid: OAuthError.INVALID_REQUEST,
    CardRejected: OAuthError.ACCESS_DENIED,
    EnrolmentRefused: OAuthError.ACCESS_DENIED,
    InteractionRequired: OAuthError.LOGIN_REQUIRED,
    ReleaseRefused: OAuthError.ACCESS_DENIED,
    AssuranceUnreachable: OAuthError.UNMET_AUTHENTICATION_REQUIREMENTS,
    Unavailable: OAuthError.TEMPORARILY_UNAVAILABLE,
    ServiceFault: OAuthError.SERVER_ERROR,
}
"""By family, with rows for the leaves that differ. A client never learns what is wrong with a card."""


def authorization_error(error: IdpError) -> OAuthError:
    """The code that tells `error` to a client by redirect. Raises `KeyError` for a refusal outside every family."""
    for kind in type(error).__mro__:
        if kind in _AUTHORIZATION_ERRORS:
            return _AUTHORIZATION_ERRORS[kind]
    raise KeyError(type(error).__name__)
