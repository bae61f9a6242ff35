"""Somebody with a revoked card, or between us and the revocation services, tries to get in or to stop all logins."""

import ssl
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp

from foundation.http import (
    DeadlineExceeded,
    ExchangeLimits,
    HttpClient,
    PeerUnreachable,
    ResponseTooLarge,
    UnexpectedStatus,
)
from idp.adapters.revocation.crl_refresh import CrlRefresher, ListRefused, ListTaken, WhyRefused
from idp.adapters.revocation.crl_store import CrlStore
from idp.adapters.revocation.ocsp_client import OcspClient
from idp.adapters.revocation.source import CardRevocation
from jpki.certificates import AuthenticationCertificate, parse_certificate
from jpki.revocation import Good, RevocationStatus, Revoked, StatusSource, Unknown, WhyUnknown
from testbed.authorities import Signer
from testbed.faults import CrlFault, OcspFault
from testbed.ocsp_messages import CertificateId, OcspAnswer, write_answer
from testbed.ocsp_messages import Good as GoodAnswer
from testbed.people import IBARAKI_TSUKUBA, MUNICIPALITIES
from tests.support.certificates import anchors_of, verified
from tests.support.pki import LeafCertificate, SamplePki, a_pki, a_revocation
from tests.support.raw_server import Conversation, RawServer, ok, raw_server

DEADLINE = timedelta(milliseconds=400)
# The machine may be busy, but a peer that drips for ever is cut off long before this.
AT_MOST = 5.0
LIMITS = ExchangeLimits(deadline=DEADLINE, maximum_bytes=1000)
CERT_ID_HASH = hashes.SHA1

Behaviour = Callable[[Conversation, RawServer], None]


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> SamplePki:
    return a_pki(tmp_path_factory.mktemp("pki") / "state")


@pytest.fixture(scope="module")
def leaf(pki: SamplePki) -> LeafCertificate:
    return pki.a_certificate()


@pytest.fixture(scope="module")
def certificate(pki: SamplePki, leaf: LeafCertificate) -> AuthenticationCertificate:
    return verified(pki, leaf)


@pytest.fixture
def http() -> Iterator[HttpClient]:
    client = HttpClient()
    yield client
    client.close()


def silent(peer: Conversation, _: RawServer) -> None:
    peer.read_request()
    peer.be_silent()


def dripping_head(peer: Conversation, _: RawServer) -> None:
    peer.read_request()
    peer.drip(b"HTTP/1.1 200 OK\r\n" + b"X-Filler: 1\r\n" * 1000, seconds=0.05)


def dripping_continue(peer: Conversation, _: RawServer) -> None:
    peer.read_request()
    peer.drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 1000, seconds=0.005)


def dripping_body(peer: Conversation, _: RawServer) -> None:
    peer.read_request()
    peer.say(b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n")
    peer.drip(bytes(900), seconds=0.05)


def dripping_chunks(peer: Conversation, _: RawServer) -> None:
    peer.read_request()
    peer.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    peer.drip(b"1\r\nx\r\n" * 1000, seconds=0.02)


@pytest.mark.parametrize("behave", [silent, dripping_head, dripping_continue, dripping_body, dripping_chunks])
def test_slow_peer_is_cut_off_at_the_deadline_however_it_drips(http: HttpClient, behave: Behaviour) -> None:
    with raw_server(behave) as server:
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            http.post(server.url, b"question", content_type="text/plain", limits=LIMITS)
        taken = time.monotonic() - started
    assert DEADLINE.total_seconds() * 0.9 <= taken < AT_MOST


@pytest.mark.parametrize("behave", [silent, dripping_head, dripping_body])
def test_slow_peer_is_cut_off_over_tls_too(tmp_path: Path, behave: Behaviour) -> None:
    context, anchor = a_web_identity(tmp_path)

    def encrypted(peer: Conversation, server: RawServer) -> None:
        with context.wrap_socket(peer.connection, server_side=True) as connection:
            behave(Conversation(connection=connection, over=peer.over), server)

    http = HttpClient(web_anchors=anchor)
    with raw_server(encrypted) as server:
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            http.get(f"https://127.0.0.1:{server.port}/", limits=LIMITS)
        assert time.monotonic() - started < AT_MOST


def test_peer_that_never_finishes_the_tls_handshake_is_cut_off(http: HttpClient) -> None:
    with raw_server(silent) as server:
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            http.get(f"https://127.0.0.1:{server.port}/", limits=LIMITS)
        assert time.monotonic() - started < AT_MOST


def test_peer_with_a_certificate_nobody_vouches_for_gets_no_question(http: HttpClient, tmp_path: Path) -> None:
    context, _ = a_web_identity(tmp_path)

    def encrypted(peer: Conversation, server: RawServer) -> None:
        with context.wrap_socket(peer.connection, server_side=True) as connection:
            server.requests.append(Conversation(connection=connection, over=peer.over).read_request())

    with raw_server(encrypted) as server, pytest.raises(PeerUnreachable):
        http.post(f"https://127.0.0.1:{server.port}/", b"question", content_type="text/plain", limits=LIMITS)
    assert server.requests == []


def a_web_identity(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """The server's side of TLS for 127.0.0.1, and the file with which a client trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2100, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    anchor, key_file = folder / "web.crt", folder / "web.key"
    anchor.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(anchor, key_file)
    return context, anchor


def test_deadline_of_one_exchange_does_not_cut_the_next_on_the_same_connection(http: HttpClient) -> None:
    def echo(peer: Conversation, server: RawServer) -> None:
        while request := peer.read_request():
            server.requests.append(request)
            peer.say(ok(request[-1:]))

    with raw_server(echo) as server:
        for number in range(3):
            body = str(number).encode()
            assert http.post(server.url, body, content_type="text/plain", limits=LIMITS) == body
            threading.Event().wait(DEADLINE.total_seconds() / 2)
        assert (server.connections, len(server.requests)) == (1, 3)
        http.close()


def test_redirect_is_not_followed(http: HttpClient) -> None:
    def inner(peer: Conversation, _: RawServer) -> None:
        peer.read_request()
        peer.say(ok(b"secret"))

    with raw_server(inner) as internal:

        def redirect(peer: Conversation, _: RawServer) -> None:
            peer.read_request()
            peer.say(f"HTTP/1.1 302 Found\r\nLocation: {internal.url}\r\nContent-Length: 0\r\n\r\n".encode())

        with raw_server(redirect) as server, pytest.raises(UnexpectedStatus):
            http.get(server.url, limits=LIMITS)
        assert internal.connections == 0


@pytest.mark.parametrize("announced", [True, False])
def test_oversized_answer_is_refused_without_reading_it_all(http: HttpClient, *, announced: bool) -> None:
    def large(peer: Conversation, _: RawServer) -> None:
        peer.read_request()
        length = b"Content-Length: 100000000\r\n" if announced else b""
        peer.say(b"HTTP/1.1 200 OK\r\n" + length + b"\r\n" + bytes(2000))
        peer.be_silent()

    with raw_server(large) as server, pytest.raises(ResponseTooLarge):
        http.get(server.url, limits=LIMITS)


def test_compressed_bomb_is_not_unpacked(http: HttpClient) -> None:
    bomb = zlib.compress(bytes(500_000), 9)

    def compressed(peer: Conversation, _: RawServer) -> None:
        peer.read_request()
        peer.say(ok(bomb, "Content-Encoding: deflate"))

    with raw_server(compressed) as server:
        assert http.get(server.url, limits=LIMITS) == bomb


@pytest.mark.parametrize(
    "said", [b"", b"HTTP/1.1", b"hello\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort"]
)
def test_broken_answer_is_a_failure(http: HttpClient, said: bytes) -> None:
    def broken(peer: Conversation, _: RawServer) -> None:
        peer.read_request()
        peer.say(said)

    with raw_server(broken) as server, pytest.raises(PeerUnreachable):
        http.get(server.url, limits=LIMITS)


def test_proxy_of_the_environment_sees_nothing(http: HttpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(peer: Conversation, _: RawServer) -> None:
        peer.read_request()
        peer.say(ok(b"direct"))

    with raw_server(answer) as server, raw_server(silent) as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        assert HttpClient().get(server.url, limits=LIMITS) == b"direct"
        assert http.get(server.url, limits=LIMITS) == b"direct"
        assert proxy.connections == 0


def responder(answer: Callable[[bytes], bytes]) -> Behaviour:
    """An OCSP responder whose answer is made from the nonce of the question."""

    def behave(peer: Conversation, server: RawServer) -> None:
        while request := peer.read_request():
            server.requests.append(request)
            asked = ocsp.load_der_ocsp_request(request.partition(b"\r\n\r\n")[2])
            nonce = asked.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
            peer.say(ok(answer(nonce), "Content-Type: application/ocsp-response"))

    return behave


def a_source(
    http: HttpClient, certificate: AuthenticationCertificate, folder: Path, url: str, *, waiters: int = 2
) -> CardRevocation:
    client = OcspClient(
        http=http, responders={certificate.issuer.key_digest: url}, deadline=DEADLINE * 5, waiters=waiters
    )
    return CardRevocation(lists=CrlStore(folder), responder=client)


def refresh(pki: SamplePki, http: HttpClient, crl: bytes, folder: Path) -> ListTaken | ListRefused:
    def publisher(peer: Conversation, _: RawServer) -> None:
        peer.read_request()
        peer.say(ok(crl, "Connection: close"))

    with raw_server(publisher) as server:
        refresher = CrlRefresher(http=http, urls=(server.url,), anchors=anchors_of(pki), folder=folder)
        (outcome,) = refresher.refresh(now=pki.now)
    return outcome


def test_revoked_card_is_refused_although_the_responder_is_silenced(
    pki: SamplePki, http: HttpClient, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    refresh(pki, http, pki.a_crl(leaf, revoked=[leaf]), tmp_path)
    with raw_server(silent) as server:
        status = a_source(http, certificate, tmp_path, server.url).check(certificate, now=pki.now)
        assert isinstance(status, Revoked)
        assert server.connections == 0


@pytest.mark.parametrize(
    "fault",
    [
        OcspFault.STALE,
        OcspFault.FUTURE,
        OcspFault.UNSIGNED,
        OcspFault.BAD_SIGNATURE,
        OcspFault.STRANGER,
        OcspFault.SIGNER_WITHOUT_EKU,
        OcspFault.EXPIRED_SIGNER,
        OcspFault.OTHER_SERIAL,
        OcspFault.WRONG_NONCE,
        OcspFault.TRY_LATER,
        OcspFault.GARBAGE,
    ],
)
def test_answer_that_may_not_be_believed_lets_nobody_in(  # noqa: PLR0917 (fixtures)
    pki: SamplePki,
    http: HttpClient,
    leaf: LeafCertificate,
    certificate: AuthenticationCertificate,
    tmp_path: Path,
    fault: OcspFault,
) -> None:
    def answer(nonce: bytes) -> bytes:
        return pki.an_ocsp_response(leaf, nonce=nonce, fault=fault, algorithm=CERT_ID_HASH())

    with raw_server(responder(answer)) as server:
        status = a_source(http, certificate, tmp_path, server.url).check(certificate, now=pki.now)
        http.close()
    assert isinstance(status, Unknown)
    assert status.list_why is WhyUnknown.NO_LIST


def test_revoked_card_cannot_sign_its_own_good_answer(
    pki: SamplePki, http: HttpClient, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    card = Signer(certificate=x509.load_der_x509_certificate(leaf.der), private_key=leaf.private_key)

    def answer(nonce: bytes) -> bytes:
        return write_answer(
            OcspAnswer(
                certificate=CertificateId(
                    algorithm=CERT_ID_HASH(),
                    issuer_name_hash=certificate.issuer.ocsp_name_hash,
                    issuer_key_hash=certificate.issuer.ocsp_key_hash,
                    serial=certificate.serial,
                ),
                status=GoodAnswer(),
                produced_at=pki.now,
                this_update=pki.now,
                next_update=pki.now + timedelta(minutes=15),
                nonce=nonce,
                signer=card,
            )
        )

    with raw_server(responder(answer)) as server:
        status = a_source(http, certificate, tmp_path, server.url).check(certificate, now=pki.now)
        http.close()
    assert status == Unknown(checked_at=pki.now, why=WhyUnknown.BY_A_STRANGER, list_why=WhyUnknown.NO_LIST)


def test_answer_stripped_of_its_nonce_cannot_be_kept_for_later(
    pki: SamplePki, http: HttpClient, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    stripped = pki.an_ocsp_response(leaf, nonce=None, algorithm=CERT_ID_HASH())
    with raw_server(responder(lambda _: stripped)) as server:
        status = a_source(http, certificate, tmp_path, server.url).check(certificate, now=pki.now)
        http.close()
    assert isinstance(status, Good)
    assert not status.may_be_reused


def test_card_revoked_since_the_last_list_is_refused_by_the_responder(
    pki: SamplePki, http: HttpClient, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    refresh(pki, http, pki.a_crl(leaf), tmp_path)

    def answer(nonce: bytes) -> bytes:
        return pki.an_ocsp_response(leaf, nonce=nonce, status=a_revocation(), algorithm=CERT_ID_HASH())

    with raw_server(responder(answer)) as server:
        status = a_source(http, certificate, tmp_path, server.url).check(certificate, now=pki.now)
        http.close()
    assert isinstance(status, Revoked)


def test_card_that_the_responder_does_not_know_is_refused_although_the_list_is_good(
    pki: SamplePki, http: HttpClient, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    refresh(pki, http, pki.a_crl(leaf), tmp_path)

    def answer(nonce: bytes) -> bytes:
        return pki.an_ocsp_response(leaf, nonce=nonce, fault=OcspFault.UNKNOWN, algorithm=CERT_ID_HASH())

    with raw_server(responder(answer)) as server:
        status = a_source(http, certificate, tmp_path, server.url).check(certificate, now=pki.now)
        http.close()
    assert status == Unknown(checked_at=pki.now, why=WhyUnknown.NOT_KNOWN)


def test_recorded_good_answer_does_not_hide_a_later_revocation(
    pki: SamplePki, http: HttpClient, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    recorded = pki.an_ocsp_response(leaf, nonce=bytes(32), algorithm=CERT_ID_HASH())
    with raw_server(responder(lambda _: recorded)) as server:
        status = a_source(http, certificate, tmp_path, server.url).check(certificate, now=pki.now)
        http.close()
    assert status == Unknown(checked_at=pki.now, why=WhyUnknown.OTHER_NONCE, list_why=WhyUnknown.NO_LIST)


def test_good_answer_about_the_attackers_other_card_does_not_help(
    pki: SamplePki, http: HttpClient, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    other = pki.a_certificate()

    def answer(nonce: bytes) -> bytes:
        return pki.an_ocsp_response(other, nonce=nonce, algorithm=CERT_ID_HASH())

    with raw_server(responder(answer)) as server:
        status = a_source(http, certificate, tmp_path, server.url).check(certificate, now=pki.now)
        http.close()
    assert isinstance(status, Unknown)
    assert status.why is WhyUnknown.OTHER_CERTIFICATE


def test_address_inside_the_certificate_is_never_asked(
    pki: SamplePki, http: HttpClient, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    pointers = parse_certificate(leaf.der).extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    assert pointers.value
    client = OcspClient(http=http, responders={})
    status = CardRevocation(lists=CrlStore(tmp_path), responder=client).check(certificate, now=pki.now)
    assert status == Unknown(checked_at=pki.now, why=WhyUnknown.NO_RESPONDER, list_why=WhyUnknown.NO_LIST)


def test_slow_responder_does_not_take_all_workers(
    pki: SamplePki, http: HttpClient, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    refresh(pki, http, pki.a_crl(leaf), tmp_path)
    both_inside = threading.Barrier(3, timeout=AT_MOST)

    def stuck(peer: Conversation, _: RawServer) -> None:
        peer.read_request()
        both_inside.wait()
        peer.be_silent()

    with raw_server(stuck) as server:
        source = a_source(http, certificate, tmp_path, server.url, waiters=2)
        found: list[RevocationStatus] = []
        threads = [
            threading.Thread(target=lambda: found.append(source.check(certificate, now=pki.now))) for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        both_inside.wait()
        for _ in range(20):
            status = source.check(certificate, now=pki.now)
            assert isinstance(status, Good)
            assert status.source is StatusSource.CRL
        assert found == []
        for thread in threads:
            thread.join(AT_MOST)
        assert len(found) == server.connections == 2


@pytest.mark.parametrize(
    "fault",
    [CrlFault.EXPIRED, CrlFault.NOT_YET_VALID, CrlFault.TAMPERED, CrlFault.WRONG_ISSUER, CrlFault.GARBAGE],
)
def test_false_list_does_not_replace_the_true_one(  # noqa: PLR0917 (fixtures)
    pki: SamplePki,
    http: HttpClient,
    leaf: LeafCertificate,
    certificate: AuthenticationCertificate,
    tmp_path: Path,
    fault: CrlFault,
) -> None:
    assert isinstance(refresh(pki, http, pki.a_crl(leaf, revoked=[leaf]), tmp_path), ListTaken)
    outcome = refresh(pki, http, pki.a_crl(leaf, fault=fault), tmp_path)
    assert isinstance(outcome, ListRefused)
    assert outcome.why is WhyRefused.NOT_BELIEVED
    assert isinstance(CrlStore(tmp_path).look_up(certificate, now=pki.now), Revoked)


def test_yesterdays_true_list_does_not_replace_todays(
    pki: SamplePki, http: HttpClient, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    refresh(pki, http, pki.a_crl(leaf, revoked=[leaf]), tmp_path)
    outcome = refresh(pki, http, pki.a_crl(leaf, this_update=pki.now - timedelta(hours=20)), tmp_path)
    assert isinstance(outcome, ListRefused)
    assert outcome.why is WhyRefused.ROLLED_BACK
    assert isinstance(CrlStore(tmp_path).look_up(certificate, now=pki.now), Revoked)


def test_true_list_of_another_municipality_does_not_clear_a_card(
    pki: SamplePki, http: HttpClient, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    other = next(place for place in MUNICIPALITIES.values() if place != IBARAKI_TSUKUBA)
    assert isinstance(refresh(pki, http, pki.a_crl(leaf, municipality=other), tmp_path), ListTaken)
    status = CrlStore(tmp_path).look_up(certificate, now=pki.now)
    assert status == Unknown(checked_at=pki.now, why=WhyUnknown.NO_LIST)


def test_list_service_held_back_until_the_list_expires_lets_nobody_in(
    pki: SamplePki, http: HttpClient, leaf: LeafCertificate, certificate: AuthenticationCertificate, tmp_path: Path
) -> None:
    refresh(pki, http, pki.a_crl(leaf), tmp_path)
    with raw_server(silent) as server:
        source = a_source(http, certificate, tmp_path, server.url)
        status = source.check(certificate, now=pki.now + timedelta(days=2))
    assert isinstance(status, Unknown)
    assert (status.why, status.list_why) == (WhyUnknown.TIMED_OUT, WhyUnknown.LIST_STALE)
