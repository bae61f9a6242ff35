"""What metadata says beside its content: until when it is valid, when it was published, how its entities are called."""

import re
from datetime import datetime, timedelta

from idp.domain.errors import RequestInvalid
from idp.domain.metadata_source import MetadataRefused, WhyRefused
from idp.protocols.saml.names import METADATA, METADATA_UI
from idp.protocols.saml.times import read_instant
from idp.protocols.saml.xml.documents import Element

_PUBLICATION = "{urn:oasis:names:tc:SAML:metadata:rpi}PublicationInfo"
_NAMES = (
    f"{{{METADATA_UI}}}DisplayName",
    f"{{{METADATA}}}OrganizationDisplayName",
    f"{{{METADATA}}}ServiceName",
)
_NAMES_LENGTH = 500
_DURATION = re.compile(
    r"P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})(?:\.\d+)?S)?)?",
    re.ASCII,
)
_UNITS = (365 * 86400, 30 * 86400, 86400, 3600, 60, 1)
"""In seconds. A year and a month are as long as they mostly are: this only says how often to ask."""


def earliest(*ends: datetime | None) -> datetime | None:
    """What is valid until several instants is valid until the first of them."""
    return min((end for end in ends if end is not None), default=None)


def end_of(element: Element) -> datetime | None:
    """SAML metadata 2.3.1, 2.3.2: `validUntil`. Raises `MetadataRefused`."""
    return _instant(element.get("validUntil"))


def published_at(extensions: Element) -> datetime | None:
    """Metadata Extensions for Registration and Publication Information 1.0, 2.2.1. Raises `MetadataRefused`."""
    publication = extensions.find(_PUBLICATION)
    return None if publication is None else _instant(publication.get("creationInstant"))


def cache_for(element: Element) -> timedelta | None:
    """SAML metadata 2.3.1, 2.3.2: `cacheDuration`, which is advice; one that cannot be read is none."""
    found = _DURATION.fullmatch(element.get("cacheDuration", ""))
    if found is None:
        return None
    return timedelta(seconds=sum(int(number or 0) * unit for number, unit in zip(found.groups(), _UNITS, strict=True)))


def names_in(element: Element) -> list[str]:
    """What the entity calls itself and its services, in the order of the document."""
    return [" ".join(name.text.split()) for name in element.iter(*_NAMES) if name.text]


def joined(names: list[str]) -> str:
    """Each name once, as one line of bounded length."""
    return " / ".join(dict.fromkeys(names))[:_NAMES_LENGTH]


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return read_instant(text)
    except RequestInvalid as error:
        raise MetadataRefused(WhyRefused.NOT_METADATA, error.why) from error
