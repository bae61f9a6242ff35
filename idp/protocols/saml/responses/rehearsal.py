"""Would an answer to this site come about? Tried without a citizen: no assertion is ever made that proves nothing."""

from datetime import datetime

from foundation.keys import CertifiedSigner
from idp.domain.errors import LoginStopped, ServiceFault
from idp.domain.registration import RegistrationRefused
from idp.domain.service_provider import ServiceProvider
from idp.protocols.saml.contexts import Contexts
from idp.protocols.saml.responses.replies import Reply
from idp.protocols.saml.responses.writing import ResponseWriter
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.sites.registration import ReadRegistration, Registration
from idp.protocols.saml.xml.canonical import Xml
from idp.protocols.saml.xml.encryption import encrypt


class SamlRehearsal:
    """Fulfils `AnswerRehearsal`."""

    def __init__(self, settings: SamlSettings, *, signer: CertifiedSigner, read: ReadRegistration) -> None:
        self._read = read
        self._responses = ResponseWriter(settings=settings, signer=signer, contexts=Contexts(settings.issuer))

    def rehearse(self, site: ServiceProvider, *, now: datetime) -> None:
        """Sign a refusal, and encrypt it to the site. Raises `ServiceFault`, for an unreadable registration too."""
        try:
            registration = self._read(site.registration, site.marks)
        except RegistrationRefused as error:
            raise ServiceFault from error
        response = self._responses.refuse(LoginStopped(), _reply(site, registration), now=now)
        if registration.encryption is not None:
            encrypt(Xml(response), registration.encryption, recipient=site.protocol_id)


def _reply(site: ServiceProvider, registration: Registration) -> Reply:
    """To the site's default address, as if nobody had asked."""
    consumer = registration.default_consumer()
    return Reply(
        site=site.id,
        entity_id=registration.entity_id,
        return_url=consumer.url,
        binding=consumer.binding,
        request_id=None,
        relay_state=None,
        context=None,
        name_qualifier=None,
        encrypt_id=False,
        not_before=None,
        not_on_or_after=None,
        one_time_use=False,
        proxy_count=None,
    )
