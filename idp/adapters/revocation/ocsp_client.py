"""Asking an OCSP responder: one POST, one deadline, and a bound on how many threads may wait for it."""

import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from foundation.http import DeadlineExceeded, ExchangeLimits, HttpClient, RequestFailed, ResponseTooLarge
from jpki.certificates import AuthenticationCertificate
from jpki.ocsp import MAXIMUM_RESPONSE_BYTES, NONCE_BYTES, build_ocsp_request, verify_ocsp_response
from jpki.revocation import RevocationStatus, Unknown, WhyUnknown

DEFAULT_DEADLINE = timedelta(seconds=2)
DEFAULT_WAITERS = 2
DEFAULT_SKEW = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspClient:
    """Answers are signed, so plain HTTP will do.

    `responders` is by the key digest of the issuing CA and comes from the settings: the address inside a certificate is
    never asked, or whoever sends one would choose whom this server talks to. `waiters` is per process; keep it below
    the number of the worker's threads, then a slow responder cannot take all of them.
    """

    http: HttpClient
    responders: Mapping[bytes, str]
    deadline: timedelta = DEFAULT_DEADLINE
    waiters: int = DEFAULT_WAITERS
    max_skew: timedelta = DEFAULT_SKEW
    _places: threading.BoundedSemaphore = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Raises `ValueError` if nobody could ever ask."""
        if self.waiters < 1:
            raise ValueError("at least one thread must be allowed to wait")
        object.__setattr__(self, "_places", threading.BoundedSemaphore(self.waiters))

    def ask(self, certificate: AuthenticationCertificate, *, now: datetime) -> RevocationStatus:
        """What the responder of the certificate's CA says. All trouble is `Unknown`; never waits for a place."""
        url = self.responders.get(certificate.issuer.key_digest)
        if url is None:
            return Unknown(checked_at=now, why=WhyUnknown.NO_RESPONDER)
        if not self._places.acquire(blocking=False):
            return Unknown(checked_at=now, why=WhyUnknown.BUSY)
        try:
            return self._exchange(url, certificate, now=now)
        finally:
            self._places.release()

    def _exchange(self, url: str, certificate: AuthenticationCertificate, *, now: datetime) -> RevocationStatus:
        nonce = secrets.token_bytes(NONCE_BYTES)
        try:
            answer = self.http.post(
                url,
                build_ocsp_request(certificate, nonce=nonce),
                content_type="application/ocsp-request",
                limits=ExchangeLimits(deadline=self.deadline, maximum_bytes=MAXIMUM_RESPONSE_BYTES),
            )
        except DeadlineExceeded:
            return Unknown(checked_at=now, why=WhyUnknown.TIMED_OUT)
        except ResponseTooLarge:
            return Unknown(checked_at=now, why=WhyUnknown.TOO_LARGE)
        except RequestFailed:
            return Unknown(checked_at=now, why=WhyUnknown.UNREACHABLE)
        return verify_ocsp_response(answer, certificate=certificate, nonce=nonce, now=now, max_skew=self.max_skew)
