"""Would an answer to this client come about? Tried without a citizen: what is signed names nobody."""

from dataclasses import dataclass
from datetime import datetime

from idp.domain.errors import ServiceFault
from idp.domain.registration import RegistrationRefused
from idp.domain.service_provider import ServiceProvider
from idp.protocols.oidc.jws import sign_claims
from idp.protocols.oidc.registration import check_registration
from idp.protocols.oidc.signing_keys import SigningKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class OidcRehearsal:
    """Fulfils `AnswerRehearsal`."""

    keys: SigningKeys
    unsafe_http_loopback: bool

    def rehearse(self, site: ServiceProvider, *, now: datetime) -> None:
        """Sign as an ID token for the client would be. Raises `ServiceFault` for an unreadable registration."""
        del now
        try:
            registration = check_registration(site.registration, unsafe_http_loopback=self.unsafe_http_loopback)
        except RegistrationRefused as error:
            raise ServiceFault from error
        sign_claims({"aud": site.protocol_id}, self.keys.signer(registration.id_token_algorithm))
