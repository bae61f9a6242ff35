"""A `Release` or a refusal becomes a Response, which the browser posts (SAML profiles 4.1.4, bindings 3.5)."""

import secrets
from base64 import b64encode
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from foundation.keys import CertifiedSigner
from idp.domain.errors import IdpError, ServiceFault
from idp.domain.login import IdentifierKind
from idp.domain.release import Release
from idp.domain.service_provider import ServiceProviderId
from idp.protocols.contract import FormPost
from idp.protocols.saml.attributes import released_attributes
from idp.protocols.saml.bridge import AssertionContent, NameId, ResponseFrame, response
from idp.protocols.saml.contexts import Contexts
from idp.protocols.saml.documents import Element
from idp.protocols.saml.errors import SUCCESS, Status, status_of
from idp.protocols.saml.names import ASSERTION, PERSISTENT, TRANSIENT
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.signatures import sign_enveloped

_AFTER_ISSUER = 1
_SUCCESS = Status(top=SUCCESS, detail=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the request leaves behind for its answer. `return_url` is proven to be the site's.

    `context` is the authentication context reference of ours that the site named, if it named one.
    """

    site: ServiceProviderId
    entity_id: str
    return_url: str
    request_id: str
    relay_state: str | None
    context: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseWriter:
    """Writes signed Responses; the key is loaded already."""

    settings: SamlSettings
    signer: CertifiedSigner
    contexts: Contexts

    def answer(self, release: Release, reply: Reply) -> FormPost:
        """A Response with one signed Assertion. Raises `ServiceFault` for a release that is not for this site."""
        if release.service_provider != reply.site:
            raise ServiceFault
        message = response(self._frame(reply, _SUCCESS, release.released_at), self._content(release, reply))
        assertion = message.find(f"{{{ASSERTION}}}Assertion")
        if assertion is None:
            raise ServiceFault
        sign_enveloped(assertion, self.signer, position=_AFTER_ISSUER)
        return _form(message, reply)

    def refuse(self, error: IdpError, reply: Reply, *, now: datetime) -> FormPost:
        """A Response that tells `error` by its status alone. It is signed as a whole: it has no assertion to sign."""
        message = response(self._frame(reply, status_of(error), now), None)
        sign_enveloped(message, self.signer, position=_AFTER_ISSUER)
        return _form(message, reply)

    def _frame(self, reply: Reply, status: Status, now: datetime) -> ResponseFrame:
        return ResponseFrame(
            id=new_id(),
            issuer=self.settings.entity_id,
            destination=reply.return_url,
            in_response_to=reply.request_id,
            issued_at=now,
            status=status,
        )

    def _content(self, release: Release, reply: Reply) -> AssertionContent:
        return AssertionContent(
            id=new_id(),
            audience=reply.entity_id,
            name_id=self._name_id(release),
            authenticated_at=release.authenticated_at,
            context=self.contexts.stated(release.context, reply.context),
            session_index=release.session,
            session_ends=release.session_expires_at,
            not_before=release.released_at - self.settings.skew,
            not_on_or_after=release.released_at + self.settings.assertion_lifetime,
            attributes=released_attributes(release, self.settings, self.contexts),
        )

    def _name_id(self, release: Release) -> NameId:
        """SAML core 8.3.7 and 8.3.8. The sector is the affiliation for which a lasting identifier was made."""
        is_lasting = release.identifier is IdentifierKind.PERSISTENT
        return NameId(
            value=release.subject,
            format=PERSISTENT if is_lasting else TRANSIENT,
            name_qualifier=self.settings.entity_id,
            sp_name_qualifier=release.sector if is_lasting else None,
        )


def new_id() -> str:
    """128 random bits behind an underscore, because an XML name begins with no digit (SAML core 1.3.4)."""
    return "_" + secrets.token_hex(16)


def _form(message: Element, reply: Reply) -> FormPost:
    text = b64encode(etree.tostring(message)).decode()
    relay_state = () if reply.relay_state is None else (("RelayState", reply.relay_state),)
    return FormPost(action=reply.return_url, fields=(("SAMLResponse", text), *relay_state))
