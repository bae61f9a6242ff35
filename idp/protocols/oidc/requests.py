"""The authorization request (OpenID Connect Core 3.1.2.1, RFC 6749 4.1.1, RFC 7636): read, checked, understood.

Until client and redirect address are proven a plain `IdpError` is raised and a page answers; from there on the client
is told by redirect. Unknown parameters, and hints that change nothing here (`display`, `ui_locales`, `login_hint`,
`id_token_hint`, `claims`), are ignored.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from foundation.records import Codec
from idp.domain.assurance import AssuranceLevel, AuthenticationContext
from idp.domain.errors import RequestInvalid, SiteUnknown
from idp.domain.login import IdentifierKind, LoginRequest
from idp.domain.service_provider import ServiceProviderId
from idp.protocols.contract import Refusable
from idp.protocols.oidc.clients import Client, Clients
from idp.protocols.oidc.contexts import acr_values
from idp.protocols.oidc.errors import OAuthError, OAuthRefusal
from idp.protocols.oidc.parameters import Parameters

LONGEST_STATE = 2048
LONGEST_NONCE = 512
MOST_ACR_VALUES = 20

PROMPTS = ("none", "login", "consent", "select_account")
SCOPE = "openid"

_S256_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_SECONDS = re.compile(r"[0-9]{1,9}")
_UNSUPPORTED = {
    "request": OAuthError.REQUEST_NOT_SUPPORTED,
    "request_uri": OAuthError.REQUEST_URI_NOT_SUPPORTED,
    "registration": OAuthError.REGISTRATION_NOT_SUPPORTED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeTerms:
    """What the request fixes for the code and the ID token that will answer it."""

    code_challenge: str
    nonce: str | None
    asked_acr: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationReply:
    """All that is needed to answer; it waits with the login as its `reply`.

    `terms` is missing in a request that is refused for `fault`, so nothing can be issued for it.
    """

    service_provider: ServiceProviderId
    client_id: str
    redirect_uri: str
    state: str | None
    terms: CodeTerms | None
    fault: OAuthError | None


REPLIES = Codec(AuthorizationReply)


def understand_request(pairs: Sequence[tuple[str, str]], clients: Clients, *, issuer: str) -> LoginRequest:
    """Raises `SiteUnknown` or `RequestInvalid` for a page, `Refusable` for the client."""
    try:
        parameters = Parameters(pairs)
    except OAuthRefusal as refusal:
        raise RequestInvalid(refusal.description) from refusal
    client = _client(parameters, clients)
    redirect_uri = _registered_address(parameters, client)
    state = _state(parameters)
    try:
        for check in CHECKS:
            check(parameters)
    except OAuthRefusal as refusal:
        reply = _reply(client, redirect_uri, state, terms=None, fault=refusal.code)
        raise Refusable(RequestInvalid(refusal.description), reply, client.service_provider) from refusal
    terms = CodeTerms(
        code_challenge=parameters.get("code_challenge") or "",
        nonce=parameters.get("nonce"),
        asked_acr=_asked_acr(parameters, issuer),
    )
    prompts = _prompts(parameters)
    return LoginRequest(
        service_provider=client.service_provider,
        required=_required(terms.asked_acr, issuer),
        identifier=IdentifierKind.PERSISTENT,
        forced=bool(prompts - {"none"}),
        passive="none" in prompts,
        max_age=_max_age(parameters),
        reply=_reply(client, redirect_uri, state, terms=terms, fault=None),
    )


def _client(parameters: Parameters, clients: Clients) -> Client:
    client_id = parameters.get("client_id")
    if client_id is None:
        raise RequestInvalid("no client_id, or more than one")
    return clients.by_client_id(client_id)


def _registered_address(parameters: Parameters, client: Client) -> str:
    """Equal to a registered address character by character (RFC 9700 section 2.1, OpenID Connect Core 3.1.2.1)."""
    redirect_uri = parameters.get("redirect_uri")
    if redirect_uri is None or redirect_uri not in client.registration.redirect_uris:
        raise SiteUnknown("redirect_uri is not registered, or does not stand there once")
    return redirect_uri


def _state(parameters: Parameters) -> str | None:
    """To be echoed exactly. One that came twice cannot be, and is left out of the refusal that follows."""
    state = parameters.get("state")
    if state is not None and len(state) > LONGEST_STATE:
        raise RequestInvalid("state is too long to be echoed")
    return state


def _each_parameter_once(parameters: Parameters) -> None:
    parameters.refuse_repeated()


def _no_request_object(parameters: Parameters) -> None:
    """OpenID Connect Core 3.1.2.6: what is not supported is refused, never ignored."""
    for name, code in _UNSUPPORTED.items():
        if name in parameters:
            raise OAuthRefusal(code, f"{name} is not supported")


def _asks_for_code(parameters: Parameters) -> None:
    response_type = parameters.get("response_type")
    if response_type is None:
        raise OAuthRefusal(OAuthError.INVALID_REQUEST, "response_type is missing")
    if response_type != "code":
        raise OAuthRefusal(OAuthError.UNSUPPORTED_RESPONSE_TYPE, "response_type must be code")


def _is_answered_in_query(parameters: Parameters) -> None:
    if parameters.get("response_mode") not in (None, "query"):
        raise OAuthRefusal(OAuthError.INVALID_REQUEST, "response_mode must be query")


def _is_for_openid(parameters: Parameters) -> None:
    """Other scopes are ignored, as OpenID Connect Core 3.1.2.1 has it; the token answer names the granted one."""
    if SCOPE not in (parameters.get("scope") or "").split(" "):
        raise OAuthRefusal(OAuthError.INVALID_SCOPE, "scope must contain openid")


def _has_s256_challenge(parameters: Parameters) -> None:
    """RFC 7636 section 4.3, where `plain` is the default: here S256 must be said (RFC 9700 section 2.1.1)."""
    challenge = parameters.get("code_challenge")
    if challenge is None:
        raise OAuthRefusal(OAuthError.INVALID_REQUEST, "code_challenge is required (RFC 7636)")
    if parameters.get("code_challenge_method") != "S256":
        raise OAuthRefusal(OAuthError.INVALID_REQUEST, "code_challenge_method must be S256")
    if not _S256_CHALLENGE.fullmatch(challenge):
        raise OAuthRefusal(OAuthError.INVALID_REQUEST, "code_challenge must be 43 characters of base64url")


def _has_short_nonce(parameters: Parameters) -> None:
    if len(parameters.get("nonce") or "") > LONGEST_NONCE:
        raise OAuthRefusal(OAuthError.INVALID_REQUEST, f"nonce is longer than {LONGEST_NONCE} characters")


def _has_possible_prompt(parameters: Parameters) -> None:
    prompts = _prompts(parameters)
    if "none" in prompts and prompts != {"none"}:
        raise OAuthRefusal(OAuthError.INVALID_REQUEST, "prompt none stands alone (OpenID Connect Core 3.1.2.1)")


def _has_readable_max_age(parameters: Parameters) -> None:
    max_age = parameters.get("max_age")
    if max_age is not None and not _SECONDS.fullmatch(max_age):
        raise OAuthRefusal(OAuthError.INVALID_REQUEST, "max_age must be a whole number of seconds")


CHECKS = (
    _each_parameter_once,
    _no_request_object,
    _asks_for_code,
    _is_answered_in_query,
    _is_for_openid,
    _has_s256_challenge,
    _has_short_nonce,
    _has_possible_prompt,
    _has_readable_max_age,
)
"""In this order, once client and redirect address are proven."""


def _prompts(parameters: Parameters) -> frozenset[str]:
    """Unknown values are ignored. `consent` and `select_account` are met by the page and the card of a forced login."""
    return frozenset((parameters.get("prompt") or "").split(" ")) & frozenset(PROMPTS)


def _max_age(parameters: Parameters) -> timedelta | None:
    max_age = parameters.get("max_age")
    return None if max_age is None else timedelta(seconds=int(max_age))


def _asked_acr(parameters: Parameters, issuer: str) -> tuple[str, ...]:
    """The known ones among the first few; asking for others is no error (OpenID Connect Core 5.5.1.1)."""
    asked = (parameters.get("acr_values") or "").split(" ")[:MOST_ACR_VALUES]
    known = acr_values(issuer)
    return tuple(name for name in asked if name in known)


def _required(asked_acr: tuple[str, ...], issuer: str) -> AssuranceLevel:
    """What the client prefers; without a wish, the card with its PIN."""
    known = acr_values(issuer)
    contexts = [known[name] for name in asked_acr] or [AuthenticationContext.CARD_PIN]
    return contexts[0].level


def _reply(
    client: Client, redirect_uri: str, state: str | None, *, terms: CodeTerms | None, fault: OAuthError | None
) -> str:
    return REPLIES.encode(
        AuthorizationReply(
            service_provider=client.service_provider,
            client_id=client.client_id,
            redirect_uri=redirect_uri,
            state=state,
            terms=terms,
            fault=fault,
        )
    )
