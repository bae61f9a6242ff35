"""A client's registration: JSON text with names of RFC 7591, checked as a whole before it is accepted."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

import msgspec

from foundation.keys import SignatureAlgorithm
from idp.domain.registration import RegistrationRefused, Remark
from idp.domain.service_provider import LocalText
from idp.domain.web_address import AddressFault, address_fault
from idp.protocols.oidc.client_keys import ClientKey, FaultyKey, read_key

LONGEST_REGISTRATION = 64 * 1024
LONGEST_TEXT = 1024
MOST_ENTRIES = 20

RESPONSE_PARAMETERS = frozenset({"code", "state", "iss", "error", "error_description"})

_FIXED: dict[str, object] = {
    "token_endpoint_auth_method": "private_key_jwt",
    "grant_types": ["authorization_code"],
    "response_types": ["code"],
    "subject_type": "pairwise",
    "application_type": "web",
}
"""What a registration may repeat but not choose."""

_TEXTS = ("client_id", "client_name", "client_name#ja", "client_name#en", "client_uri")
"""What a client may say of itself (RFC 7591 sections 2 and 2.2)."""

_KNOWN = frozenset({"redirect_uris", "jwks", "id_token_signed_response_alg", *_FIXED, *_TEXTS})


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistration:
    """A registration that passed `check_registration`. `client_id`, `name` and `home_url` only if it tells them."""

    client_id: str | None
    name: LocalText | None
    home_url: str | None
    redirect_uris: tuple[str, ...]
    keys: tuple[ClientKey, ...]
    id_token_algorithm: SignatureAlgorithm


def check_registration(text: str, *, unsafe_http_loopback: bool = False) -> ClientRegistration:
    """Read `text`. Raises `RegistrationRefused` with every fault at once, in words for the site's operator.

    `unsafe_http_loopback` lets redirect addresses be plain HTTP on this computer itself, for development.
    """
    table = _table(text)
    faults = [Remark(place=name, words="not a known entry") for name in sorted(table.keys() - _KNOWN)]
    faults += [
        Remark(place=name, words=f"must be {wanted!r} or left out")
        for name, wanted in _FIXED.items()
        if name in table and table[name] != wanted
    ]
    texts = {name: _text(table.get(name), name, faults) for name in _TEXTS}
    uris = _redirect_uris(table.get("redirect_uris"), faults, unsafe_http_loopback=unsafe_http_loopback)
    keys = _keys(table.get("jwks"), faults)
    algorithm = _id_token_algorithm(table.get("id_token_signed_response_alg"), faults)
    if faults:
        raise RegistrationRefused(tuple(faults))
    return ClientRegistration(
        client_id=texts["client_id"],
        name=_name(texts["client_name#ja"], texts["client_name#en"] or texts["client_name"]),
        home_url=texts["client_uri"],
        redirect_uris=uris,
        keys=keys,
        id_token_algorithm=algorithm,
    )


def _table(text: str) -> dict[str, object]:
    if len(text) > LONGEST_REGISTRATION:
        raise _refused(f"longer than {LONGEST_REGISTRATION} characters")
    try:
        table: dict[str, object] = msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
        raise _refused(f"not a JSON object: {error}") from error
    return table


def _refused(words: str) -> RegistrationRefused:
    return RegistrationRefused((Remark(place="", words=words),))


def _text(raw: object, name: str, faults: list[Remark]) -> str | None:
    if raw is None:
        return None
    if isinstance(raw, str) and 1 <= len(raw) <= LONGEST_TEXT and raw.isprintable():
        return raw
    faults.append(Remark(place=name, words=f"must be a text of 1 to {LONGEST_TEXT} characters in one line"))
    return None


def _name(ja: str | None, en: str | None) -> LocalText | None:
    return LocalText(ja=ja or "", en=en or "") if ja or en else None


def _redirect_uris(raw: object, faults: list[Remark], *, unsafe_http_loopback: bool) -> tuple[str, ...]:
    if not isinstance(raw, list) or not 1 <= len(raw) <= MOST_ENTRIES:
        faults.append(Remark(place="redirect_uris", words=f"must be a list of 1 to {MOST_ENTRIES} addresses"))
        return ()
    for position, uri in enumerate(raw):
        fault = _redirect_fault(uri, unsafe_http_loopback=unsafe_http_loopback)
        if fault:
            faults.append(Remark(place=f"redirect_uris[{position}]", words=fault))
    if len({str(uri) for uri in raw}) != len(raw):
        faults.append(Remark(place="redirect_uris", words="an address stands there twice"))
    return tuple(str(uri) for uri in raw)


_ADDRESS_FAULTS = {
    AddressFault.CHARACTERS: "must be an address in plain ASCII without spaces, in the characters of RFC 3986",
    AddressFault.UNREADABLE: "not an address",
    AddressFault.PLACE: "must have a host, and no user name",
    AddressFault.OPEN: "must begin with https://",
    AddressFault.FRAGMENT: "must have no fragment (RFC 6749 section 3.1.2)",
}


def _redirect_fault(uri: object, *, unsafe_http_loopback: bool) -> str | None:
    if not isinstance(uri, str):
        return _ADDRESS_FAULTS[AddressFault.CHARACTERS]
    fault = address_fault(uri, unsafe_http_loopback=unsafe_http_loopback)
    if fault is not None:
        return _ADDRESS_FAULTS[fault]
    names = {name for name, _ in parse_qsl(urlsplit(uri).query, keep_blank_values=True)}
    if names & RESPONSE_PARAMETERS:
        return "its query uses a name that our answer needs (code, state, iss, error)"
    return None


def _id_token_algorithm(raw: object, faults: list[Remark]) -> SignatureAlgorithm:
    """RS256 unless chosen (OpenID Connect Registration section 2)."""
    if raw in list(SignatureAlgorithm):
        return SignatureAlgorithm(str(raw))
    if raw is not None:
        words = "must be one of " + ", ".join(SignatureAlgorithm)
        faults.append(Remark(place="id_token_signed_response_alg", words=words))
    return SignatureAlgorithm.RS256


def _keys(raw: object, faults: list[Remark]) -> tuple[ClientKey, ...]:
    entries = raw.get("keys") if isinstance(raw, dict) else None
    if not isinstance(entries, list) or not 1 <= len(entries) <= MOST_ENTRIES:
        words = f"must be a key set (RFC 7517 section 5) with 1 to {MOST_ENTRIES} keys"
        faults.append(Remark(place="jwks", words=words))
        return ()
    keys = []
    for position, entry in enumerate(entries):
        try:
            keys.append(read_key(entry))
        except FaultyKey as error:
            faults.append(Remark(place=f"jwks.keys[{position}]", words=str(error)))
    if len({key.key_id for key in keys}) != len(keys):
        faults.append(Remark(place="jwks", words="two keys have the same kid"))
    return tuple(keys)
