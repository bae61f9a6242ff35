import threading
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

from foundation.http import DeadlineExceeded, PeerUnreachable, RequestFailed, ResponseTooLarge, UnexpectedStatus
from idp.adapters.revocation.ocsp_client import OcspClient
from jpki.certificates import AuthenticationCertificate
from jpki.revocation import Good, RevocationStatus, Unknown, WhyUnknown
from testbed.profiles import Generation
from tests.support.certificates import verified
from tests.support.http import Answer, FakeHttpClient
from tests.support.pki import LeafCertificate, SamplePki

URL = "http://ocsp.test/"
CERT_ID_HASH = hashes.SHA1


@pytest.fixture(scope="module")
def leaf(pki: SamplePki) -> LeafCertificate:
    return pki.a_certificate()


@pytest.fixture(scope="module")
def certificate(pki: SamplePki, leaf: LeafCertificate) -> AuthenticationCertificate:
    return verified(pki, leaf)


def a_client(certificate: AuthenticationCertificate, answer: Answer, *, waiters: int = 1) -> OcspClient:
    return OcspClient(
        http=FakeHttpClient({URL: answer}),
        responders={certificate.issuer.key_digest: URL},
        deadline=timedelta(seconds=2),
        waiters=waiters,
    )


def nonce_of(request: bytes) -> bytes:
    return ocsp.load_der_ocsp_request(request).extensions.get_extension_for_class(x509.OCSPNonce).value.nonce


def good(pki: SamplePki, leaf: LeafCertificate) -> Answer:
    return lambda request: pki.an_ocsp_response(leaf, nonce=nonce_of(request), algorithm=CERT_ID_HASH())


def why(status: RevocationStatus) -> WhyUnknown:
    assert isinstance(status, Unknown)
    return status.why


def sent_by(client: OcspClient) -> FakeHttpClient:
    assert isinstance(client.http, FakeHttpClient)
    return client.http


def test_good_answer_is_good(pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate) -> None:
    status = a_client(certificate, good(pki, leaf)).ask(certificate, now=pki.now)
    assert isinstance(status, Good)
    assert status.may_be_reused


def test_one_request_is_sent_with_the_deadline_and_the_size_limit(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate
) -> None:
    client = a_client(certificate, good(pki, leaf))
    client.ask(certificate, now=pki.now)
    (sent,) = sent_by(client).sent
    assert (sent.limits.deadline, sent.limits.maximum_bytes) == (timedelta(seconds=2), 64 * 1024)


def test_every_question_has_its_own_nonce(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate
) -> None:
    client = a_client(certificate, good(pki, leaf))
    for _ in range(3):
        client.ask(certificate, now=pki.now)
    assert len({nonce_of(sent.body) for sent in sent_by(client).sent}) == 3


def test_answer_to_an_earlier_question_is_refused(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate
) -> None:
    recorded = pki.an_ocsp_response(leaf, nonce=bytes(32), algorithm=CERT_ID_HASH())
    status = a_client(certificate, lambda _: recorded).ask(certificate, now=pki.now)
    assert why(status) is WhyUnknown.OTHER_NONCE


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (DeadlineExceeded("late"), WhyUnknown.TIMED_OUT),
        (PeerUnreachable("gone"), WhyUnknown.UNREACHABLE),
        (UnexpectedStatus(500), WhyUnknown.UNREACHABLE),
        (UnexpectedStatus(302), WhyUnknown.UNREACHABLE),
        (ResponseTooLarge("large"), WhyUnknown.TOO_LARGE),
    ],
    ids=["late", "gone", "500", "302", "large"],
)
def test_each_trouble_of_the_exchange_is_unknown_and_not_tried_again(
    pki: SamplePki, certificate: AuthenticationCertificate, failure: RequestFailed, reason: WhyUnknown
) -> None:
    client = a_client(certificate, lambda _: failure)
    assert why(client.ask(certificate, now=pki.now)) is reason
    assert len(sent_by(client).sent) == 1


def test_authority_without_a_configured_responder_is_not_asked_anywhere(pki: SamplePki) -> None:
    current = verified(pki, pki.a_certificate())
    older = verified(pki, pki.a_certificate(generation=Generation.OLDER))
    client = a_client(current, lambda _: b"")
    assert why(client.ask(older, now=pki.now)) is WhyUnknown.NO_RESPONDER
    assert sent_by(client).sent == []


def test_when_all_places_are_taken_the_next_does_not_wait(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate
) -> None:
    inside, leave = threading.Event(), threading.Event()

    def slow(request: bytes) -> bytes:
        inside.set()
        assert leave.wait(10)
        return good(pki, leaf)(request)  # type: ignore[return-value]  # it never returns a failure

    client = a_client(certificate, slow)
    statuses: list[RevocationStatus] = []
    waiting = threading.Thread(target=lambda: statuses.append(client.ask(certificate, now=pki.now)))
    waiting.start()
    assert inside.wait(10)
    assert why(client.ask(certificate, now=pki.now)) is WhyUnknown.BUSY
    leave.set()
    waiting.join(10)
    assert isinstance(statuses[0], Good)
    assert len(sent_by(client).sent) == 1


def test_place_is_free_again_after_every_kind_of_end(
    pki: SamplePki, leaf: LeafCertificate, certificate: AuthenticationCertificate
) -> None:
    answers: list[Answer] = [lambda _: DeadlineExceeded("late"), lambda _: b"noise", good(pki, leaf)]
    ends = iter(answers)

    def next_end(request: bytes) -> bytes | RequestFailed:
        return next(ends)(request)

    client = a_client(certificate, next_end)
    assert why(client.ask(certificate, now=pki.now)) is WhyUnknown.TIMED_OUT
    assert why(client.ask(certificate, now=pki.now)) is WhyUnknown.MALFORMED
    assert isinstance(client.ask(certificate, now=pki.now), Good)


def test_client_that_nobody_may_use_is_refused(certificate: AuthenticationCertificate) -> None:
    with pytest.raises(ValueError, match="at least one"):
        a_client(certificate, lambda _: b"", waiters=0)
