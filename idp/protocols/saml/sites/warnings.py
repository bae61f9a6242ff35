"""What an operator should know of a site before admitting it, although nothing of it is wrong."""

from collections.abc import Callable
from dataclasses import dataclass

from idp.protocols.saml.sites.elements import md, truth
from idp.protocols.saml.sites.keys import SiteKey
from idp.protocols.saml.sites.registration import Registration
from idp.protocols.saml.sites.remarks import Remarks
from idp.protocols.saml.xml.documents import Element


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """Metadata without faults: its elements, and what was taken from them."""

    entity: Element
    role: Element
    keys: tuple[SiteKey, ...]
    registration: Registration


def does_not_sign(site: Site, remarks: Remarks) -> None:
    """Anybody can write its requests, so they can do little."""
    if not site.registration.signs_requests:
        remarks.warn(
            site.role,
            "the site does not sign its requests (AuthnRequestsSigned is not true); it is marked unsigned_requests,"
            " kept out of the high tier, and answered only at the addresses of its metadata",
        )


def has_no_key_to_encrypt_to(site: Site, remarks: Remarks) -> None:
    """TLS protects each hop, the browser reads along."""
    if site.registration.encryption is None:
        remarks.warn(site.role, "has no key for encryption; assertions will pass the citizen's browser unencrypted")


def wants_no_signed_assertions(site: Site, remarks: Remarks) -> None:
    """Absent is the same to us, but says nothing."""
    if truth(site.role, "WantAssertionsSigned") is False:
        remarks.warn(site.role, "WantAssertionsSigned is false; assertions are signed all the same")


def manages_names(site: Site, remarks: Remarks) -> None:
    """Profiles 4.5, which nobody has to support but those who say so."""
    service = site.role.find(md("ManageNameIDService"))
    if service is not None:
        remarks.warn(service, "is never called: we change no name identifiers by message")


WARNINGS: tuple[Callable[[Site, Remarks], None], ...] = (
    does_not_sign,
    has_no_key_to_encrypt_to,
    wants_no_signed_assertions,
    manages_names,
)
"""Those about the site as a whole; what is about one element is said where that is read."""
