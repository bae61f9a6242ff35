"""Clients: registered service providers that speak OpenID Connect, with their registration read once."""

from dataclasses import dataclass, field

from idp.domain.errors import ServiceFault
from idp.domain.registration import RegistrationRefused
from idp.domain.service_provider import FederationProtocol, ServiceProvider, ServiceProviderId
from idp.protocols.oidc.registration import ClientRegistration, check_registration
from idp.usecases.ports import ServiceProviderRegister


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A registered client."""

    service_provider: ServiceProviderId
    client_id: str
    registration: ClientRegistration


@dataclass(frozen=True, slots=True, kw_only=True)
class Clients:
    """Finds clients; a registration is read again only when its text has changed."""

    register: ServiceProviderRegister
    unsafe_http_loopback: bool
    _read: dict[ServiceProviderId, tuple[ServiceProvider, Client]] = field(default_factory=dict)

    def by_client_id(self, client_id: str) -> Client:
        """Raises `SiteUnknown`, `SiteSuspended`; `ServiceFault` if the registered text would not be accepted today."""
        site = self.register.by_protocol_id(FederationProtocol.OIDC, client_id)
        site.require_active()
        known = self._read.get(site.id)
        if known is not None and known[0] == site:
            return known[1]
        client = self._client(site)
        self._read[site.id] = (site, client)
        return client

    def _client(self, site: ServiceProvider) -> Client:
        try:
            registration = check_registration(site.registration, unsafe_http_loopback=self.unsafe_http_loopback)
        except RegistrationRefused as error:
            raise ServiceFault from error
        return Client(service_provider=site.id, client_id=site.protocol_id, registration=registration)
