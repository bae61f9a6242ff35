"""What we tell the world about ourselves, signed (SAML metadata 2.0; Metadata UI 1.0)."""

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from foundation.keys import CertifiedSigner
from idp.protocols.saml.attributes import offered_attributes
from idp.protocols.saml.bridge import IdpDescription, entity_descriptor
from idp.protocols.saml.names import PERSISTENT, TRANSIENT
from idp.protocols.saml.responses import new_id
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.signatures import certificate_text, sign_enveloped

_FIRST = 0
_FETCHES_PER_LIFETIME = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class MetadataWriter:
    """Writes our signed metadata."""

    settings: SamlSettings
    signer: CertifiedSigner

    def write(self, *, now: datetime) -> bytes:
        """Our EntityDescriptor as UTF-8 text, valid from `now` for the configured lifetime."""
        descriptor = entity_descriptor(
            IdpDescription(
                id=new_id(),
                entity_id=self.settings.entity_id,
                sso_url=self.settings.sso_url,
                certificates=(certificate_text(self.signer),),
                name_id_formats=(PERSISTENT, TRANSIENT),
                scope=self.settings.scope,
                display_name=self.settings.display_name,
                attributes=offered_attributes(self.settings),
                valid_until=now + self.settings.metadata_lifetime,
                cache=self.settings.metadata_lifetime / _FETCHES_PER_LIFETIME,
            )
        )
        sign_enveloped(descriptor, self.signer, position=_FIRST)
        return etree.tostring(descriptor, xml_declaration=True, encoding="UTF-8")
