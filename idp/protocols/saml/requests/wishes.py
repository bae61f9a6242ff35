"""What a site gets by its metadata where its request leaves the choice to us, or where nobody asked."""

from idp.domain.attribute import ABOUT_THE_LOGIN, AttributeName
from idp.domain.login import IdentifierKind
from idp.protocols.saml.names import PERSISTENT, TRANSIENT, UNSPECIFIED
from idp.protocols.saml.sites.registration import AttributeSet, Registration, SubjectIdNeed

_KINDS = {PERSISTENT: IdentifierKind.PERSISTENT, TRANSIENT: IdentifierKind.TRANSIENT}


def wanted_identifier(format_: str | None, registration: Registration) -> IdentifierKind:
    """Of the format in a request (SAML core 3.4.1.1); where that leaves it open, the metadata says."""
    return _KINDS.get(format_ or "", default_identifier(registration))


def default_identifier(registration: Registration) -> IdentifierKind:
    """The first kind in the site's own list that we have (SAML metadata 2.4.2), else the lasting one."""
    known = (format_ for format_ in registration.name_id_formats if format_ in (*_KINDS, UNSPECIFIED))
    return _KINDS.get(next(known, UNSPECIFIED), IdentifierKind.PERSISTENT)


def told_attributes(
    registration: Registration, chosen: AttributeSet | None, identifier: IdentifierKind
) -> tuple[AttributeName, ...]:
    """What a site is told that has `chosen` this set, or has no sets. How the citizen logged in is told to everyone.

    The lasting identifier of the sector is an attribute, too (Subject Identifier Attributes 1.0): as the site's own
    requirement says; where it says nothing, if the site is told that identifier anyhow or asks for it.
    """
    asked = () if chosen is None else chosen.attributes
    others = {name: None for name in (*ABOUT_THE_LOGIN, *asked) if name is not AttributeName.SUBJECT}
    is_told = _is_subject_told(registration.subject_id, asked, identifier)
    return (AttributeName.SUBJECT, *others) if is_told else tuple(others)


def _is_subject_told(need: SubjectIdNeed, asked: tuple[AttributeName, ...], identifier: IdentifierKind) -> bool:
    match need:
        case SubjectIdNeed.PAIRWISE | SubjectIdNeed.ANY:
            return True
        case SubjectIdNeed.NONE:
            return False
        case SubjectIdNeed.UNSTATED:
            return identifier is IdentifierKind.PERSISTENT or AttributeName.SUBJECT in asked
