"""What the pages work with; composition fills it once per worker."""

from dataclasses import dataclass

from foundation.clock import Clock
from foundation.texts import Texts
from idp.domain.login import LoginRequest
from idp.domain.service_provider import FederationProtocol, ServiceProvider
from idp.protocols.contract import ProtocolAdapter
from idp.protocols.oidc.adapter import OidcAdapter
from idp.protocols.saml.adapter import SamlAdapter
from idp.settings import IdpSettings
from idp.usecases.card import CardLogin
from idp.usecases.enrolment import Enrolment
from idp.usecases.login import Logins
from idp.usecases.ports import OneTimeStore, ServiceProviderRegister
from idp.usecases.releases import Releases
from idp.usecases.sessions import Sessions
from idp.web.handover import HandoverPages
from idp.web.refusal_log import RefusalLog


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Use cases, protocol adapters, texts and settings. `posted` keeps a request until the browser comes for it."""

    settings: IdpSettings
    clock: Clock
    texts: dict[str, Texts]
    register: ServiceProviderRegister
    logins: Logins
    card: CardLogin
    enrolment: Enrolment
    sessions: Sessions
    releases: Releases
    posted: OneTimeStore[LoginRequest]
    saml: SamlAdapter
    oidc: OidcAdapter
    refusal_log: RefusalLog
    handover_pages: HandoverPages

    def site(self, asked: LoginRequest) -> ServiceProvider:
        """Who asks, as long as the site is served. Raises `SiteSuspended`, `SiteUnknown`."""
        site = self.register.get(asked.service_provider)
        site.require_active()
        return site

    def adapter(self, protocol: FederationProtocol) -> ProtocolAdapter:
        """The adapter that answers in this protocol."""
        return self.saml if protocol is FederationProtocol.SAML else self.oidc
