"""SAML as the rest of the house sees it: it understands, answers and refuses, and decides nothing."""

from datetime import datetime
from urllib.parse import urlsplit

from foundation.clock import Clock
from foundation.keys import CertifiedSigner
from foundation.records import Codec
from idp.domain.errors import IdpError
from idp.domain.login import LoginRequest
from idp.domain.release import Release
from idp.domain.service_provider import FederationProtocol
from idp.protocols.contract import FormPost, Refusable
from idp.protocols.saml.bridge import schema_file
from idp.protocols.saml.contexts import Contexts
from idp.protocols.saml.documents import Schema
from idp.protocols.saml.metadata import MetadataWriter
from idp.protocols.saml.redirect import read_redirect
from idp.protocols.saml.registration import RegistrationReader, Registrations
from idp.protocols.saml.requests import (
    CHECKS,
    CHECKS_TOLD_TO_THE_SITE,
    Received,
    identifier_kind,
    read_request,
    return_address,
)
from idp.protocols.saml.responses import Reply, ResponseWriter
from idp.protocols.saml.settings import SamlSettings
from idp.usecases.ports import OneTimeStore, ServiceProviderRegister


class SamlAdapter:
    """A `ProtocolAdapter`; one per worker, safe to share between threads. `replays` keeps the ids of requests seen."""

    def __init__(
        self,
        settings: SamlSettings,
        *,
        signer: CertifiedSigner,
        register: ServiceProviderRegister,
        replays: OneTimeStore[str],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._register = register
        self._replays = replays
        self._clock = clock
        self._contexts = Contexts(settings.issuer)
        self._schema = Schema(schema_file("protocol"))
        self._registrations = Registrations(
            RegistrationReader(
                schema=Schema(schema_file("metadata")), unsafe_http_loopback=settings.unsafe_http_loopback
            )
        )
        self._responses = ResponseWriter(settings=settings, signer=signer, contexts=self._contexts)
        self._metadata = MetadataWriter(settings=settings, signer=signer)
        self._replies = Codec(Reply)

    def understand_redirect(self, unverified_query: bytes, *, now: datetime) -> LoginRequest:
        """The request in `unverified_query`, the octets after the question mark exactly as the browser sent them.

        Raises a leaf of `RequestRejected` for a page, `Refusable` once the site may be told.
        """
        received = self._receive(unverified_query, now)
        for check in CHECKS:
            check(received)
        return_url = return_address(received)
        self._use_up(received)
        return self._login_request(received, return_url)

    def answer(self, release: Release, reply: str) -> FormPost:
        """The signed Response that carries `release`, dated with the release."""
        return self._responses.answer(release, self._replies.decode(reply))

    def refuse(self, error: IdpError, reply: str) -> FormPost:
        """The signed Response that carries the status of `error`."""
        return self._responses.refuse(error, self._replies.decode(reply), now=self._clock())

    def return_origin(self, reply: str) -> str:
        """Where the answer to `reply` goes, as `scheme://host[:port]`."""
        parts = urlsplit(self._replies.decode(reply).return_url)
        return f"{parts.scheme}://{parts.netloc}"

    def metadata(self, now: datetime) -> bytes:
        """Our signed EntityDescriptor, for the media type `application/samlmetadata+xml`."""
        return self._metadata.write(now=now)

    def _receive(self, unverified_query: bytes, now: datetime) -> Received:
        message = read_redirect(unverified_query)
        request = read_request(message.xml, self._schema)
        site = self._register.by_protocol_id(FederationProtocol.SAML, request.issuer)
        return Received(
            message=message,
            request=request,
            site=site,
            registration=self._registrations.of(site, now=now),
            settings=self._settings,
            now=now,
        )

    def _use_up(self, received: Received) -> None:
        """Profiles 4.1.4.5 asks this of sites; for us it stops a captured address from starting logins."""
        request = received.request
        self._replays.put(
            f"{request.issuer}\n{request.id}",
            request.id,
            now=received.now,
            expires_at=request.issued_at + self._settings.request_max_age + 2 * self._settings.skew,
        )

    def _login_request(self, received: Received, return_url: str) -> LoginRequest:
        request = received.request
        context: str | None = None
        try:
            for check in CHECKS_TOLD_TO_THE_SITE:
                check(received)
            choice = self._contexts.choose(request.contexts)
            context = choice.reference
        except IdpError as error:
            raise Refusable(error, self._reply(received, return_url, None), received.site.id) from error
        return LoginRequest(
            service_provider=received.site.id,
            required=choice.required,
            identifier=identifier_kind(request),
            forced=request.forced,
            passive=request.passive,
            max_age=None,
            reply=self._reply(received, return_url, context),
        )

    def _reply(self, received: Received, return_url: str, context: str | None) -> str:
        return self._replies.encode(
            Reply(
                site=received.site.id,
                entity_id=received.request.issuer,
                return_url=return_url,
                request_id=received.request.id,
                relay_state=received.message.relay_state,
                context=context,
            )
        )
