"""SAML as the rest of the house sees it: it understands, answers and refuses, and decides nothing."""

from datetime import datetime
from urllib.parse import urlsplit

from foundation.clock import Clock
from foundation.keys import CertifiedSigner
from foundation.records import Codec
from idp.domain.errors import IdpError
from idp.domain.login import LoginRequest
from idp.domain.release import Release
from idp.domain.service_provider import ServiceProviderId
from idp.protocols.contract import FormPost, Redirect
from idp.protocols.saml.bindings.artifacts import Artifacts, HeldAnswer, address_with
from idp.protocols.saml.bridge import schema_file
from idp.protocols.saml.contexts import Contexts
from idp.protocols.saml.metadata import OwnMetadata, SignedMetadata
from idp.protocols.saml.names import HTTP_ARTIFACT
from idp.protocols.saml.requests.resolution import Resolution, Resolved
from idp.protocols.saml.requests.understanding import Understanding
from idp.protocols.saml.responses.replies import Reply
from idp.protocols.saml.responses.writing import ResponseWriter, by_post
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.sites.reader import SiteMetadataReader
from idp.protocols.saml.sites.registration import Registrations
from idp.protocols.saml.xml.documents import Schema
from idp.usecases.ports import OneTimeStore, ServiceProviderRegister


class SamlAdapter:
    """A `ProtocolAdapter`; one per worker, safe to share between threads.

    `artifacts` keeps the answers that sites fetch themselves.
    """

    def __init__(
        self,
        settings: SamlSettings,
        *,
        signer: CertifiedSigner,
        metadata: OwnMetadata,
        register: ServiceProviderRegister,
        artifacts: OneTimeStore[HeldAnswer],
        clock: Clock,
    ) -> None:
        contexts = Contexts(settings.issuer)
        schema = Schema(schema_file("protocol"))
        reader = SiteMetadataReader(schema=Schema(schema_file("metadata")), settings=settings)
        self._register = register
        self._clock = clock
        self._metadata = metadata
        self._replies = Codec(Reply)
        self._registrations = Registrations(read=reader.registration)
        self._responses = ResponseWriter(settings=settings, signer=signer, contexts=contexts)
        self._artifacts = Artifacts(settings.entity_id, artifacts)
        self._understanding = Understanding(
            settings, schema=schema, register=register, registrations=self._registrations, contexts=contexts
        )
        self._resolution = Resolution(
            settings,
            schema=schema,
            register=register,
            registrations=self._registrations,
            artifacts=self._artifacts,
            responses=self._responses,
        )

    def understand_redirect(self, unverified_query: bytes, *, now: datetime) -> LoginRequest:
        """The request in `unverified_query`, the octets after the question mark exactly as the browser sent them.

        Raises a leaf of `RequestRejected` for a page, `Refusable` once the site may be told.
        """
        return self._understanding.redirected(unverified_query, now=now)

    def understand_post(self, unverified_form: bytes, *, now: datetime) -> LoginRequest:
        """The request in `unverified_form`, the body exactly as the browser sent it. Raises as for a redirect."""
        return self._understanding.posted(unverified_form, now=now)

    def start(self, service_provider: ServiceProviderId, unverified_query: bytes, *, now: datetime) -> LoginRequest:
        """A login that the site did not ask for. Raises a leaf of `RequestRejected`."""
        return self._understanding.unasked(service_provider, unverified_query, now=now)

    def answer(self, release: Release, reply: str) -> FormPost | Redirect:
        """The signed Response that carries `release`, dated with the release, or an artifact for it."""
        told = self._replies.decode(reply)
        if told.binding == HTTP_ARTIFACT:
            return self._by_artifact(HeldAnswer(reply=told, release=release, refusal="", at=release.released_at))
        site = self._register.get(told.site)
        registration = self._registrations.of(site, now=release.released_at)
        return by_post(self._responses.answer(release, told, registration), told)

    def refuse(self, error: IdpError, reply: str) -> FormPost | Redirect:
        """The signed Response that carries the status of `error`, or an artifact for it."""
        told, now = self._replies.decode(reply), self._clock()
        if told.binding == HTTP_ARTIFACT:
            return self._by_artifact(HeldAnswer(reply=told, release=None, refusal=error.code, at=now))
        return by_post(self._responses.refuse(error, told, now=now), told)

    def resolve(self, unverified_envelope: bytes, *, now: datetime) -> Resolved:
        """The answer to a site that brings an artifact. Raises `ServiceFault`."""
        return self._resolution.resolve(unverified_envelope, now=now)

    def return_origin(self, reply: str) -> str:
        """Where the answer to `reply` goes, as `scheme://host[:port]`."""
        parts = urlsplit(self._replies.decode(reply).return_url)
        return f"{parts.scheme}://{parts.netloc}"

    def metadata(self, now: datetime) -> SignedMetadata:
        """Our signed EntityDescriptor, for the media type `application/samlmetadata+xml`."""
        return self._metadata.at(now)

    def _by_artifact(self, answer: HeldAnswer) -> Redirect:
        return Redirect(url=address_with(self._artifacts.make(answer), answer.reply))
