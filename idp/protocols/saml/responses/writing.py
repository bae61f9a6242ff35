"""A `Release` or a refusal becomes a Response (SAML core 3.3.3, profiles 4.1.4), for the browser or for an artifact."""

from base64 import b64encode
from datetime import datetime

from foundation.keys import CertifiedSigner
from idp.domain.errors import IdpError, RequestExpired
from idp.domain.release import Release
from idp.protocols.contract import FormPost
from idp.protocols.saml.contexts import Contexts
from idp.protocols.saml.errors import SUCCEEDED, Status, status_of
from idp.protocols.saml.names import ENTITY
from idp.protocols.saml.responses.assertions import AssertionWriter
from idp.protocols.saml.responses.replies import Reply
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.sites.registration import Registration
from idp.protocols.saml.times import write_instant
from idp.protocols.saml.xml.canonical import NOTHING, Xml, declare, element, inside, text
from idp.protocols.saml.xml.signing import XmlSigner, new_id

_SAML, _SAMLP, _SOAP = declare("saml"), declare("samlp"), declare("soap")


class ResponseWriter:
    """Writes Responses as canonical text; one per worker, the key is loaded already."""

    def __init__(self, *, settings: SamlSettings, signer: CertifiedSigner, contexts: Contexts) -> None:
        self._signer = XmlSigner(signer)
        self._assertions = AssertionWriter(settings=settings, signer=self._signer, contexts=contexts)
        self._issuer = element("saml:Issuer", text(settings.entity_id), declares=_SAML, Format=ENTITY)

    def answer(self, release: Release, reply: Reply, registration: Registration) -> str:
        """A Response with one signed Assertion, encrypted if the site has a key for that, signed as a whole if it asks.

        It is a refusal if the site's own Conditions leave the Assertion no time. Raises `ServiceFault` for a release
        that is not for this site, and for an EncryptedID without a key.
        """
        try:
            assertion = self._assertions.write(release, reply, registration.encryption)
        except RequestExpired as error:
            return self.refuse(error, reply, now=release.released_at)
        return self._response(reply, _SUCCESS, assertion, now=release.released_at, signed=registration.signs_response)

    def refuse(self, error: IdpError, reply: Reply, *, now: datetime) -> str:
        """A Response that tells `error` by its status alone. It is signed as a whole: it has no assertion to sign."""
        return self._response(reply, _status(status_of(error)), NOTHING, now=now, signed=True)

    def artifact_response(
        self, message: str | None, *, in_response_to: str, now: datetime, status: Status | None = None
    ) -> bytes:
        """A SOAP 1.1 envelope with a signed ArtifactResponse (SAML core 3.5.2, bindings 3.6.5.2).

        `message` is one of `answer` or `refuse`; None if the artifact stands for nothing, which is a success, too.
        `status` says that the question itself will not do.
        """
        response = self._signer.element(
            "samlp:ArtifactResponse",
            self._issuer,
            _SUCCESS if status is None else _status(status),
            NOTHING if message is None else inside(_SAMLP, Xml(message)),
            declares=_SAMLP,
            ID=new_id(),
            InResponseTo=in_response_to,
            IssueInstant=write_instant(now),
            Version="2.0",
        )
        return element("soap:Envelope", element("soap:Body", response), declares=_SOAP).encode()

    def _response(self, reply: Reply, status: Xml, assertion: Xml, *, now: datetime, signed: bool) -> Xml:
        make = self._signer.element if signed else element
        return make(
            "samlp:Response",
            self._issuer,
            status,
            assertion,
            declares=_SAMLP,
            Destination=reply.return_url,
            ID=new_id(),
            InResponseTo=reply.request_id,
            IssueInstant=write_instant(now),
            Version="2.0",
        )


def by_post(message: str, reply: Reply) -> FormPost:
    """`message` as the browser posts it to the site (SAML bindings 3.5.4)."""
    relay_state = () if reply.relay_state is None else (("RelayState", reply.relay_state),)
    return FormPost(
        action=reply.return_url, fields=(("SAMLResponse", b64encode(message.encode()).decode()), *relay_state)
    )


def _status(status: Status) -> Xml:
    """SAML core 3.2.2."""
    detail = NOTHING if status.detail is None else element("samlp:StatusCode", Value=status.detail)
    return element("samlp:Status", element("samlp:StatusCode", detail, Value=status.top))


_SUCCESS = _status(SUCCEEDED)
