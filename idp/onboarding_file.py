"""Files in `config/service_providers/`: what `idp sp apply` reads, whole or not at all."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from foundation.settings import load
from idp.domain.registration import Remark
from idp.domain.service_provider import (
    FederationProtocol,
    LocalText,
    Sector,
    SectorCode,
    ServiceProviderId,
    Tier,
    TrustCircle,
)
from idp.usecases.admission import SiteRefused
from idp.usecases.orders import Description, Entries, Order


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientEntry:
    """`[service_provider.client]`: client metadata by its RFC 7591 names, the key set in a file beside this one."""

    redirect_uris: tuple[str, ...]
    jwks_file: Path
    token_endpoint_auth_method: str = "private_key_jwt"  # noqa: S105 (the name of a method)
    id_token_signed_response_alg: str = "RS256"  # noqa: S105 (the name of an algorithm)


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteEntry:
    """`[[service_provider]]`: for SAML with `metadata_file`, for OpenID Connect with `client_id` and `client`."""

    id: str
    protocol: FederationProtocol
    sector: str
    tier: Tier
    circle: str
    name: LocalText
    operator: LocalText
    home_url: str
    unsafe_cbc: bool = False
    starts_here: bool = False
    metadata_file: Path | None = None
    client_id: str | None = None
    client: ClientEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingFile:
    """The whole file."""

    service_provider: tuple[SiteEntry, ...]
    sector: tuple[Sector, ...] = ()


def read_onboarding_file(file: Path) -> tuple[tuple[Sector, ...], tuple[Order, ...]]:
    """Sectors and sites of `file`, not judged yet. Raises `SettingsError`, or `SiteRefused` for what is not there."""
    content = load(OnboardingFile, file)
    faults: list[Remark] = []
    orders = []
    for entry in content.service_provider:
        try:
            orders.append(Order(description=_description(entry), entries=_entries(entry)))
        except _EntryRefused as error:
            faults.append(Remark(place=f"{entry.id}, {error.entry}", words=str(error)))
    if faults:
        raise SiteRefused(*faults)
    return content.sector, tuple(orders)


class _EntryRefused(Exception):
    """One of the site's entries will not do; the message says why, for the operator."""

    def __init__(self, entry: str, words: str) -> None:
        super().__init__(words)
        self.entry = entry


def _text(file: Path, entry: str) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise _EntryRefused(entry, f"{file}: cannot be read ({error.strerror})") from error
    except UnicodeDecodeError as error:
        raise _EntryRefused(entry, f"{file}: is not text in UTF-8") from error


def _entries(entry: SiteEntry) -> Entries:
    return Entries(
        id=ServiceProviderId(entry.id),
        client_id=entry.client_id,
        sector=SectorCode(entry.sector),
        tier=entry.tier,
        circle=TrustCircle(entry.circle),
        name_ja=entry.name.ja,
        name_en=entry.name.en,
        operator_ja=entry.operator.ja,
        operator_en=entry.operator.en,
        home_url=entry.home_url,
        unsafe_cbc=entry.unsafe_cbc,
        starts_here=entry.starts_here,
    )


def _description(entry: SiteEntry) -> Description:
    text = _saml(entry) if entry.protocol is FederationProtocol.SAML else _oidc(entry)
    return Description(protocol=entry.protocol, text=text)


def _saml(entry: SiteEntry) -> str:
    if entry.metadata_file is None:
        raise _EntryRefused("metadata_file", "is missing: a SAML site needs it")
    return _text(entry.metadata_file, "metadata_file")


def _oidc(entry: SiteEntry) -> str:
    if entry.client_id is None:
        raise _EntryRefused("client_id", "is missing: an OpenID Connect site needs it")
    if entry.client is None:
        raise _EntryRefused("client", "is missing: an OpenID Connect site needs [service_provider.client]")
    client = entry.client
    try:
        keys = json.loads(_text(client.jwks_file, "client.jwks_file"))
    except (ValueError, RecursionError) as error:
        raise _EntryRefused("client.jwks_file", f"{client.jwks_file}: is not JSON") from error
    registration: Mapping[str, object] = {
        "redirect_uris": list(client.redirect_uris),
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "id_token_signed_response_alg": client.id_token_signed_response_alg,
        "jwks": keys,
    }
    return json.dumps(registration, sort_keys=True)
