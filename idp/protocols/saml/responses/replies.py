"""What a SAML request leaves behind for its answer."""

from dataclasses import dataclass
from datetime import datetime

from idp.domain.service_provider import ServiceProviderId


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """`return_url` is proven to be the site's, `binding` is its own; `request_id` is None if nobody asked.

    `context` is the authentication context reference of ours that the site named, `name_qualifier` the SPNameQualifier
    that it named, `encrypt_id` its wish for an EncryptedID. The rest are the Conditions of the request (SAML core
    3.4.1), which only ever narrow the answer.
    """

    site: ServiceProviderId
    entity_id: str
    return_url: str
    binding: str
    request_id: str | None
    relay_state: str | None
    context: str | None
    name_qualifier: str | None
    encrypt_id: bool
    not_before: datetime | None
    not_on_or_after: datetime | None
    one_time_use: bool
    proxy_count: int | None
