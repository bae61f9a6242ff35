"""HTTP-Artifact binding, as a sender (SAML bindings 3.6): the browser carries a reference, the site fetches the answer.

What is kept is what there is to tell, not the message: it is written when its site asks for it.
"""

import base64
import binascii
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from idp.domain.errors import IdpError, RequestInvalid, SiteUnknown, leaves
from idp.domain.release import Release
from idp.domain.service_provider import ServiceProvider
from idp.protocols.saml.responses.replies import Reply
from idp.usecases.ports import OneTimeStore

LIFETIME = timedelta(minutes=1)
"""The browser's way to the site, and the site's question to us (SAML core 3.5.3: as short as can be)."""

_TYPE_AND_INDEX = b"\x00\x04\x00\x00"
_HANDLE_BYTES = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldAnswer:
    """What an artifact stands for: `release`, or where there is none the refusal with the code `refusal`, made `at`."""

    reply: Reply
    release: Release | None
    refusal: str
    at: datetime

    @property
    def error(self) -> IdpError:
        """The refusal."""
        kind = leaves()[self.refusal]
        return kind("refused before") if issubclass(kind, RequestInvalid | SiteUnknown) else kind()


class Artifacts:
    """Makes artifacts of type 0x0004 for our first resolution endpoint (SAML bindings 3.6.4.2), and redeems them."""

    def __init__(self, entity_id: str, store: OneTimeStore[HeldAnswer]) -> None:
        # The binding prescribes SHA-1 for this name of ours; nothing relies on its being hard to collide with.
        source = hashlib.sha1(entity_id.encode(), usedforsecurity=False).digest()
        self._head = _TYPE_AND_INDEX + source
        self._store = store

    def make(self, answer: HeldAnswer) -> str:
        """An artifact for `answer`, good from `answer.at` for `LIFETIME`."""
        handle = secrets.token_bytes(_HANDLE_BYTES)
        self._store.put(handle.hex(), answer, now=answer.at, expires_at=answer.at + LIFETIME)
        return base64.b64encode(self._head + handle).decode()

    def redeem(self, unverified_artifact: str, *, site: ServiceProvider, now: datetime) -> HeldAnswer:
        """What the artifact stands for, if it was made for `site` as it is registered now. It is used up in any case.

        Raises as `OneTimeStore.take`, and `RequestInvalid`.
        """
        answer = self._store.take(self._handle(unverified_artifact), now=now)
        if (answer.reply.site, answer.reply.entity_id) != (site.id, site.protocol_id):
            raise RequestInvalid("an artifact that was made for another site")
        return answer

    def _handle(self, unverified_artifact: str) -> str:
        try:
            octets = base64.b64decode(unverified_artifact, validate=True)
        except (binascii.Error, ValueError) as error:
            raise RequestInvalid("an artifact that is not base64") from error
        if len(octets) != len(self._head) + _HANDLE_BYTES or not octets.startswith(self._head):
            raise RequestInvalid("an artifact that is not ours")
        return octets[len(self._head) :].hex()


def address_with(artifact: str, reply: Reply) -> str:
    """Where the browser takes it (SAML bindings 3.6.3): as a further part of the query, if the address has one."""
    fields = [("SAMLart", artifact), *([] if reply.relay_state is None else [("RelayState", reply.relay_state)])]
    return f"{reply.return_url}{'&' if '?' in reply.return_url else '?'}{urlencode(fields)}"
