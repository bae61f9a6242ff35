"""The attributes of a `Release`, by their SAML names. Nothing is stated that is not in the release."""

import json

from idp.domain.citizen import CertificateCheck
from idp.domain.login import IdentifierKind
from idp.domain.release import Release
from idp.protocols.saml.bridge import AttributeValues
from idp.protocols.saml.contexts import Contexts
from idp.protocols.saml.names import PAIRWISE_ID, own_attribute
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.times import write_instant


def released_attributes(release: Release, settings: SamlSettings, contexts: Contexts) -> tuple[AttributeValues, ...]:
    """How the citizen logged in, how fresh the certificate's check is, and the lasting identifier if released."""
    about_login = (
        _acr(settings, contexts.own(release.context)),
        _cert_status(settings, certificate_status(release.check)),
    )
    match release.identifier:
        case IdentifierKind.PERSISTENT:
            return (_pairwise_id(f"{release.subject}@{settings.scope}"), *about_login)
        case IdentifierKind.TRANSIENT:
            return about_login


def offered_attributes(settings: SamlSettings) -> tuple[AttributeValues, ...]:
    """The same names without values, for metadata."""
    return (_pairwise_id(), _acr(settings), _cert_status(settings))


def certificate_status(check: CertificateCheck) -> str:
    """JSON text with the members of our OpenID Connect claim `cert_status`; times as in the rest of the assertion."""
    return json.dumps(
        {
            "source": check.source.value,
            "checked_at": write_instant(check.checked_at),
            "list_issued_at": write_instant(check.issued_at),
            "valid_until": write_instant(check.next_update),
        }
    )


def _pairwise_id(*values: str) -> AttributeValues:
    """Subject Identifier Attributes 1.0, section 3.4: the sector's identifier, scoped."""
    return AttributeValues(name=PAIRWISE_ID, friendly_name="pairwise-id", values=values)


def _acr(settings: SamlSettings, *values: str) -> AttributeValues:
    return AttributeValues(name=own_attribute(settings.issuer, "acr"), friendly_name="acr", values=values)


def _cert_status(settings: SamlSettings, *values: str) -> AttributeValues:
    return AttributeValues(
        name=own_attribute(settings.issuer, "cert-status"), friendly_name="cert-status", values=values
    )
