"""What a site will receive from us, and by which keys we know it, told to the operator who admits it."""

from collections.abc import Sequence

from cryptography.hazmat.primitives.asymmetric import rsa

from foundation.keys import PublicKey
from idp.domain.attribute import AttributeName
from idp.domain.login import IdentifierKind
from idp.domain.registration import Protection, RegisteredKey, Told
from idp.protocols.saml.names import HTTP_ARTIFACT
from idp.protocols.saml.requests.wishes import default_identifier, told_attributes
from idp.protocols.saml.responses.attributes import attribute_uri
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.sites.keys import SiteKey
from idp.protocols.saml.sites.registration import Registration

_MEANINGS = {
    AttributeName.SUBJECT: "the citizen's identifier in the site's sector, with our scope behind it: random, lasting",
    AttributeName.CONTEXT: "how the citizen logged in",
    AttributeName.CERTIFICATE_CHECK: "when, by which source and until when the card's certificate was found good",
    AttributeName.SECTOR: "the code of the sector for which the identifier holds",
}


def answers(registration: Registration, settings: SamlSettings) -> tuple[Told, ...]:
    """To a request that leaves every choice to us, in the order in which a message holds them."""
    identifier = default_identifier(registration)
    attributes = told_attributes(registration, registration.default_attribute_set(), identifier)
    return (
        _place(registration),
        _response(registration),
        _assertion(registration),
        _name_id(identifier, registration, settings),
        *(Told(name=attribute_uri(name, settings.issuer), meaning=_MEANINGS[name]) for name in attributes),
    )


def protections(registration: Registration) -> frozenset[Protection]:
    """What guards every answer, whatever a request asks for."""
    target = registration.encryption
    guards = (
        (Protection.ENCRYPTED, target is not None),
        (Protection.ENCRYPTED_AGAINST_CHANGE, target is not None and target.data.shows_changes),
        (Protection.SIGNED_AS_A_WHOLE, registration.signs_response),
    )
    return frozenset(protection for protection, is_there in guards if is_there)


def registered_keys(keys: Sequence[SiteKey]) -> tuple[RegisteredKey, ...]:
    """Each key once for each of its uses."""
    return tuple(
        RegisteredKey(use=use, kind=_kind(key.key), fingerprint=key.fingerprint, ends_at=key.ends_at)
        for key in keys
        for use in key.uses
    )


def _kind(key: PublicKey) -> str:
    return f"RSA {key.key_size}" if isinstance(key, rsa.RSAPublicKey) else f"EC P-{key.key_size}"


def _place(registration: Registration) -> Told:
    consumer = registration.default_consumer()
    binding = "an artifact" if consumer.binding == HTTP_ARTIFACT else "HTTP-POST"
    others = "" if len(registration.consumers) == 1 else "; or another of the site's addresses if its request says so"
    return Told(name="Destination", meaning=f"{consumer.url}, by {binding}{others}")


def _response(registration: Registration) -> Told:
    signed = "signed as a whole" if registration.signs_response else "not signed itself: the assertion inside is"
    return Told(name="Response", meaning=signed)


def _assertion(registration: Registration) -> Told:
    target = registration.encryption
    if target is None:
        return Told(name="Assertion", meaning="signed, not encrypted")
    ways = [target.data, target.transport.algorithm, target.transport.digest, target.transport.mgf]
    names = ", ".join(_short(uri) for uri in ways if uri is not None)
    return Told(name="EncryptedAssertion", meaning=f"signed, then encrypted ({names})")


def _name_id(identifier: IdentifierKind, registration: Registration, settings: SamlSettings) -> Told:
    lasting = (
        f"persistent: the citizen's identifier in the site's sector, random and lasting, with the NameQualifier"
        f" {settings.entity_id} and the SPNameQualifier {registration.entity_id}"
    )
    passing = f"transient: another one each time{_without_lasting(registration)}"
    match identifier:
        case IdentifierKind.PERSISTENT:
            return Told(name="NameID", meaning=f"{lasting}; or, if the request asks for it, {passing}")
        case IdentifierKind.TRANSIENT:
            return Told(name="NameID", meaning=f"{passing}; or, if the request asks for it, {lasting}")


def _without_lasting(registration: Registration) -> str:
    told = told_attributes(registration, registration.default_attribute_set(), IdentifierKind.TRANSIENT)
    return "" if AttributeName.SUBJECT in told else ", and then without pairwise-id"


def _short(uri: str) -> str:
    return uri.rpartition("#")[2]
