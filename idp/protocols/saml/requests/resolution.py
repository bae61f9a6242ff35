"""Artifact resolution (SAML core 3.5, profiles 5): a site asks, by SOAP and signed, what an artifact stands for."""

from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from idp.domain.errors import IdpError, RequestInvalid, RequestRejected
from idp.domain.service_provider import FederationProtocol
from idp.protocols.saml.bindings.artifacts import Artifacts
from idp.protocols.saml.bindings.soap import Fault, SoapRefused, read_envelope, write_fault
from idp.protocols.saml.errors import Status, status_of
from idp.protocols.saml.requests.checks import CHECKS_OF_PROGRAMS, Received, require_our_version
from idp.protocols.saml.requests.reading import RequestHead, read_head, require_message, samlp
from idp.protocols.saml.responses.writing import ResponseWriter
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.sites.registration import Registrations
from idp.protocols.saml.xml.documents import Element, Schema
from idp.usecases.ports import ServiceProviderRegister


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """What is answered over HTTP, as `soap.MEDIA_TYPE`; `refusal` is for the log, the site is not told why."""

    status: HTTPStatus
    envelope: bytes
    refusal: IdpError | None


class Resolution:
    """Resolves artifacts; one per worker.

    A question that comes a second time finds its artifact used up, so its ID need not be kept.
    """

    def __init__(
        self,
        settings: SamlSettings,
        *,
        schema: Schema,
        register: ServiceProviderRegister,
        registrations: Registrations,
        artifacts: Artifacts,
        responses: ResponseWriter,
    ) -> None:
        self._settings = settings
        self._schema = schema
        self._register = register
        self._registrations = registrations
        self._artifacts = artifacts
        self._responses = responses

    def resolve(self, unverified_envelope: bytes, *, now: datetime) -> Resolved:
        """Bindings 3.2.3.3: a fault for what cannot be read, 403 for one whom we do not talk to, else a signed answer.

        Raises `ServiceFault`.
        """
        try:
            root, head = self._read(unverified_envelope)
        except SoapRefused as refused:
            return Resolved(
                status=HTTPStatus.INTERNAL_SERVER_ERROR,
                envelope=write_fault(refused.fault),
                refusal=RequestInvalid(refused.why),
            )
        try:
            received = self._receive(root, head, now)
            for check in CHECKS_OF_PROGRAMS:
                check(received)
        except RequestRejected as error:
            return Resolved(status=HTTPStatus.FORBIDDEN, envelope=write_fault(Fault.CLIENT), refusal=error)
        return self._answer(received)

    def _read(self, unverified_envelope: bytes) -> tuple[Element, RequestHead]:
        root = read_envelope(unverified_envelope)
        try:
            return require_message(root, self._schema, "ArtifactResolve"), read_head(root)
        except RequestInvalid as error:
            raise SoapRefused(Fault.CLIENT, error.why) from error

    def _receive(self, root: Element, head: RequestHead, now: datetime) -> Received:
        site = self._register.by_protocol_id(FederationProtocol.SAML, head.issuer)
        return Received(
            root=root,
            head=head,
            address=self._settings.artifact_url,
            site=site,
            registration=self._registrations.of(site, now=now),
            settings=self._settings,
            now=now,
        )

    def _answer(self, received: Received) -> Resolved:
        """SAML core 3.5.3: an artifact that is not (or no more) the site's stands for nothing, which is no error."""
        try:
            require_our_version(received.head)
        except RequestRejected as error:
            return self._write(received, None, error, status=status_of(error))
        try:
            return self._write(received, self._message(received), None)
        except RequestRejected as error:
            return self._write(received, None, error)

    def _write(
        self, received: Received, message: str | None, refusal: IdpError | None, *, status: Status | None = None
    ) -> Resolved:
        envelope = self._responses.artifact_response(
            message, in_response_to=received.head.id, now=received.now, status=status
        )
        return Resolved(status=HTTPStatus.OK, envelope=envelope, refusal=refusal)

    def _message(self, received: Received) -> str:
        """The Response. Raises as `Artifacts.redeem`."""
        artifact = received.root.findtext(samlp("Artifact"), "")
        held = self._artifacts.redeem(artifact, site=received.site, now=received.now)
        if held.release is None:
            return self._responses.refuse(held.error, held.reply, now=received.now)
        return self._responses.answer(held.release, held.reply, received.registration)
