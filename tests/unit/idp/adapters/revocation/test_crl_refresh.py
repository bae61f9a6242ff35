from datetime import timedelta
from pathlib import Path

import pytest

from foundation.http import DeadlineExceeded, PeerUnreachable, RequestFailed, ResponseTooLarge, UnexpectedStatus
from idp.adapters.revocation.crl_refresh import CrlRefresher, ListRefused, ListTaken, WhyRefused
from idp.adapters.revocation.crl_store import CrlStore
from jpki.certificates import AuthenticationCertificate
from jpki.revocation import Good, Revoked
from testbed.faults import CrlFault
from testbed.profiles import Authority
from tests.support.certificates import anchors_of, verified
from tests.support.http import Answer, FakeHttpClient
from tests.support.pki import LeafCertificate, SamplePki

URL = "http://crl.test/one"
OTHER_URL = "http://crl.test/two"


@pytest.fixture(scope="module")
def leaf(pki: SamplePki) -> LeafCertificate:
    return pki.a_certificate()


@pytest.fixture(scope="module")
def certificate(pki: SamplePki, leaf: LeafCertificate) -> AuthenticationCertificate:
    return verified(pki, leaf)


def always(answer: bytes | RequestFailed) -> Answer:
    return lambda _: answer


def a_refresher(
    pki: SamplePki, folder: Path, answers: dict[str, bytes | RequestFailed], *, maximum_bytes: int = 10_000
) -> CrlRefresher:
    http = FakeHttpClient({url: always(answer) for url, answer in answers.items()})
    return CrlRefresher(
        http=http,
        urls=tuple(answers),
        anchors=anchors_of(pki),
        folder=folder,
        deadline=timedelta(seconds=9),
        maximum_bytes=maximum_bytes,
    )


def test_good_list_is_in_use_after_the_refresh(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    (outcome,) = a_refresher(pki, tmp_path, {URL: pki.a_crl(leaf, revoked=[leaf])}).refresh(now=pki.now)
    assert isinstance(outcome, ListTaken)
    assert (outcome.url, outcome.head.entries) == (URL, 1)
    assert isinstance(CrlStore(tmp_path).look_up(certificate, now=pki.now), Revoked)


def test_fetch_is_bounded_in_time_and_size(pki: SamplePki, leaf: LeafCertificate, tmp_path: Path) -> None:
    refresher = a_refresher(pki, tmp_path, {URL: pki.a_crl(leaf)}, maximum_bytes=12_345)
    refresher.refresh(now=pki.now)
    assert isinstance(refresher.http, FakeHttpClient)
    (sent,) = refresher.http.sent
    assert (sent.limits.deadline, sent.limits.maximum_bytes) == (timedelta(seconds=9), 12_345)


@pytest.mark.parametrize(
    "failure",
    [DeadlineExceeded("late"), PeerUnreachable("gone"), UnexpectedStatus(302), ResponseTooLarge("large")],
    ids=lambda failure: type(failure).__name__,
)
def test_list_that_cannot_be_fetched_leaves_the_last_good_one(
    pki: SamplePki,
    leaf: LeafCertificate,
    certificate: AuthenticationCertificate,
    tmp_path: Path,
    failure: RequestFailed,
) -> None:
    a_refresher(pki, tmp_path, {URL: pki.a_crl(leaf)}).refresh(now=pki.now)
    (outcome,) = a_refresher(pki, tmp_path, {URL: failure}).refresh(now=pki.now)
    assert isinstance(outcome, ListRefused)
    assert outcome.why is WhyRefused.NOT_FETCHED
    assert isinstance(CrlStore(tmp_path).look_up(certificate, now=pki.now), Good)


@pytest.mark.parametrize(
    "fault", [CrlFault.EXPIRED, CrlFault.NOT_YET_VALID, CrlFault.TAMPERED, CrlFault.WRONG_ISSUER, CrlFault.GARBAGE]
)
def test_list_that_is_not_believed_leaves_the_last_good_one(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path, fault: CrlFault
) -> None:
    a_refresher(pki, tmp_path, {URL: pki.a_crl(leaf, revoked=[leaf])}).refresh(now=pki.now)
    (outcome,) = a_refresher(pki, tmp_path, {URL: pki.a_crl(leaf, fault=fault)}).refresh(now=pki.now)
    assert isinstance(outcome, ListRefused)
    assert outcome.why is WhyRefused.NOT_BELIEVED
    assert isinstance(CrlStore(tmp_path).look_up(certificate, now=pki.now), Revoked)


def test_list_of_the_signature_authority_is_not_believed(pki: SamplePki, leaf: LeafCertificate, tmp_path: Path) -> None:
    crl = pki.a_crl(leaf, authority=Authority.SIGNATURE)
    (outcome,) = a_refresher(pki, tmp_path, {URL: crl}).refresh(now=pki.now)
    assert isinstance(outcome, ListRefused)
    assert outcome.why is WhyRefused.NOT_BELIEVED


def test_older_list_is_told_apart_from_a_bad_one(pki: SamplePki, leaf: LeafCertificate, tmp_path: Path) -> None:
    a_refresher(pki, tmp_path, {URL: pki.a_crl(leaf)}).refresh(now=pki.now)
    older = pki.a_crl(leaf, this_update=pki.now - timedelta(hours=1))
    (outcome,) = a_refresher(pki, tmp_path, {URL: older}).refresh(now=pki.now)
    assert isinstance(outcome, ListRefused)
    assert outcome.why is WhyRefused.ROLLED_BACK


def test_folder_that_is_missing_is_an_outcome_too(pki: SamplePki, leaf: LeafCertificate, tmp_path: Path) -> None:
    (outcome,) = a_refresher(pki, tmp_path / "absent", {URL: pki.a_crl(leaf)}).refresh(now=pki.now)
    assert isinstance(outcome, ListRefused)
    assert outcome.why is WhyRefused.NOT_WRITTEN


def test_one_bad_list_does_not_stop_the_next(pki: SamplePki, leaf: LeafCertificate, tmp_path: Path) -> None:
    answers: dict[str, bytes | RequestFailed] = {URL: b"noise", OTHER_URL: pki.a_crl(leaf)}
    refused, taken = a_refresher(pki, tmp_path, answers).refresh(now=pki.now)
    assert isinstance(refused, ListRefused)
    assert isinstance(taken, ListTaken)
