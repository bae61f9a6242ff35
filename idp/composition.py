"""Settings → adapters → use cases → the web application. The only place that wires."""

from dataclasses import dataclass
from typing import TypeVar

from flask import Flask
from sqlalchemy import Engine

from foundation.clock import Clock, system_clock
from foundation.http import ExchangeLimits, HttpClient
from foundation.records import Codec
from foundation.texts import load_texts
from idp.adapters.db.audit import SqlAuditLog
from idp.adapters.db.engine import create_database_engine
from idp.adapters.db.one_time import SqlOneTimeStore
from idp.adapters.db.register import CachedRegister
from idp.adapters.db.schema import require_current
from idp.adapters.db.unit_of_work import SqlUnitOfWork
from idp.adapters.keys.key_folder import KeyFolder, Keys, load_keys
from idp.adapters.metadata.fetching import FetchLimits, HttpMetadataFetcher
from idp.adapters.revocation.crl_store import CrlStore
from idp.adapters.revocation.ocsp_client import OcspClient
from idp.adapters.revocation.source import CardRevocation
from idp.domain.login import Challenge, HeldCard, LoginRequest, PendingLogin, Refusal
from idp.domain.metadata_rules import MetadataRules
from idp.domain.service_provider import FederationProtocol
from idp.protocols.oidc.access_tokens import AccessGrant
from idp.protocols.oidc.adapter import OidcAdapter
from idp.protocols.oidc.codes import CodeGrant
from idp.protocols.oidc.registration_reader import ClientRegistrationReader
from idp.protocols.oidc.rehearsal import OidcRehearsal
from idp.protocols.oidc.settings import OidcSettings
from idp.protocols.oidc.signing_keys import SigningKeys
from idp.protocols.saml.adapter import SamlAdapter
from idp.protocols.saml.bindings.artifacts import HeldAnswer
from idp.protocols.saml.bridge import schema_file
from idp.protocols.saml.federation.documents import FederationReader
from idp.protocols.saml.metadata import OwnMetadata
from idp.protocols.saml.responses.rehearsal import SamlRehearsal
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.sites.reader import SiteMetadataReader
from idp.protocols.saml.xml.documents import Schema
from idp.settings import IdpSettings, Profile
from idp.trust import load_trust
from idp.usecases.aggregates import Aggregates
from idp.usecases.card import CardLogin, CardRules
from idp.usecases.enrolment import Enrolment
from idp.usecases.login import Logins
from idp.usecases.metadata_sources import Sources
from idp.usecases.ports import RevocationSource
from idp.usecases.releases import Releases
from idp.usecases.service_providers import ServiceProviders
from idp.usecases.sessions import Sessions
from idp.usecases.site_metadata import SiteMetadata
from idp.usecases.site_test import SiteTest
from idp.usecases.source_documents import SourceDocuments
from idp.usecases.sourced_sites import SourcedSites
from idp.web.app import TRANSLATIONS, create_app
from idp.web.handover import HandoverPages
from idp.web.refusal_log import RefusalLog
from idp.web.services import Services
from jpki.anchors import TrustAnchor
from jpki.profile import CertificateProfile

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The wired identity provider: what pages need, and the engine beneath."""

    app: Flask
    services: Services
    engine: Engine


def open_engine(settings: IdpSettings) -> Engine:
    """The settings' database; one engine per process. Raises `DatabaseUrlRefused`."""
    return create_database_engine(settings.database.address)


def build(settings: IdpSettings, *, clock: Clock = system_clock, revocation: RevocationSource | None = None) -> House:
    """Wire one worker. Raises `SettingsError`, `KeyUnusable`, `SchemaMismatch`."""
    engine = open_engine(settings)
    require_current(engine)
    keys = load_keys(KeyFolder(path=settings.keys.folder), development_allowed=settings.profile is Profile.DEVELOPMENT)
    anchors = load_trust(settings)
    services = _services(settings, engine, keys, anchors, clock, revocation or _revocation(settings, anchors))
    probes = {"database": lambda: require_current(engine)}
    return House(app=create_app(services, probes), services=services, engine=engine)


def saml_settings(settings: IdpSettings) -> SamlSettings:
    """SAML's part of the settings."""
    return SamlSettings(
        issuer=settings.issuer,
        entity_id=f"{settings.issuer}/saml/metadata",
        sso_url=f"{settings.issuer}/saml/sso",
        artifact_url=f"{settings.issuer}/saml/artifact",
        help_url=f"{settings.issuer}/help",
        privacy_url=f"{settings.issuer}/privacy",
        icon_url=f"{settings.issuer}/static/icon.svg",
        scope=settings.host,
        authenticating_authorities=settings.trust.authorities,
        display_name=settings.service_name,
        skew=settings.lifetimes.skew,
        own_metadata=settings.own_metadata,
        unsafe_http_loopback=settings.profile is Profile.DEVELOPMENT,
    )


def oidc_settings(settings: IdpSettings) -> OidcSettings:
    """OpenID Connect's part of the settings."""
    return OidcSettings(
        issuer=settings.issuer,
        code_lifetime=settings.lifetimes.code,
        access_token_lifetime=settings.lifetimes.access_token,
        skew=settings.lifetimes.skew,
        unsafe_http_loopback=settings.profile is Profile.DEVELOPMENT,
    )


def service_providers(settings: IdpSettings, engine: Engine) -> ServiceProviders:
    """The operator's acts on the register; descriptions are read as the protocol adapters will read them."""
    return ServiceProviders(
        work=SqlUnitOfWork(engine),
        readers={
            FederationProtocol.SAML: site_metadata_reader(settings),
            FederationProtocol.OIDC: ClientRegistrationReader(
                issuer=settings.issuer, unsafe_http_loopback=settings.profile is Profile.DEVELOPMENT
            ),
        },
    )


def site_metadata_reader(settings: IdpSettings) -> SiteMetadataReader:
    """Reads the metadata of SAML sites."""
    return SiteMetadataReader(schema=Schema(schema_file("metadata")), settings=saml_settings(settings))


def site_test(settings: IdpSettings, engine: Engine) -> SiteTest:
    """Tries whether logins at a site would succeed, with the keys that sign. Raises `KeyUnusable`."""
    is_development = settings.profile is Profile.DEVELOPMENT
    keys = load_keys(KeyFolder(path=settings.keys.folder), development_allowed=is_development)
    return SiteTest(
        sites=service_providers(settings, engine),
        rehearsals={
            FederationProtocol.SAML: SamlRehearsal(
                saml_settings(settings), signer=keys.saml.in_use, read=site_metadata_reader(settings).registration
            ),
            FederationProtocol.OIDC: OidcRehearsal(keys=SigningKeys(keys.oidc), unsafe_http_loopback=is_development),
        },
        probe=metadata_sources(settings, engine),
    )


def metadata_sources(settings: IdpSettings, engine: Engine) -> Sources:
    """The operator's acts on sources of metadata."""
    chosen = settings.metadata
    return Sources(
        work=SqlUnitOfWork(engine),
        documents=SourceDocuments(
            fetcher=HttpMetadataFetcher(
                http=HttpClient(),
                limits=FetchLimits(
                    aggregate=ExchangeLimits(deadline=chosen.aggregate_deadline, maximum_bytes=chosen.aggregate_bytes),
                    single=ExchangeLimits(deadline=chosen.single_deadline, maximum_bytes=chosen.single_bytes),
                ),
                unsafe_http_loopback=settings.profile is Profile.DEVELOPMENT,
            ),
            reader=FederationReader(),
            rules=MetadataRules(
                refresh=chosen.refresh,
                retry=chosen.retry,
                longest_validity=chosen.longest_validity,
                least_percent=chosen.least_percent,
            ),
        ),
    )


def sourced_sites(settings: IdpSettings, engine: Engine) -> SourcedSites:
    """Admits sites from where their metadata is published."""
    return SourcedSites(sites=service_providers(settings, engine), sources=metadata_sources(settings, engine))


def site_metadata(settings: IdpSettings, engine: Engine) -> SiteMetadata:
    """What keeps descriptions of sites current."""
    sources = metadata_sources(settings, engine)
    return SiteMetadata(
        sites=service_providers(settings, engine),
        aggregates=Aggregates(work=sources.work, documents=sources.documents),
    )


def _services(  # noqa: PLR0917 (called once, above)
    settings: IdpSettings,
    engine: Engine,
    keys: Keys,
    anchors: tuple[TrustAnchor, ...],
    clock: Clock,
    revocation: RevocationSource,
) -> Services:
    work = SqlUnitOfWork(engine)
    register = CachedRegister(work, clock)
    logins = Logins(
        work=work,
        pending=_passing(engine, "login", PendingLogin),
        refusals=_passing(engine, "refusal", Refusal),
        audit=SqlAuditLog(engine),
        lifetime=settings.lifetimes.login,
    )
    sessions = Sessions(work=work, lifetime=settings.lifetimes.session)
    return Services(
        settings=settings,
        clock=clock,
        texts=load_texts(TRANSLATIONS),
        register=register,
        logins=logins,
        card=CardLogin(
            rules=CardRules(
                origin=settings.issuer,
                anchors=anchors,
                profile=CertificateProfile(
                    authentication_policies=settings.trust.authentication_policies,
                    signature_policies=settings.trust.signature_policies,
                ),
                challenge_lifetime=settings.lifetimes.challenge,
                check_max_age=settings.revocation.ocsp_max_age,
            ),
            fingerprint_key=keys.card_fingerprint,
            logins=logins,
            challenges=_passing(engine, "challenge", Challenge),
            held=_passing(engine, "held card", HeldCard),
            revocation=revocation,
            work=work,
        ),
        enrolment=Enrolment(
            work=work,
            logins=logins,
            sessions=sessions,
            waiting=_passing(engine, "registration", HeldCard),
            check_max_age=max(settings.revocation.ocsp_max_age, settings.lifetimes.challenge),
        ),
        sessions=sessions,
        releases=Releases(work=work),
        posted=_passing(engine, "posted request", LoginRequest),
        saml=SamlAdapter(
            saml_settings(settings),
            signer=keys.saml.in_use,
            metadata=OwnMetadata(saml_settings(settings), signer=keys.saml_metadata, certificates=keys.saml.published),
            register=register,
            artifacts=_passing(engine, "artifact", HeldAnswer),
            clock=clock,
        ),
        oidc=OidcAdapter(
            settings=oidc_settings(settings),
            signers=keys.oidc,
            register=register,
            codes=_passing(engine, "code", CodeGrant),
            access_tokens=_passing(engine, "access token", AccessGrant),
            used_ids=SqlOneTimeStore(engine, "client assertion", Codec(str)),
        ),
        refusal_log=RefusalLog(),
        handover_pages=HandoverPages(),
    )


def _passing(engine: Engine, kind: str, record: type[T]) -> SqlOneTimeStore[T]:
    """A store whose unused values may be lost with the power: the citizen begins again. A use is never lost."""
    return SqlOneTimeStore(engine, kind, Codec(record), put_may_be_lost=True)


def _revocation(settings: IdpSettings, anchors: tuple[TrustAnchor, ...]) -> CardRevocation:
    return CardRevocation(
        lists=CrlStore(settings.revocation.folder),
        responder=OcspClient(
            http=HttpClient(),
            responders={anchor.key_digest: settings.revocation.ocsp_url for anchor in anchors},
            deadline=settings.revocation.ocsp_deadline,
            waiters=settings.revocation.ocsp_waiting,
            max_skew=settings.lifetimes.skew,
        ),
    )
