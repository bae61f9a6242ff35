"""The addresses in a site's metadata: where answers may go, and what may be shown as a link."""

import ipaddress
import re
from urllib.parse import urlsplit

from idp.protocols.saml.names import HTTP_ARTIFACT, HTTP_POST
from idp.protocols.saml.sites.elements import attribute, check_indexes, index_of, md, truth
from idp.protocols.saml.sites.registration import AssertionConsumer
from idp.protocols.saml.sites.remarks import Remarks, shown
from idp.protocols.saml.xml.documents import Element

_URL_CHARACTERS = re.compile(r"[!$&'()*+,./0-9:;=?@A-Z_a-z~%\[\]-]+", re.ASCII)
"""The characters of RFC 3986 but the number sign, which begins a fragment."""


def read_consumers(
    role: Element, remarks: Remarks, *, has_signing_keys: bool, http_loopback: bool
) -> tuple[AssertionConsumer, ...]:
    """The AssertionConsumerServices that we can answer, in their order; those of other bindings are nobody's fault.

    An artifact is resolved for its site only, which must sign to show that it is the one (profiles 4.1.3.6, 5.1).
    """
    found = []
    for element in role.findall(md("AssertionConsumerService")):
        binding = attribute(element, "Binding")
        if binding == HTTP_ARTIFACT and not has_signing_keys:
            remarks.warn(
                element,
                "is left out: an artifact is resolved only for a site that signs, and this one has no key for signing",
            )
        elif binding in {HTTP_POST, HTTP_ARTIFACT}:
            found.append((element, binding))
    if not found:
        remarks.fault(
            role,
            "has no AssertionConsumerService that we can answer: by HTTP-POST, or by HTTP-Artifact if the site has a"
            " key for signing",
        )
    check_indexes((element for element, _ in found), remarks)
    consumers = (_consumer(element, binding, remarks, http_loopback=http_loopback) for element, binding in found)
    return tuple(consumer for consumer in consumers if consumer is not None)


def _consumer(element: Element, binding: str, remarks: Remarks, *, http_loopback: bool) -> AssertionConsumer | None:
    """None for one that the schema has refused already."""
    url, index = attribute(element, "Location"), index_of(element)
    if url is None or index is None:
        return None
    if not is_usable_address(url, http_loopback=http_loopback):
        remarks.fault(
            element, f"its Location {shown(url)} must be an absolute https address without user name or fragment"
        )
    return AssertionConsumer(index=index, binding=binding, url=url, is_default=truth(element, "isDefault"))


def is_usable_address(url: str, *, http_loopback: bool) -> bool:
    """Whether answers may go to `url`: https, no fragment. Plain http passes on this computer itself."""
    scheme = web_scheme(url)
    return scheme == "https" or (scheme == "http" and http_loopback and _is_loopback(urlsplit(url).hostname or ""))


def web_scheme(url: str) -> str | None:
    """`https` or `http`, of an absolute address without user name and fragment and with nothing hidden in it."""
    try:
        parts = urlsplit(url)
        has_place = bool(parts.hostname) and parts.port != 0 and parts.username is None
    except ValueError:
        return None
    is_plain = has_place and parts.scheme in {"https", "http"} and _URL_CHARACTERS.fullmatch(url)
    return parts.scheme if is_plain else None


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
