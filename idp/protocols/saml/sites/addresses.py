"""The addresses in a site's metadata to which answers may go."""

from idp.domain.web_address import address_fault
from idp.protocols.saml.names import HTTP_ARTIFACT, HTTP_POST
from idp.protocols.saml.sites.elements import attribute, check_indexes, index_of, md, truth
from idp.protocols.saml.sites.registration import AssertionConsumer
from idp.protocols.saml.sites.remarks import Remarks, shown
from idp.protocols.saml.xml.documents import Element


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
    if address_fault(url, unsafe_http_loopback=http_loopback) is not None:
        remarks.fault(
            element, f"its Location {shown(url)} must be an absolute https address without user name or fragment"
        )
    return AssertionConsumer(index=index, binding=binding, url=url, is_default=truth(element, "isDefault"))
