"""Files in `config/service_providers/`: what `idp sp apply` reads, checked whole before anything changes."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from foundation.settings import load
from idp.domain.service_provider import (
    FederationProtocol,
    LocalText,
    Sector,
    SectorCode,
    ServiceProvider,
    ServiceProviderId,
    Tier,
    TrustCircle,
)
from idp.protocols.contract import RegistrationRefused


class OnboardingRefused(Exception):
    """The file cannot be applied; the message names every fault."""


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
    metadata_file: Path | None = None
    client_id: str | None = None
    client: ClientEntry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnboardingFile:
    """The whole file."""

    service_provider: tuple[SiteEntry, ...]
    sector: tuple[Sector, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistrationChecks:
    """How each protocol reads a registration's text; both raise `RegistrationRefused`."""

    saml_entity_id: Callable[[str], str]
    oidc: Callable[[str], object]


def read_onboarding_file(
    file: Path, checks: RegistrationChecks
) -> tuple[tuple[Sector, ...], tuple[ServiceProvider, ...]]:
    """Sectors and service providers of `file`. Raises `SettingsError`, or `OnboardingRefused` with every fault."""
    content = load(OnboardingFile, file)
    faults: list[str] = []
    sites = []
    for entry in content.service_provider:
        try:
            sites.append(_site(entry, checks))
        except (RegistrationRefused, OSError, ValueError) as error:
            faults.append(f"{entry.id}: {error}")
    if faults:
        raise OnboardingRefused(f"{file}: " + "; ".join(faults))
    return content.sector, tuple(sites)


def _site(entry: SiteEntry, checks: RegistrationChecks) -> ServiceProvider:
    protocol_id, registration = (
        _saml(entry, checks) if entry.protocol is FederationProtocol.SAML else _oidc(entry, checks)
    )
    return ServiceProvider(
        id=ServiceProviderId(entry.id),
        protocol=entry.protocol,
        protocol_id=protocol_id,
        sector=SectorCode(entry.sector),
        tier=entry.tier,
        circle=TrustCircle(entry.circle),
        name=entry.name,
        operator=entry.operator,
        home_url=entry.home_url,
        registration=registration,
    )


def _saml(entry: SiteEntry, checks: RegistrationChecks) -> tuple[str, str]:
    if entry.metadata_file is None:
        raise ValueError("a SAML site needs metadata_file")
    text = entry.metadata_file.read_text(encoding="utf-8")
    return checks.saml_entity_id(text), text


def _oidc(entry: SiteEntry, checks: RegistrationChecks) -> tuple[str, str]:
    if entry.client_id is None or entry.client is None:
        raise ValueError("an OpenID Connect site needs client_id and [service_provider.client]")
    client = entry.client
    registration: Mapping[str, object] = {
        "redirect_uris": list(client.redirect_uris),
        "token_endpoint_auth_method": client.token_endpoint_auth_method,
        "id_token_signed_response_alg": client.id_token_signed_response_alg,
        "jwks": json.loads(client.jwks_file.read_text(encoding="utf-8")),
    }
    text = json.dumps(registration, sort_keys=True)
    checks.oidc(text)
    return entry.client_id, text
