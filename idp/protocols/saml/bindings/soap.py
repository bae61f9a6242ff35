"""SOAP 1.1 as the SAML SOAP binding uses it (SAML bindings 3.2): one message in the body, or a fault."""

from enum import StrEnum

from idp.protocols.saml.xml.canonical import declare, element, text
from idp.protocols.saml.xml.documents import DocumentLimits, DocumentRefused, Element, parse

MEDIA_TYPE = "text/xml"
ACCEPTED_TYPES = (MEDIA_TYPE, "application/soap+xml")
"""The second is of SOAP 1.2, but a widespread library labels its envelopes of SOAP 1.1 so."""
MAX_ENVELOPE_BYTES = 64 * 1024

_LIMITS = DocumentLimits(bytes=MAX_ENVELOPE_BYTES, depth=34, elements=600, drop_comments=False)
_NAMESPACE = "http://schemas.xmlsoap.org/soap/envelope/"
_ENVELOPE, _HEADER, _BODY = (f"{{{_NAMESPACE}}}{name}" for name in ("Envelope", "Header", "Body"))
_MUST_UNDERSTAND = f"{{{_NAMESPACE}}}mustUnderstand"
_DECLARED = declare("soap")


class Fault(StrEnum):
    """Whose fault it is (SOAP 1.1 section 4.4.1)."""

    VERSION = "VersionMismatch"
    HEADER = "MustUnderstand"
    CLIENT = "Client"
    SERVER = "Server"


class SoapRefused(Exception):
    """The envelope will not do, for `why`, which holds nothing out of it."""

    def __init__(self, fault: Fault, why: str) -> None:
        super().__init__(why)
        self.fault = fault
        self.why = why


def read_envelope(octets: bytes) -> Element:
    """The one element in the body, still in its place. Raises `SoapRefused`."""
    try:
        envelope = parse(octets, _LIMITS)
    except DocumentRefused as error:
        raise SoapRefused(Fault.CLIENT, f"envelope {error}") from error
    if envelope.tag != _ENVELOPE:
        raise SoapRefused(Fault.VERSION, "not an envelope of SOAP 1.1")
    *header, body = list(envelope) or [envelope]
    if body.tag != _BODY or [part.tag for part in header] not in ([], [_HEADER]):
        raise SoapRefused(Fault.CLIENT, "envelope of another form")
    if any(block.get(_MUST_UNDERSTAND) == "1" for part in header for block in part):
        raise SoapRefused(Fault.HEADER, "a header that must be understood")
    if len(body) != 1:
        raise SoapRefused(Fault.CLIENT, "a body with more or less than one message")
    return body[0]


def write_fault(fault: Fault) -> bytes:
    """An envelope that tells whose fault it is, and no more: why it is stands in our log (SAML bindings 3.2.3.3)."""
    told = element(
        "soap:Fault",
        element("faultcode", text(f"soap:{fault}")),
        element("faultstring", text("The request was not processed.")),
    )
    return element("soap:Envelope", element("soap:Body", told), declares=_DECLARED).encode()
