"""What a site says of itself to people: names in Japanese and English, and an address to show (Metadata UI 1.0)."""

from collections.abc import Sequence

from idp.domain.service_provider import LocalText
from idp.domain.web_address import is_link
from idp.protocols.saml.names import METADATA_UI
from idp.protocols.saml.sites.elements import content, md
from idp.protocols.saml.sites.remarks import Remarks, shown
from idp.protocols.saml.xml.documents import Element

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_LONGEST_NAME = 200
_UI = f"{md('Extensions')}/{{{METADATA_UI}}}UIInfo/{{{METADATA_UI}}}"


def read_name(role: Element, remarks: Remarks) -> LocalText | None:
    """What the site is called: its DisplayName, else the ServiceName of its first AttributeConsumingService."""
    names = role.findall(_UI + "DisplayName") or role.findall(f"{md('AttributeConsumingService')}/{md('ServiceName')}")
    return _texts(names, remarks)


def read_operator(entity: Element, remarks: Remarks) -> LocalText | None:
    """Who runs the site."""
    return _texts(entity.findall(f"{md('Organization')}/{md('OrganizationDisplayName')}"), remarks)


def read_home_url(entity: Element, role: Element, remarks: Remarks) -> str | None:
    """An address that people can be sent to: about the site, else of who runs it; in Japanese if there is a choice."""
    addresses = role.findall(_UI + "InformationURL") or entity.findall(f"{md('Organization')}/{md('OrganizationURL')}")
    if not addresses:
        return None
    japanese = _in_language(addresses, "ja")
    chosen = addresses[0] if japanese is None else japanese
    url = content(chosen)
    if not is_link(url):
        remarks.warn(chosen, f"{shown(url)} is no address that people can be sent to")
        return None
    return url


def _texts(names: Sequence[Element], remarks: Remarks) -> LocalText | None:
    ja, en = _name(names, "ja", remarks), _name(names, "en", remarks)
    return LocalText(ja=ja, en=en) if ja or en else None


def _name(names: Sequence[Element], language: str, remarks: Remarks) -> str:
    """On one line; empty for what could pretend to be something else on a page, by signs that turn or hide text."""
    element = _in_language(names, language)
    if element is None:
        return ""
    name = " ".join(content(element).split())
    if not name.isprintable() or len(name) > _LONGEST_NAME:
        remarks.warn(element, f"{shown(name)} cannot be shown: too long, or with hidden characters")
        return ""
    return name


def _in_language(elements: Sequence[Element], language: str) -> Element | None:
    """The first whose language is `language`, in whatever country (RFC 4647, section 3.3.1)."""
    return next((each for each in elements if each.get(_LANGUAGE, "").lower().split("-")[0] == language), None)
