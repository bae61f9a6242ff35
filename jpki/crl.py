"""Certificate revocation lists (RFC 5280 section 5): whether one may be used, and what stands in it.

The library reads the head. Signature and entries are read from the bytes themselves: its own signature check encodes a
large list anew, and its entries cost an object each.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm

from jpki import der
from jpki.algorithms import allowed_hash, is_signed_by
from jpki.anchors import TrustAnchor
from jpki.certificates import MAXIMUM_SERIAL_BYTES, directory_name_digest
from jpki.errors import AlgorithmNotAllowed, CrlRejected
from jpki.extensions import find_extension, has_strange_critical
from jpki.revocation import RevocationReason

_UNDERSTOOD: frozenset[type[x509.ExtensionType]] = frozenset(
    {x509.IssuingDistributionPoint, x509.CRLNumber, x509.AuthorityKeyIdentifier}
)
_REASON_CODE = b"\x55\x1d\x15"  # 2.5.29.21, the content of its OBJECT IDENTIFIER
_UTC_TIME_PIVOT = 50
_REMEMBERED = 10_000


class RevokedEntry(NamedTuple):
    """One line of a list; a tuple, because there may be millions."""

    serial: bytes
    """The serial, big-endian, without leading zero bytes."""
    reason: int
    """A value of `RevocationReason`."""
    revoked_at: int
    """Whole seconds since 1970 UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCrl:
    """A list that its CA signed and that is current. `distribution_point` is a `directory_name_digest`."""

    issuer: TrustAnchor
    distribution_point: bytes
    number: int
    this_update: datetime
    next_update: datetime
    _list: bytes = field(repr=False)
    _entries: tuple[int, int] = field(repr=False)

    def entries(self) -> Iterator[RevokedEntry]:
        """Every entry, in the order of the list. Raises `CrlRejected` at one that cannot be understood."""
        try:
            yield from _read_entries(self._list, *self._entries)
        except (der.NotDer, ValueError, IndexError) as error:
            raise CrlRejected("an entry is malformed") from error


def verify_crl(
    unverified_crl: bytes, anchors: Sequence[TrustAnchor], *, now: datetime, max_skew: timedelta
) -> VerifiedCrl:
    """The whole list of one distribution point, signed by an anchor, current at `now`. Raises `CrlRejected`.

    `max_skew` is by how much the publisher's clock may be ahead; nothing prolongs a list.
    """
    try:
        layout = _layout(unverified_crl)
        parsed = x509.load_der_x509_crl(unverified_crl)
        extensions = parsed.extensions
        issuer = _issuer(unverified_crl, parsed, layout, anchors)
        this_update, next_update = parsed.last_update_utc, parsed.next_update_utc
    except (ValueError, TypeError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise CrlRejected("not a revocation list in DER") from error
    except (UnsupportedAlgorithm, AlgorithmNotAllowed) as error:
        raise CrlRejected("signed with an algorithm that is not accepted") from error
    if next_update is None or now >= next_update:
        raise CrlRejected("expired, or without an end")
    if this_update > now + max_skew or not issuer.not_before <= now <= issuer.not_after:
        raise CrlRejected("the list, or the CA that signed it, is not valid now")
    return VerifiedCrl(
        issuer=issuer,
        distribution_point=_distribution_point(extensions),
        number=_number(extensions),
        this_update=this_update,
        next_update=next_update,
        _list=unverified_crl,
        _entries=layout.entries,
    )


class _Layout(NamedTuple):
    signed: tuple[int, int]
    entries: tuple[int, int]


def _layout(data: bytes) -> _Layout:
    """Where the signed part and the entries lie. Raises `NotDer`."""
    start, end = der.element(data, 0, len(data), der.SEQUENCE)
    if end != len(data):
        raise der.NotDer("bytes after the end")
    position, signed_end = der.element(data, start, end, der.SEQUENCE)
    _, position = der.element(data, position, signed_end, der.INTEGER)
    _, position = der.element(data, position, signed_end, der.SEQUENCE)
    _, position = der.element(data, position, signed_end, der.SEQUENCE)
    while der.next_tag(data, position, signed_end) in (der.UTC_TIME, der.GENERALIZED_TIME):
        _, position = der.element(data, position, signed_end, data[position])
    entries = (position, position)
    if der.next_tag(data, position, signed_end) == der.SEQUENCE:
        entries = der.element(data, position, signed_end, der.SEQUENCE)
    return _Layout(signed=(start, signed_end), entries=entries)


def _issuer(
    data: bytes, parsed: x509.CertificateRevocationList, layout: _Layout, anchors: Sequence[TrustAnchor]
) -> TrustAnchor:
    algorithm = allowed_hash(parsed.signature_algorithm_oid)
    signed = data[slice(*layout.signed)]
    for anchor in anchors:
        if anchor.subject == parsed.issuer and is_signed_by(
            anchor.public_key, signature=parsed.signature, content=signed, algorithm=algorithm
        ):
            return anchor
    raise CrlRejected("no trust anchor signed it")


def _distribution_point(extensions: x509.Extensions) -> bytes:
    """The one directory name that the list is for, whole and direct (RFC 5280 sections 5.2.5 and 6.3.3)."""
    if has_strange_critical(extensions, _UNDERSTOOD):
        raise CrlRejected("a critical extension is not understood")
    extension = find_extension(extensions, x509.IssuingDistributionPoint)
    if extension is None:
        raise CrlRejected("names no distribution point")
    point = extension.value
    is_partial = (
        point.only_contains_ca_certs
        or point.only_contains_attribute_certs
        or point.indirect_crl
        or point.only_some_reasons
    )
    names = [name.value for name in point.full_name or () if isinstance(name, x509.DirectoryName)]
    if is_partial or len(names) != 1:
        raise CrlRejected("not the whole list of one distribution point")
    return directory_name_digest(names[0])


def _number(extensions: x509.Extensions) -> int:
    extension = find_extension(extensions, x509.CRLNumber)
    if extension is None:
        raise CrlRejected("without a number")
    number = extension.value.crl_number
    if number < 0 or number.bit_length() > 8 * MAXIMUM_SERIAL_BYTES:
        raise CrlRejected("a number out of range")
    return number


def _read_entries(data: bytes, position: int, end: int) -> Iterator[RevokedEntry]:
    """Dates and extensions repeat by the thousand, so each distinct one is read once."""
    moments: dict[bytes, int] = {}
    reasons: dict[bytes, int] = {b"": int(RevocationReason.UNSPECIFIED)}
    while position < end:
        start, position = der.element(data, position, end, der.SEQUENCE)
        serial_start, serial_end = der.positive_integer(data, start, position, maximum_bytes=MAXIMUM_SERIAL_BYTES + 1)
        _, time_end = der.element(data, serial_end, position, data[serial_end])
        time, extensions = data[serial_end:time_end], data[time_end:position]
        if time not in moments:
            if len(moments) >= _REMEMBERED:
                moments.clear()
            moments[time] = _seconds(time)
        if extensions not in reasons:
            if len(reasons) >= _REMEMBERED:
                reasons.clear()
            reasons[extensions] = _reason(extensions)
        serial = data[serial_start:serial_end].lstrip(b"\0")
        if len(serial) > MAXIMUM_SERIAL_BYTES:
            raise der.NotDer("serial too long")
        yield RevokedEntry(serial, reasons[extensions], moments[time])


def _seconds(time: bytes) -> int:
    """A Time with seconds and Z (RFC 5280 section 4.1.2.5) as seconds since 1970. Raises `ValueError`."""
    text = time[2:].decode("ascii")
    if time[0] == der.UTC_TIME:
        text = ("20" if int(text[:2]) < _UTC_TIME_PIVOT else "19") + text
    elif time[0] != der.GENERALIZED_TIME:
        raise der.NotDer("not a time")
    return int(datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC).timestamp())


def _reason(extensions: bytes) -> int:
    """The reasonCode among an entry's extensions; any critical one besides refuses the list (section 5.3)."""
    reason = int(RevocationReason.UNSPECIFIED)
    position, end = der.element(extensions, 0, len(extensions), der.SEQUENCE)
    if end != len(extensions):
        raise der.NotDer("bytes after the extensions")
    while position < end:
        start, position = der.element(extensions, position, end, der.SEQUENCE)
        oid_start, oid_end = der.element(extensions, start, position, der.OBJECT_IDENTIFIER)
        is_critical = der.next_tag(extensions, oid_end, position) == der.BOOLEAN
        value_at = der.element(extensions, oid_end, position, der.BOOLEAN)[1] if is_critical else oid_end
        value_start, value_end = der.element(extensions, value_at, position, der.OCTET_STRING)
        if extensions[oid_start:oid_end] == _REASON_CODE:
            code_start, code_end = der.element(extensions, value_start, value_end, der.ENUMERATED)
            reason = int(RevocationReason(int.from_bytes(extensions[code_start:code_end], "big")))
        elif is_critical:
            raise der.NotDer("a critical entry extension is not understood")
    return reason
