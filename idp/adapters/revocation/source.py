"""The two sources behind the one port `RevocationSource`."""

from dataclasses import dataclass
from datetime import datetime

from idp.adapters.revocation.crl_store import CrlStore
from idp.adapters.revocation.ocsp_client import OcspClient
from jpki.certificates import AuthenticationCertificate
from jpki.revocation import RevocationStatus, Revoked, decide


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRevocation:
    """The local list first, because it costs microseconds; the responder only for what the list does not revoke."""

    lists: CrlStore
    responder: OcspClient

    def check(self, certificate: AuthenticationCertificate, *, now: datetime) -> RevocationStatus:
        """List, then at most one OCSP request, by the policy of `jpki.revocation.decide`."""
        listed = self.listed(certificate, now=now)
        if isinstance(listed, Revoked):
            return listed
        return decide(listed, self.responder.ask(certificate, now=now))

    def listed(self, certificate: AuthenticationCertificate, *, now: datetime) -> RevocationStatus:
        """The local list alone."""
        return self.lists.look_up(certificate, now=now)
