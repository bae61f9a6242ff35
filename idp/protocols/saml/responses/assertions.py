"""A `Release` as an Assertion (SAML core 2, profiles 4.1.4.2): signed, and encrypted where the site can open it."""

from idp.domain.errors import RequestExpired, ServiceFault
from idp.domain.login import IdentifierKind
from idp.domain.release import Release
from idp.protocols.saml.contexts import Contexts
from idp.protocols.saml.names import BEARER, ENTITY, PERSISTENT, TRANSIENT
from idp.protocols.saml.responses.attributes import AttributeWriter
from idp.protocols.saml.responses.replies import Reply
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.times import write_instant
from idp.protocols.saml.xml.canonical import NOTHING, Xml, declare, element, text
from idp.protocols.saml.xml.encryption import EncryptionTarget, encrypt
from idp.protocols.saml.xml.signing import XmlSigner, new_id

_SAML = declare("saml")
_SAML_AND_TYPES = declare("saml", "xs")


class AssertionWriter:
    """Writes Assertions; what is the same in all of them, once."""

    def __init__(self, *, settings: SamlSettings, signer: XmlSigner, contexts: Contexts) -> None:
        self._settings = settings
        self._signer = signer
        self._contexts = contexts
        self._attributes = AttributeWriter(settings, contexts)
        self._issuer = element("saml:Issuer", text(settings.entity_id), Format=ENTITY)
        self._authorities = [
            element("saml:AuthenticatingAuthority", text(authority))
            for authority in settings.authenticating_authorities
        ]

    def write(self, release: Release, reply: Reply, encryption: EncryptionTarget | None) -> Xml:
        """An Assertion that declares its own prefixes, so that it can be taken out and put anywhere.

        Raises `RequestExpired` if the site's own Conditions leave it no time, and `ServiceFault` for a release that is
        not for this site, and for an EncryptedID without a key.
        """
        if release.service_provider != reply.site:
            raise ServiceFault
        opens, closes = self._validity(release, reply)
        assertion = self._signer.element(
            "saml:Assertion",
            self._issuer,
            self._subject(release, reply, closes, encryption),
            _conditions(reply, opens, closes),
            self._authn_statement(release, reply),
            self._attributes.write(release),
            declares=_SAML_AND_TYPES,
            ID=new_id(),
            IssueInstant=write_instant(release.released_at),
            Version="2.0",
        )
        if encryption is None:
            return assertion
        sealed = encrypt(assertion, encryption, recipient=reply.entity_id)
        return element("saml:EncryptedAssertion", sealed, declares=_SAML)

    def _validity(self, release: Release, reply: Reply) -> tuple[str, str]:
        """NotBefore and NotOnOrAfter, narrowed by the request's. The latter is when the bearer must have come, too."""
        opens = release.released_at - self._settings.skew
        closes = release.released_at + self._settings.assertion_lifetime
        if reply.not_before is not None:
            opens = max(opens, reply.not_before)
        if reply.not_on_or_after is not None:
            closes = min(closes, reply.not_on_or_after)
        if closes <= max(opens, release.released_at):
            raise RequestExpired
        return write_instant(opens), write_instant(closes)

    def _subject(self, release: Release, reply: Reply, closes: str, encryption: EncryptionTarget | None) -> Xml:
        data = element(
            "saml:SubjectConfirmationData",
            InResponseTo=reply.request_id,
            NotOnOrAfter=closes,
            Recipient=reply.return_url,
        )
        name_id = self._encrypted_id(release, reply, encryption) if reply.encrypt_id else self._name_id(release, reply)
        return element("saml:Subject", name_id, element("saml:SubjectConfirmation", data, Method=BEARER))

    def _name_id(self, release: Release, reply: Reply, *, declares: str = "") -> Xml:
        """SAML core 8.3.7 and 8.3.8: a lasting identifier is the site's, unless it asked in another name of its own."""
        is_lasting = release.identifier is IdentifierKind.PERSISTENT
        return element(
            "saml:NameID",
            text(release.subject),
            declares=declares,
            Format=PERSISTENT if is_lasting else TRANSIENT,
            NameQualifier=self._settings.entity_id,
            SPNameQualifier=reply.name_qualifier or (reply.entity_id if is_lasting else None),
        )

    def _encrypted_id(self, release: Release, reply: Reply, encryption: EncryptionTarget | None) -> Xml:
        """SAML core 2.2.4. What is inside declares its own prefix, for it will be read on its own."""
        if encryption is None:
            raise ServiceFault
        name_id = self._name_id(release, reply, declares=_SAML)
        return element("saml:EncryptedID", encrypt(name_id, encryption, recipient=reply.entity_id))

    def _authn_statement(self, release: Release, reply: Reply) -> Xml:
        """SAML core 2.7.2. The authorities are those on whose word the login rests."""
        reference = text(self._contexts.stated(release.context, reply.context))
        return element(
            "saml:AuthnStatement",
            element("saml:AuthnContext", element("saml:AuthnContextClassRef", reference), *self._authorities),
            AuthnInstant=write_instant(release.authenticated_at),
            SessionIndex=release.session,
            SessionNotOnOrAfter=write_instant(release.session_expires_at),
        )


def _conditions(reply: Reply, opens: str, closes: str) -> Xml:
    """SAML core 2.5. Use once, and how often the word may be passed on, only if the request says so."""
    return element(
        "saml:Conditions",
        element("saml:AudienceRestriction", element("saml:Audience", text(reply.entity_id))),
        element("saml:OneTimeUse") if reply.one_time_use else NOTHING,
        NOTHING if reply.proxy_count is None else element("saml:ProxyRestriction", Count=str(reply.proxy_count)),
        NotBefore=opens,
        NotOnOrAfter=closes,
    )
