"""A site's AuthnRequest becomes a `LoginRequest`: read, looked up, judged by `request_checks`, put into our words."""

from dataclasses import dataclass
from datetime import datetime

from foundation.records import Codec
from idp.domain.errors import IdpError, SiteUnknown
from idp.domain.login import IdentifierKind, LoginRequest, MessageId
from idp.domain.service_provider import FederationProtocol, ServiceProvider, ServiceProviderId
from idp.domain.subject import SubjectValue
from idp.protocols.contract import Refusable
from idp.protocols.saml.bindings.parameters import read_parameters, read_relay_state
from idp.protocols.saml.bindings.post import PostMessage, read_post
from idp.protocols.saml.bindings.redirect import RedirectMessage, read_redirect
from idp.protocols.saml.contexts import Contexts
from idp.protocols.saml.names import ENCRYPTED
from idp.protocols.saml.requests.checks import (
    CHECKS,
    CHECKS_TOLD_TO_THE_SITE,
    Answerable,
    ReceivedByBrowser,
    return_consumer,
)
from idp.protocols.saml.requests.reading import (
    AuthnRequest,
    RequestHead,
    WantedConditions,
    read_authn_request,
    read_head,
    read_message,
)
from idp.protocols.saml.requests.wishes import told_attributes, wanted_identifier
from idp.protocols.saml.responses.replies import Reply
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.sites.registration import AssertionConsumer, AttributeSet, Registration, Registrations
from idp.protocols.saml.xml.documents import Schema
from idp.usecases.ports import ServiceProviderRegister

_NO_CONDITIONS = WantedConditions()


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request that may be answered to `consumer`, however it came to be; `head` is None if nobody asked."""

    site: ServiceProvider
    registration: Registration
    consumer: AssertionConsumer
    head: RequestHead | None
    request: AuthnRequest
    relay_state: str | None


class Understanding:
    """Reads AuthnRequests; one per worker. Every method raises a leaf of `RequestRejected` for a page."""

    def __init__(
        self,
        settings: SamlSettings,
        *,
        schema: Schema,
        register: ServiceProviderRegister,
        registrations: Registrations,
        contexts: Contexts,
    ) -> None:
        self._settings = settings
        self._schema = schema
        self._register = register
        self._registrations = registrations
        self._contexts = contexts
        self._replies = Codec(Reply)

    def redirected(self, unverified_query: bytes, *, now: datetime) -> LoginRequest:
        """By HTTP-Redirect. Raises `Refusable` once the site may be told."""
        return self._understand(read_redirect(unverified_query), now)

    def posted(self, unverified_form: bytes, *, now: datetime) -> LoginRequest:
        """By HTTP-POST. Raises `Refusable` once the site may be told."""
        return self._understand(read_post(unverified_form), now)

    def unasked(self, service_provider: ServiceProviderId, unverified_query: bytes, *, now: datetime) -> LoginRequest:
        """A login that begins at our own pages (profiles 4.1.5): it asks for nothing, so the metadata decides.

        Anybody can have written the address, its RelayState too.
        """
        site = self._register.get(service_provider)
        if site.protocol is not FederationProtocol.SAML:
            raise SiteUnknown("the site does not speak SAML")
        site.require_start()
        registration = self._registrations.of(site, now=now)
        return self._login_request(
            Question(
                site=site,
                registration=registration,
                consumer=registration.default_consumer(),
                head=None,
                request=AuthnRequest(),
                relay_state=read_relay_state(read_parameters(unverified_query).get(b"RelayState")),
            )
        )

    def _understand(self, message: RedirectMessage | PostMessage, now: datetime) -> LoginRequest:
        received = self._receive(message, now)
        for check in CHECKS:
            check(received)
        question = Question(
            site=received.site,
            registration=received.registration,
            consumer=return_consumer(received),
            head=received.head,
            request=received.request,
            relay_state=message.relay_state,
        )
        try:
            for judge in CHECKS_TOLD_TO_THE_SITE:
                judge(Answerable(received=received, consumer=question.consumer))
            return self._login_request(question)
        except IdpError as error:
            reply = self._reply(question, context=None)
            raise Refusable(error, reply, received.site.id, self._message_id(received.head)) from error

    def _receive(self, message: RedirectMessage | PostMessage, now: datetime) -> ReceivedByBrowser:
        root = read_message(message.xml, self._schema, "AuthnRequest")
        head = read_head(root)
        site = self._register.by_protocol_id(FederationProtocol.SAML, head.issuer)
        return ReceivedByBrowser(
            root=root,
            head=head,
            address=self._settings.sso_url,
            site=site,
            registration=self._registrations.of(site, now=now),
            settings=self._settings,
            now=now,
            message=message,
            request=read_authn_request(root),
        )

    def _message_id(self, head: RequestHead) -> MessageId:
        """Profiles 4.1.4.5 asks this of sites; for us it stops a captured address from starting logins."""
        return MessageId(
            key=f"saml\n{head.issuer}\n{head.id}",
            expires_at=head.issued_at + self._settings.request_max_age + 2 * self._settings.skew,
        )

    def _login_request(self, question: Question) -> LoginRequest:
        """Raises `AssuranceUnreachable`."""
        request, registration = question.request, question.registration
        choice = self._contexts.choose(request.contexts)
        identifier = wanted_identifier(None if request.name_id is None else request.name_id.format, registration)
        return LoginRequest(
            service_provider=question.site.id,
            required=choice.required,
            identifier=identifier,
            may_create=_may_create(request, identifier),
            subject=_subject(request),
            attributes=told_attributes(registration, _attribute_set(request, registration), identifier),
            forced=request.forced,
            passive=request.passive,
            max_age=None,
            reply=self._reply(question, context=choice.reference),
            message=None if question.head is None else self._message_id(question.head),
        )

    def _reply(self, question: Question, *, context: str | None) -> str:
        policy, conditions = question.request.name_id, question.request.conditions or _NO_CONDITIONS
        return self._replies.encode(
            Reply(
                site=question.site.id,
                entity_id=question.site.protocol_id,
                return_url=question.consumer.url,
                binding=question.consumer.binding,
                request_id=None if question.head is None else question.head.id,
                relay_state=question.relay_state,
                context=context,
                name_qualifier=None if policy is None else policy.sp_name_qualifier,
                encrypt_id=policy is not None and policy.format == ENCRYPTED,
                not_before=conditions.not_before,
                not_on_or_after=conditions.not_on_or_after,
                one_time_use=conditions.one_time_use,
                proxy_count=conditions.proxy_count,
            )
        )


def _may_create(request: AuthnRequest, identifier: IdentifierKind) -> bool:
    """SAML core 3.4.1.1 with erratum E14, AllowCreate: only a written false denies, and not a NameID of one time."""
    return request.name_id is None or request.name_id.may_create or identifier is IdentifierKind.TRANSIENT


def _subject(request: AuthnRequest) -> SubjectValue | None:
    """Of a request that passed the checks."""
    return None if request.subject is None or request.subject.value is None else SubjectValue(request.subject.value)


def _attribute_set(request: AuthnRequest, registration: Registration) -> AttributeSet | None:
    named = (choice for choice in registration.attribute_sets if choice.index == request.attributes_index)
    return next(named, registration.default_attribute_set())
