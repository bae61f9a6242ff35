from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ReasonFlags
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jpki.crl import RevokedEntry, VerifiedCrl, verify_crl
from jpki.errors import CrlRejected
from jpki.revocation import RevocationReason
from testbed.faults import CrlFault
from testbed.ocsp_messages import sign_data
from testbed.people import IBARAKI_TSUKUBA
from testbed.profiles import Authority, Generation, distribution_point
from tests.support.certificates import anchors_of, verified
from tests.support.pki import SamplePki, a_revocation

NO_SKEW = timedelta(0)
FOREIGN = x509.ObjectIdentifier("1.2.392.200149.8.5.255.98")
REVOKED_AT = datetime(2026, 11, 1, 12, 30, 45, tzinfo=UTC)


def verify(pki: SamplePki, crl: bytes, *, max_skew: timedelta = NO_SKEW) -> VerifiedCrl:
    return verify_crl(crl, anchors_of(pki), now=pki.now, max_skew=max_skew)


def scope(**changes: object) -> x509.IssuingDistributionPoint:
    values: dict[str, object] = {
        "full_name": [x509.DirectoryName(distribution_point(Authority.AUTHENTICATION, IBARAKI_TSUKUBA))],
        "relative_name": None,
        "only_contains_user_certs": False,
        "only_contains_ca_certs": False,
        "only_some_reasons": None,
        "indirect_crl": False,
        "only_contains_attribute_certs": False,
    }
    return x509.IssuingDistributionPoint(**(values | changes))  # type: ignore[arg-type]  # values are checked there


def a_crl(
    pki: SamplePki,
    *,
    scope: x509.ExtensionType | None = None,
    number: int | None = 7,
    extra: x509.ExtensionType | None = None,
    entries: tuple[x509.RevokedCertificate, ...] = (),
    algorithm: hashes.SHA224 | None = None,
) -> bytes:
    """A list signed by the current generation, put together by hand."""
    root = pki.pki.authority(Authority.AUTHENTICATION).root
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(root.certificate.subject)
        .last_update(pki.now)
        .next_update(pki.now + timedelta(days=1))
    )
    if scope is not None:
        builder = builder.add_extension(scope, critical=True)
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    if extra is not None:
        builder = builder.add_extension(extra, critical=True)
    for entry in entries:
        builder = builder.add_revoked_certificate(entry)
    key: RSAPrivateKey = root.private_key
    return builder.sign(key, algorithm or hashes.SHA256()).public_bytes(Encoding.DER)


def an_entry(
    serial: int, *extensions: tuple[x509.ExtensionType, bool], at: datetime = REVOKED_AT
) -> x509.RevokedCertificate:
    builder = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(at)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical=critical)
    return builder.build()


@pytest.mark.parametrize("generation", Generation)
def test_list_is_of_the_generation_that_signed_it_and_of_the_leafs_distribution_point(
    pki: SamplePki, generation: Generation
) -> None:
    leaf = pki.a_certificate(generation=generation)
    crl = verify(pki, pki.a_crl(leaf))
    certificate = verified(pki, leaf)
    assert crl.issuer == certificate.issuer
    assert (crl.distribution_point,) == certificate.distribution_points
    assert (crl.this_update, crl.next_update) == (pki.now, pki.now + timedelta(hours=24))


def test_list_without_entries_revokes_nobody(pki: SamplePki) -> None:
    assert list(verify(pki, pki.a_crl(pki.a_certificate())).entries()) == []


@pytest.mark.parametrize(
    ("flag", "reason"),
    [
        (ReasonFlags.key_compromise, RevocationReason.KEY_COMPROMISE),
        (ReasonFlags.affiliation_changed, RevocationReason.AFFILIATION_CHANGED),
        (ReasonFlags.cessation_of_operation, RevocationReason.CESSATION_OF_OPERATION),
        (ReasonFlags.certificate_hold, RevocationReason.CERTIFICATE_HOLD),
    ],
)
def test_entry_gives_serial_reason_and_instant(pki: SamplePki, flag: ReasonFlags, reason: RevocationReason) -> None:
    leaf = pki.a_certificate(serial=0xA1B2C3)
    crl = pki.a_crl(leaf, revoked=[leaf], status=a_revocation(at=REVOKED_AT, reason=flag))
    assert list(verify(pki, crl).entries()) == [RevokedEntry(b"\xa1\xb2\xc3", reason, int(REVOKED_AT.timestamp()))]


def test_entry_without_a_reason_is_unspecified(pki: SamplePki) -> None:
    crl = a_crl(pki, scope=scope(), entries=(an_entry(5),))
    (entry,) = verify(pki, crl).entries()
    assert entry.reason == RevocationReason.UNSPECIFIED


def test_invalidity_date_and_late_dates_are_read_over(pki: SamplePki) -> None:
    late = datetime(2051, 1, 2, 3, 4, 5, tzinfo=UTC)
    invalid_since = x509.InvalidityDate(REVOKED_AT.replace(tzinfo=None))
    entry = an_entry(2**158, (x509.CRLReason(ReasonFlags.superseded), False), (invalid_since, False), at=late)
    (read,) = verify(pki, a_crl(pki, scope=scope(), entries=(entry,))).entries()
    assert read == ((2**158).to_bytes(20, "big"), RevocationReason.SUPERSEDED, int(late.timestamp()))


def test_many_entries_are_read_as_the_library_reads_them(pki: SamplePki) -> None:
    flags = [ReasonFlags.key_compromise, ReasonFlags.superseded, ReasonFlags.certificate_hold]
    entries = tuple(
        an_entry(serial, (x509.CRLReason(flags[serial % 3]), False), at=REVOKED_AT + timedelta(seconds=serial))
        for serial in range(1, 500)
    )
    crl = a_crl(pki, scope=scope(), entries=entries)
    read = [(int.from_bytes(entry.serial, "big"), entry.revoked_at) for entry in verify(pki, crl).entries()]
    expected = [
        (entry.serial_number, int(entry.revocation_date_utc.timestamp())) for entry in x509.load_der_x509_crl(crl)
    ]
    assert read == expected


@pytest.mark.parametrize(
    ("fault", "why"),
    [
        (CrlFault.EXPIRED, "expired"),
        (CrlFault.NOT_YET_VALID, "not valid now"),
        (CrlFault.TAMPERED, "no trust anchor"),
        (CrlFault.WRONG_ISSUER, "no trust anchor"),
        (CrlFault.GARBAGE, "not a revocation list"),
    ],
)
def test_each_fault_of_a_list_is_refused_by_its_name(pki: SamplePki, fault: CrlFault, why: str) -> None:
    with pytest.raises(CrlRejected, match=why):
        verify(pki, pki.a_crl(pki.a_certificate(), fault=fault))


def test_list_ends_at_its_next_update(pki: SamplePki) -> None:
    crl = pki.a_crl(pki.a_certificate(), this_update=pki.now - timedelta(hours=24))
    with pytest.raises(CrlRejected, match="expired"):
        verify(pki, crl)


def test_publishers_clock_may_be_ahead_by_the_skew_and_no_more(pki: SamplePki) -> None:
    crl = pki.a_crl(pki.a_certificate(), this_update=pki.now + timedelta(seconds=60))
    verify(pki, crl, max_skew=timedelta(seconds=60))
    with pytest.raises(CrlRejected):
        verify(pki, crl, max_skew=timedelta(seconds=59))


def test_list_of_the_other_authority_is_refused(pki: SamplePki) -> None:
    with pytest.raises(CrlRejected, match="no trust anchor"):
        verify(pki, pki.a_crl(pki.a_certificate(), authority=Authority.SIGNATURE))


PARTIAL: dict[str, dict[str, object]] = {
    "for CA certificates": {"only_contains_ca_certs": True},
    "for attribute certificates": {"only_contains_attribute_certs": True},
    "indirect": {"indirect_crl": True},
    "for some reasons": {"only_some_reasons": frozenset({ReasonFlags.key_compromise})},
    "without a name": {"full_name": None, "only_contains_user_certs": True},
    "at an address": {"full_name": [x509.UniformResourceIdentifier("http://crl.invalid/")]},
}


@pytest.mark.parametrize("name", PARTIAL)
def test_list_of_another_scope_is_refused(pki: SamplePki, name: str) -> None:
    with pytest.raises(CrlRejected, match="not the whole list"):
        verify(pki, a_crl(pki, scope=scope(**PARTIAL[name])))


def test_list_for_user_certificates_only_is_accepted(pki: SamplePki) -> None:
    assert verify(pki, a_crl(pki, scope=scope(only_contains_user_certs=True))).number == 7


def test_list_without_distribution_point_is_refused(pki: SamplePki) -> None:
    with pytest.raises(CrlRejected, match="names no distribution point"):
        verify(pki, a_crl(pki))


def test_list_without_number_is_refused(pki: SamplePki) -> None:
    with pytest.raises(CrlRejected, match="without a number"):
        verify(pki, a_crl(pki, scope=scope(), number=None))


@pytest.mark.parametrize(
    "extra", [x509.DeltaCRLIndicator(3), x509.UnrecognizedExtension(FOREIGN, b"\x05\x00")], ids=["delta", "foreign"]
)
def test_critical_extension_that_is_not_understood_refuses_the_list(pki: SamplePki, extra: x509.ExtensionType) -> None:
    with pytest.raises(CrlRejected, match="critical"):
        verify(pki, a_crl(pki, scope=scope(), extra=extra))


def test_critical_entry_extension_that_is_not_understood_refuses_the_list(pki: SamplePki) -> None:
    issuer = x509.CertificateIssuer([x509.DirectoryName(distribution_point(Authority.SIGNATURE, IBARAKI_TSUKUBA))])
    crl = verify(pki, a_crl(pki, scope=scope(), entries=(an_entry(1), an_entry(2, (issuer, True)))))
    with pytest.raises(CrlRejected, match="malformed"):
        list(crl.entries())


def test_weaker_hash_than_sha_256_is_refused(pki: SamplePki) -> None:
    with pytest.raises(CrlRejected, match="algorithm"):
        verify(pki, a_crl(pki, scope=scope(), algorithm=hashes.SHA224()))


def test_two_signature_algorithms_in_one_list_are_refused(pki: SamplePki) -> None:
    crl = a_crl(pki, scope=scope())
    sha256, sha512 = (bytes.fromhex(f"06092a864886f70d0101{last}") for last in ("0b", "0d"))
    signed = x509.load_der_x509_crl(crl)
    claiming = signed.tbs_certlist_bytes.replace(sha256, sha512)
    signature = sign_data(claiming, pki.pki.authority(Authority.AUTHENTICATION).root.private_key)
    forged = crl.replace(signed.tbs_certlist_bytes, claiming).replace(signed.signature, signature)
    with pytest.raises(CrlRejected):
        verify(pki, forged)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(min_value=0), replacement=st.binary(max_size=6), removed=st.integers(0, 6))
def test_damaged_list_never_raises_anything_else(
    pki: SamplePki, signed_list: bytes, position: int, replacement: bytes, removed: int
) -> None:
    start = position % len(signed_list)
    damaged = signed_list[:start] + replacement + signed_list[start + removed :]
    if damaged != signed_list:
        with pytest.raises(CrlRejected):
            verify(pki, damaged)


@pytest.fixture(scope="module")
def signed_list(pki: SamplePki) -> bytes:
    return a_crl(pki, scope=scope(), entries=tuple(an_entry(serial) for serial in range(1, 4)))


def test_every_truncation_of_a_list_is_refused(pki: SamplePki, signed_list: bytes) -> None:
    anchors = anchors_of(pki)
    for length in range(len(signed_list)):
        with pytest.raises(CrlRejected):
            verify_crl(signed_list[:length], anchors, now=pki.now, max_skew=NO_SKEW)
