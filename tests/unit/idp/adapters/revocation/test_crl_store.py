from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.x509 import ReasonFlags

from idp.adapters.revocation.crl_files import ListHead, list_file
from idp.adapters.revocation.crl_refresh import take_list
from idp.adapters.revocation.crl_store import CrlStore
from jpki.certificates import AuthenticationCertificate
from jpki.revocation import Good, RevocationReason, RevocationStatus, Revoked, StatusSource, Unknown, WhyUnknown
from testbed.people import IBARAKI_TSUKUBA, MUNICIPALITIES
from testbed.profiles import Generation
from tests.support.certificates import anchors_of, verified
from tests.support.pki import LeafCertificate, SamplePki, a_revocation

A_SECOND = timedelta(seconds=1)
OTHER_MUNICIPALITY = next(place for place in MUNICIPALITIES.values() if place != IBARAKI_TSUKUBA)


@pytest.fixture(scope="module")
def leaf(pki: SamplePki) -> LeafCertificate:
    return pki.a_certificate()


@pytest.fixture(scope="module")
def certificate(pki: SamplePki, leaf: LeafCertificate) -> AuthenticationCertificate:
    return verified(pki, leaf)


def take(pki: SamplePki, crl: bytes, folder: Path) -> ListHead:
    return take_list(crl, anchors=anchors_of(pki), folder=folder, now=pki.now, max_skew=timedelta(0))


def why(status: RevocationStatus) -> WhyUnknown:
    assert isinstance(status, Unknown)
    return status.why


def test_certificate_that_is_not_listed_is_good(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    take(pki, pki.a_crl(leaf), tmp_path)
    assert CrlStore(tmp_path).look_up(certificate, now=pki.now) == Good(
        source=StatusSource.CRL,
        checked_at=pki.now,
        this_update=pki.now,
        next_update=pki.now + timedelta(hours=24),
        may_be_reused=True,
    )


def test_listed_certificate_is_revoked_with_reason_and_instant(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    at = pki.now - timedelta(days=2)
    status = a_revocation(at=at, reason=ReasonFlags.certificate_hold)
    take(pki, pki.a_crl(leaf, revoked=[leaf], status=status), tmp_path)
    found = CrlStore(tmp_path).look_up(certificate, now=pki.now)
    assert found == Revoked(
        source=StatusSource.CRL, checked_at=pki.now, at=at, reason=RevocationReason.CERTIFICATE_HOLD
    )


def test_without_any_list_nobody_can_say(
    pki: SamplePki, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    assert why(CrlStore(tmp_path).look_up(certificate, now=pki.now)) is WhyUnknown.NO_LIST


def test_list_of_another_municipality_says_nothing(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    take(pki, pki.a_crl(leaf, municipality=OTHER_MUNICIPALITY), tmp_path)
    assert why(CrlStore(tmp_path).look_up(certificate, now=pki.now)) is WhyUnknown.NO_LIST


def test_list_of_another_generation_says_nothing(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    take(pki, pki.a_crl(leaf, generation=Generation.OLDER), tmp_path)
    assert why(CrlStore(tmp_path).look_up(certificate, now=pki.now)) is WhyUnknown.NO_LIST


def test_same_serial_revoked_in_another_generation_is_good_in_its_own(pki: SamplePki, tmp_path: Path) -> None:
    older = pki.a_certificate(generation=Generation.OLDER, serial=0x00ABCDEF)
    current = pki.a_certificate(generation=Generation.CURRENT, serial=0x00ABCDEF)
    take(pki, pki.a_crl(older, revoked=[older]), tmp_path)
    take(pki, pki.a_crl(current), tmp_path)
    store = CrlStore(tmp_path)
    assert isinstance(store.look_up(verified(pki, older), now=pki.now), Revoked)
    assert isinstance(store.look_up(verified(pki, current), now=pki.now), Good)


def test_expired_list_says_nothing_even_of_a_listed_certificate(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    head = take(pki, pki.a_crl(leaf, revoked=[leaf]), tmp_path)
    store = CrlStore(tmp_path)
    assert isinstance(store.look_up(certificate, now=head.next_update - A_SECOND), Revoked)
    assert why(store.look_up(certificate, now=head.next_update)) is WhyUnknown.LIST_STALE


def test_newer_list_is_noticed_within_a_second(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    take(pki, pki.a_crl(leaf, this_update=pki.now - A_SECOND), tmp_path)
    store = CrlStore(tmp_path)
    assert isinstance(store.look_up(certificate, now=pki.now), Good)
    take(pki, pki.a_crl(leaf, revoked=[leaf]), tmp_path)
    assert isinstance(store.look_up(certificate, now=pki.now + A_SECOND), Revoked)


def test_file_is_looked_at_once_a_second_at_most(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    file = path_of(take(pki, pki.a_crl(leaf), tmp_path), tmp_path)
    store = CrlStore(tmp_path)
    store.look_up(certificate, now=pki.now)
    file.unlink()
    almost = pki.now + A_SECOND - timedelta(microseconds=1)
    assert isinstance(store.look_up(certificate, now=almost), Good)
    assert why(store.look_up(certificate, now=pki.now + A_SECOND)) is WhyUnknown.NO_LIST


def test_clock_that_was_set_back_does_not_freeze_a_list(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    take(pki, pki.a_crl(leaf, this_update=pki.now - A_SECOND), tmp_path)
    store = CrlStore(tmp_path)
    store.look_up(certificate, now=pki.now + timedelta(hours=5))
    take(pki, pki.a_crl(leaf, revoked=[leaf]), tmp_path)
    assert isinstance(store.look_up(certificate, now=pki.now), Revoked)


@pytest.mark.parametrize("content", [b"", b"noise", bytes(200)])
def test_damaged_file_is_unknown_not_good(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path, content: bytes
) -> None:
    path_of(take(pki, pki.a_crl(leaf), tmp_path), tmp_path).write_bytes(content)
    assert why(CrlStore(tmp_path).look_up(certificate, now=pki.now)) is WhyUnknown.LIST_UNREADABLE


def test_list_under_the_name_of_another_is_unknown_not_good(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    mine = path_of(take(pki, pki.a_crl(leaf), tmp_path), tmp_path)
    other = path_of(take(pki, pki.a_crl(leaf, municipality=OTHER_MUNICIPALITY), tmp_path), tmp_path)
    mine.write_bytes(other.read_bytes())
    assert why(CrlStore(tmp_path).look_up(certificate, now=pki.now)) is WhyUnknown.LIST_UNREADABLE


def test_mapped_files_are_bounded(pki: SamplePki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("idp.adapters.revocation.crl_store._MAPPED_AT_MOST", 1)
    places = (IBARAKI_TSUKUBA, OTHER_MUNICIPALITY)
    certificates = []
    for place in places:
        leaf = pki.a_certificate(municipality=place)
        take(pki, pki.a_crl(leaf), tmp_path)
        certificates.append(verified(pki, leaf))
    store = CrlStore(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for certificate in certificates * 5:
        assert isinstance(store.look_up(certificate, now=pki.now), Good)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1


def path_of(head: ListHead, folder: Path) -> Path:
    return list_file(folder, issuer_key_digest=head.issuer_key_digest, distribution_point=head.distribution_point)
