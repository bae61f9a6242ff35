"""Look-ups in the compiled lists: the only state is which files are mapped."""

import threading
from collections import OrderedDict
from datetime import datetime, timedelta
from pathlib import Path

from idp.adapters.revocation.crl_files import ListFileUnreadable, MappedList, file_identity, list_file
from jpki.certificates import AuthenticationCertificate
from jpki.revocation import Good, RevocationStatus, Revoked, StatusSource, Unknown, WhyUnknown

_LOOK_AGAIN = timedelta(seconds=1)
# A map holds a file descriptor; there are some 1,700 municipalities in three CA generations.
_MAPPED_AT_MOST = 256


class CrlStore:
    """The lists of one folder. A newer file is noticed within a second."""

    def __init__(self, folder: Path) -> None:
        """`folder` is where `compile_list` writes."""
        self._folder = folder
        self._mapped: OrderedDict[tuple[bytes, bytes], tuple[MappedList, datetime]] = OrderedDict()
        self._lock = threading.Lock()

    def look_up(self, certificate: AuthenticationCertificate, *, now: datetime) -> RevocationStatus:
        """What the current list of the certificate's own distribution point says; never raises for lack of one."""
        why = WhyUnknown.NO_LIST
        for point in certificate.distribution_points:
            try:
                mapped = self._current(certificate.issuer.key_digest, point, now=now)
                return _status(mapped, certificate, distribution_point=point, now=now)
            except FileNotFoundError:
                continue
            except (ListFileUnreadable, OSError):
                why = WhyUnknown.LIST_UNREADABLE
        return Unknown(checked_at=now, why=why)

    def _current(self, issuer_key_digest: bytes, distribution_point: bytes, *, now: datetime) -> MappedList:
        """The mapped file, looked at again when the last look was a second ago (or, the clock set back, later)."""
        key = (issuer_key_digest, distribution_point)
        with self._lock:
            mapped, seen_at = self._mapped.get(key, (None, now))
            if mapped is None or not timedelta(0) <= now - seen_at < _LOOK_AGAIN:
                file = list_file(
                    self._folder, issuer_key_digest=issuer_key_digest, distribution_point=distribution_point
                )
                if mapped is None or mapped.identity != file_identity(file.stat()):
                    mapped = MappedList(file)
                self._mapped[key] = (mapped, now)
            self._mapped.move_to_end(key)
            if len(self._mapped) > _MAPPED_AT_MOST:
                self._mapped.popitem(last=False)
            return mapped


def _status(
    mapped: MappedList, certificate: AuthenticationCertificate, *, distribution_point: bytes, now: datetime
) -> RevocationStatus:
    """File names hold shortened digests, so the header decides whether this is the right list at all."""
    head = mapped.head
    if (head.issuer_key_digest, head.distribution_point) != (certificate.issuer.key_digest, distribution_point):
        return Unknown(checked_at=now, why=WhyUnknown.LIST_UNREADABLE)
    if now >= head.next_update:
        return Unknown(checked_at=now, why=WhyUnknown.LIST_STALE)
    entry = mapped.find(certificate.serial)
    if entry is None:
        return Good(
            source=StatusSource.CRL,
            checked_at=now,
            this_update=head.this_update,
            next_update=head.next_update,
            may_be_reused=True,
        )
    reason, revoked_at = entry
    return Revoked(source=StatusSource.CRL, checked_at=now, at=revoked_at, reason=reason)
