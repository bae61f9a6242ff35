"""A client's registration in the words of the operator who admits it."""

from dataclasses import dataclass

from idp.domain.registration import RegistrationFacts, RegistrationRefused, Remark, Told
from idp.domain.service_provider import Mark
from idp.protocols.oidc.claims import CERT_STATUS
from idp.protocols.oidc.registration import check_registration


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRegistrationReader:
    """Fulfils `RegistrationReader` for clients."""

    issuer: str
    unsafe_http_loopback: bool

    def read(self, text: str, *, marks: frozenset[Mark]) -> RegistrationFacts:
        """What `text` says. Raises `RegistrationRefused`, also for a mark that means nothing to a client."""
        if marks:
            words = "means nothing in OpenID Connect"
            raise RegistrationRefused(tuple(Remark(place=mark.value, words=words) for mark in sorted(marks)))
        registration = check_registration(text, unsafe_http_loopback=self.unsafe_http_loopback)
        return RegistrationFacts(
            protocol_id=registration.client_id or "",
            ends_at=None,
            marks=frozenset(),
            name=registration.name,
            operator=None,
            home_url=registration.home_url,
            warnings=(),
            receives=_told(self.issuer),
        )


def _told(issuer: str) -> tuple[Told, ...]:
    """Everything about the citizen in an ID token; the rest of it belongs to the protocol."""
    return (
        Told(name="sub", meaning="the citizen's identifier in the site's sector, for ever the same"),
        Told(name="auth_time", meaning="when the citizen logged in with the card"),
        Told(name="acr, amr", meaning="how the citizen logged in"),
        Told(name="sid", meaning="a handle of this login, for logout"),
        Told(name=issuer + CERT_STATUS, meaning="how fresh the check of the card's certificate is"),
    )
