"""What a site says of itself to people: names in Japanese and English, and an address to show (Metadata UI 1.0)."""

from collections.abc import Sequence

from idp.domain.service_provider import LocalText
from idp.protocols.saml.names import METADATA_UI
from idp.protocols.saml.sites.addresses import web_scheme
from idp.protocols.saml.sites.elements import content, md
from idp.protocols.saml.sites.remarks import Remarks, shown
from idp.protocols.saml.xml.documents import Element

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_LANGUAGES = {"ja": "Japanese", "en": "English"}
_LONGEST_NAME = 200
_LONGEST_ADDRESS = 1024
_UI = f"{md('Extensions')}/{{{METADATA_UI}}}UIInfo/{{{METADATA_UI}}}"


def read_name(role: Element, remarks: Remarks) -> LocalText | None:
    """What the site is called: its DisplayName, else the ServiceName of its first AttributeConsumingService."""
    names = role.findall(_UI + "DisplayName") or role.findall(f"{md('AttributeConsumingService')}/{md('ServiceName')}")
    return _in_both_languages(names, role, "name (mdui:DisplayName)", remarks)


def read_operator(entity: Element, remarks: Remarks) -> LocalText | None:
    """Who runs the site."""
    organization = f"{md('Organization')}/"
    names = entity.findall(organization + md("OrganizationDisplayName"))
    return _in_both_languages(names, entity, "operator (md:OrganizationDisplayName)", remarks)


def read_home_url(entity: Element, role: Element, remarks: Remarks) -> str | None:
    """An address that people can be sent to: about the site, else of who runs it; in Japanese if there is a choice."""
    addresses = role.findall(_UI + "InformationURL") or entity.findall(f"{md('Organization')}/{md('OrganizationURL')}")
    if not addresses:
        remarks.warn(entity, "names no page about the site (mdui:InformationURL or md:OrganizationURL)")
        return None
    japanese = _in_language(addresses, "ja")
    chosen = addresses[0] if japanese is None else japanese
    url = content(chosen)
    scheme = web_scheme(url.partition("#")[0])
    if scheme is None or len(url) > _LONGEST_ADDRESS:
        remarks.warn(chosen, f"{shown(url)} is no address that people can be sent to")
        return None
    if scheme == "http":
        remarks.warn(chosen, f"{shown(url)} is not https; others on the way can change what people see there")
    return url


def _in_both_languages(names: Sequence[Element], place: Element, what: str, remarks: Remarks) -> LocalText | None:
    found = {language: _name(names, language, remarks) for language in _LANGUAGES}
    for language, name in found.items():
        if name is None:
            remarks.warn(place, f"has no {what} in {_LANGUAGES[language]}")
    return LocalText(ja=found["ja"], en=found["en"]) if found["ja"] and found["en"] else None


def _name(names: Sequence[Element], language: str, remarks: Remarks) -> str | None:
    """On one line; None for what could pretend to be something else on a page, by signs that turn or hide text."""
    element = _in_language(names, language)
    name = "" if element is None else " ".join(content(element).split())
    if element is None or not name:
        return None
    if not name.isprintable() or len(name) > _LONGEST_NAME:
        remarks.warn(element, f"{shown(name)} cannot be shown: too long, or with hidden characters")
        return None
    return name


def _in_language(elements: Sequence[Element], language: str) -> Element | None:
    """The first whose language is `language`, in whatever country (RFC 4647, section 3.3.1)."""
    return next((each for each in elements if each.get(_LANGUAGE, "").lower().split("-")[0] == language), None)
