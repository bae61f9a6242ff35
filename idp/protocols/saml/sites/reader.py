"""A site's SAML metadata: what we take from it, and everything that may be wrong with it, in plain words.

The same reading serves the operator who admits the site and the requests that it sends later.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from idp.domain.errors import RequestInvalid
from idp.domain.registration import RegistrationFacts, RegistrationRefused, Remark
from idp.domain.service_provider import Mark
from idp.protocols.saml.names import PROTOCOL
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.sites.addresses import read_consumers
from idp.protocols.saml.sites.answers import answers, protections, registered_keys
from idp.protocols.saml.sites.elements import attribute, md, truth
from idp.protocols.saml.sites.keys import choose_target, names_signing_key, read_keys, signing_keys
from idp.protocols.saml.sites.presentation import read_home_url, read_name, read_operator
from idp.protocols.saml.sites.registration import Registration
from idp.protocols.saml.sites.remarks import Remarks, name_of, shown
from idp.protocols.saml.sites.requirements import (
    check_algorithms,
    read_attribute_sets,
    read_name_id_formats,
    read_signs_response,
    read_subject_id,
)
from idp.protocols.saml.sites.warnings import WARNINGS, Site
from idp.protocols.saml.times import read_instant
from idp.protocols.saml.xml.documents import DocumentLimits, DocumentRefused, Element, Schema, parse

LONGEST_METADATA = 1024 * 1024
"""Bytes of one entity."""

_LIMITS = DocumentLimits(bytes=LONGEST_METADATA, depth=32, elements=5000, drop_comments=True, declarations=5000)
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!#$&'()*+,./0-9:;=?@A-Z_a-z~%\[\]-]+", re.ASCII)
"""An absolute one, in the characters of RFC 3986."""
_HTML = re.compile(r"\s*(<\?xml[^>]*>\s*)?<(!DOCTYPE\s+)?html\b", re.ASCII | re.IGNORECASE)
_ROOTS = (md("EntityDescriptor"), md("EntitiesDescriptor"))
_OTHER_ROLES = {
    md("RoleDescriptor"): "a role of another protocol",
    md("IDPSSODescriptor"): "an identity provider",
    md("AuthnAuthorityDescriptor"): "an authentication authority",
    md("AttributeAuthorityDescriptor"): "an attribute authority",
    md("PDPDescriptor"): "a policy decision point",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SiteMetadataReader:
    """Reads metadata. `schema` is the one of SAML metadata."""

    schema: Schema
    settings: SamlSettings

    def registration(self, text: str, marks: frozenset[Mark]) -> Registration:
        """What requests are judged by. Raises `RegistrationRefused` with every fault."""
        return self._site(_entity(text), marks, Remarks()).registration

    def read(self, text: str, *, marks: frozenset[Mark]) -> RegistrationFacts:
        """What the operator is told. Raises `RegistrationRefused` with every fault."""
        remarks = Remarks()
        site = self._site(_entity(text), marks, remarks)
        for check in WARNINGS:
            check(site, remarks)
        return RegistrationFacts(
            protocol_id=site.registration.entity_id,
            ends_at=site.registration.valid_until,
            marks=frozenset() if site.registration.signs_requests else frozenset({Mark.UNSIGNED_REQUESTS}),
            name=read_name(site.role, remarks),
            operator=read_operator(site.entity, remarks),
            home_url=read_home_url(site.entity, site.role, remarks),
            warnings=remarks.warnings(),
            receives=answers(site.registration, self.settings),
            keys=registered_keys(site.keys),
            protections=protections(site.registration),
        )

    def _site(self, entity: Element, marks: frozenset[Mark], remarks: Remarks) -> Site:
        entity_id = _entity_id(entity, remarks)
        role = _role(entity, remarks)
        keys = read_keys(role, remarks)
        can_sign = names_signing_key(role)
        check_algorithms(entity, role, remarks)
        registration = Registration(
            entity_id=entity_id,
            consumers=read_consumers(
                role,
                remarks,
                has_signing_keys=can_sign,
                http_loopback=self.settings.unsafe_http_loopback,
            ),
            signing_keys=signing_keys(keys),
            signs_requests=_signs_requests(role, remarks, has_keys=can_sign),
            signs_response=read_signs_response(entity, self.settings.issuer, remarks),
            encryption=choose_target(keys, remarks, unsafe_cbc=Mark.UNSAFE_CBC in marks),
            attribute_sets=read_attribute_sets(role, self.settings.issuer, remarks),
            subject_id=read_subject_id(entity, remarks),
            name_id_formats=read_name_id_formats(role, remarks),
            valid_until=_valid_until((*entity.iterancestors(), entity, role), remarks),
        )
        remarks.schema_faults(entity, self.schema)
        remarks.refuse_if_faulty()
        return Site(entity=entity, role=role, keys=keys, registration=registration)


def _entity(text: str) -> Element:
    """The EntityDescriptor: the root, or the only one below it."""
    if _HTML.match(text):
        raise _unusable(
            "it is a page for browsers (HTML), not SAML metadata: its root is not md:EntityDescriptor", None
        )
    try:
        root = parse(text.encode(), _LIMITS)
    except UnicodeEncodeError as error:
        raise _unusable("it is not text", None) from error
    except DocumentRefused as error:
        raise _unusable(str(error), error.line) from error
    if root.tag not in _ROOTS:
        raise _unusable(f"it is not SAML metadata: its root is {name_of(root)}, not md:EntityDescriptor", None)
    entities = [element for element in (root, *root.iterdescendants()) if element.tag == md("EntityDescriptor")]
    if len(entities) != 1:
        raise _unusable(
            f"it must describe one entity, in one md:EntityDescriptor, and describes {len(entities)}. Save that of the"
            " site to a file of its own, or add the whole as a source of metadata",
            None,
        )
    return entities[0]


def _unusable(why: str, line: int | None) -> RegistrationRefused:
    place = f"line {line}" if line else ""
    return RegistrationRefused((Remark(place=place, words=f"the metadata cannot be used: {why}"),))


def _entity_id(entity: Element, remarks: Remarks) -> str:
    """SAML core 8.3.6: a URI. That it is there, and no longer than 1024 characters, is the schema's rule."""
    entity_id = attribute(entity, "entityID")
    if entity_id is not None and not _URI.fullmatch(entity_id):
        remarks.fault(entity, f"its entityID {shown(entity_id)} must be an absolute URI")
    return entity_id or ""


def _role(entity: Element, remarks: Remarks) -> Element:
    """The one SPSSODescriptor for SAML 2.0. All other roles are dropped: nothing in them is about logging in here."""
    found = []
    for child in list(entity):
        if child.tag in _OTHER_ROLES:
            found.append(_OTHER_ROLES[str(child.tag)])
            entity.remove(child)
    sites = entity.findall(md("SPSSODescriptor"))
    roles = [role for role in sites if PROTOCOL in role.get("protocolSupportEnumeration", "").split()]
    if len(roles) != 1:
        found += ["a service provider of another protocol"] * (len(sites) - len(roles))
        other = f"; it describes {', '.join(dict.fromkeys(found))}" if found and not roles else ""
        words = f"there must be one SPSSODescriptor for SAML 2.0, and there are {len(roles)}{other}"
        remarks.fault(roles[1] if roles else entity, words)
        remarks.refuse_if_faulty()
    return roles[0]


def _signs_requests(role: Element, remarks: Remarks, *, has_keys: bool) -> bool:
    """SAML metadata 2.4.4."""
    signs = truth(role, "AuthnRequestsSigned") or False
    if signs and not has_keys:
        remarks.fault(
            role, "AuthnRequestsSigned says that the site signs its requests, but there is no usable key for signing"
        )
    return signs


def _valid_until(elements: Iterable[Element], remarks: Remarks) -> datetime | None:
    """The earliest `validUntil` of the elements."""
    ends = []
    for element in elements:
        written = attribute(element, "validUntil")
        if written is None:
            continue
        try:
            ends.append(read_instant(written))
        except RequestInvalid:
            remarks.fault(element, f"its validUntil {shown(written)} must be a time in UTC, as 2027-03-31T00:00:00Z")
    return min(ends, default=None)
