from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ReasonFlags

from foundation.http import DeadlineExceeded
from idp.adapters.revocation.crl_refresh import take_list
from idp.adapters.revocation.crl_store import CrlStore
from idp.adapters.revocation.ocsp_client import OcspClient
from idp.adapters.revocation.source import CardRevocation
from idp.usecases.ports import RevocationSource
from jpki.certificates import AuthenticationCertificate
from jpki.revocation import Good, Revoked, StatusSource, Unknown, WhyUnknown
from testbed.ocsp_messages import NeverIssued
from testbed.register import Revocation
from tests.support.certificates import anchors_of, verified
from tests.support.http import Answer, FakeHttpClient
from tests.support.pki import LeafCertificate, SamplePki, a_revocation

URL = "http://ocsp.test/"
CERT_ID_HASH = hashes.SHA1


@pytest.fixture(scope="module")
def leaf(pki: SamplePki) -> LeafCertificate:
    return pki.a_certificate()


@pytest.fixture(scope="module")
def certificate(pki: SamplePki, leaf: LeafCertificate) -> AuthenticationCertificate:
    return verified(pki, leaf)


def ocsp_says(pki: SamplePki, leaf: LeafCertificate, status: Revocation | NeverIssued | None = None) -> Answer:
    response = pki.an_ocsp_response(leaf, status=status, algorithm=CERT_ID_HASH())
    return lambda _: response


def late(_: bytes) -> DeadlineExceeded:
    return DeadlineExceeded("late")


def a_source(
    certificate: AuthenticationCertificate, folder: Path, answer: Answer
) -> tuple[CardRevocation, FakeHttpClient]:
    http = FakeHttpClient({URL: answer})
    responder = OcspClient(http=http, responders={certificate.issuer.key_digest: URL})
    return CardRevocation(lists=CrlStore(folder), responder=responder), http


def publish(pki: SamplePki, leaf: LeafCertificate, folder: Path, *, revoked: bool, hold: bool = False) -> None:
    reason = ReasonFlags.certificate_hold if hold else ReasonFlags.key_compromise
    crl = pki.a_crl(leaf, revoked=[leaf] if revoked else [], status=a_revocation(reason=reason))
    take_list(crl, anchors=anchors_of(pki), folder=folder, now=pki.now, max_skew=timedelta(0))


def test_it_is_what_the_use_cases_ask_for(certificate: AuthenticationCertificate, tmp_path: Path) -> None:
    source: RevocationSource = a_source(certificate, tmp_path, late)[0]
    assert source


def test_certificate_on_the_list_is_revoked_without_asking_the_responder(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    publish(pki, leaf, tmp_path, revoked=True)
    source, http = a_source(certificate, tmp_path, ocsp_says(pki, leaf))
    assert isinstance(source.check(certificate, now=pki.now), Revoked)
    assert http.sent == []


def test_certificate_on_hold_is_revoked_and_says_so(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    publish(pki, leaf, tmp_path, revoked=True, hold=True)
    status = a_source(certificate, tmp_path, ocsp_says(pki, leaf))[0].check(certificate, now=pki.now)
    assert isinstance(status, Revoked)
    assert status.is_on_hold


def test_responder_is_asked_once_and_its_good_answer_is_the_evidence(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    publish(pki, leaf, tmp_path, revoked=False)
    source, http = a_source(certificate, tmp_path, ocsp_says(pki, leaf))
    status = source.check(certificate, now=pki.now)
    assert isinstance(status, Good)
    assert status.source is StatusSource.OCSP
    assert len(http.sent) == 1


def test_revoked_by_the_responder_outweighs_a_good_list(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    publish(pki, leaf, tmp_path, revoked=False)
    source, _ = a_source(certificate, tmp_path, ocsp_says(pki, leaf, a_revocation()))
    assert isinstance(source.check(certificate, now=pki.now), Revoked)


def test_unknown_to_the_responder_is_refused_although_the_list_is_good(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    publish(pki, leaf, tmp_path, revoked=False)
    status = a_source(certificate, tmp_path, ocsp_says(pki, leaf, NeverIssued()))[0].check(certificate, now=pki.now)
    assert isinstance(status, Unknown)
    assert status.why is WhyUnknown.NOT_KNOWN


def test_late_responder_leaves_the_decision_to_a_fresh_list(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    publish(pki, leaf, tmp_path, revoked=False)
    status = a_source(certificate, tmp_path, late)[0].check(certificate, now=pki.now)
    assert isinstance(status, Good)
    assert status.source is StatusSource.CRL


def test_late_responder_and_an_expired_list_refuse(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    publish(pki, leaf, tmp_path, revoked=False)
    tomorrow = pki.now + timedelta(days=1)
    status = a_source(certificate, tmp_path, late)[0].check(certificate, now=tomorrow)
    assert status == Unknown(checked_at=tomorrow, why=WhyUnknown.TIMED_OUT, list_why=WhyUnknown.LIST_STALE)


def test_good_responder_is_enough_without_any_list(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    status = a_source(certificate, tmp_path, ocsp_says(pki, leaf))[0].check(certificate, now=pki.now)
    assert isinstance(status, Good)


def test_listed_asks_nobody(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    publish(pki, leaf, tmp_path, revoked=False)
    source, http = a_source(certificate, tmp_path, ocsp_says(pki, leaf))
    assert isinstance(source.listed(certificate, now=pki.now), Good)
    assert http.sent == []
