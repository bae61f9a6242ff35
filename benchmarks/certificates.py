"""The national PKI's part alone, without the web application: a card's answer, revocation lists, OCSP answers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from cryptography.hazmat.primitives import hashes

from benchmarks.figures import cpu_ms_per_call, require
from benchmarks.floor import Crypto
from benchmarks.place import LIST_ENTRIES, Place
from foundation.clock import system_clock
from idp.adapters.revocation.crl_files import read_head
from idp.adapters.revocation.crl_refresh import DEFAULT_SKEW
from idp.adapters.revocation.crl_store import CrlStore
from jpki.certificates import AuthenticationCertificate
from jpki.crl import verify_crl
from jpki.ocsp import NONCE_BYTES, build_ocsp_request, verify_ocsp_response
from jpki.revocation import Good, RevocationStatus, StatusSource
from jpki.verification import verify_card_answer
from tests.support.certificates import A_STATEMENT, TEST_PROFILE, verified
from tests.support.pki import LeafCertificate

_SECONDS = 0.06
_NONCE = bytes(NONCE_BYTES)


class Task(StrEnum):
    """What is timed."""

    CARD_ANSWER = "verify_card_answer: certificate, path, signature"
    LIST_LOOK_UP = "list look-up"
    LIST_REOPENED = "list opened anew, as after a newer file came"
    LIST_VERIFIED = "list verified"
    LIST_COMPILED = "list verified, read and written for look-ups"
    OCSP_REQUEST = "OCSP request written"
    OCSP_ANSWER = "OCSP answer verified"


CRYPTO = {
    Task.CARD_ANSWER: Crypto(rsa_verifies=2),
    Task.OCSP_ANSWER: Crypto(rsa_verifies=2),
}
"""Where signatures are the greater part; a list's cost is its length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateTasks:
    """Everything prepared, and shown to succeed once."""

    calls: Mapping[Task, Callable[[], object]]

    def round(self) -> dict[Task, float]:
        """Milliseconds of processor time for each."""
        return {task: cpu_ms_per_call(call, seconds=_SECONDS) for task, call in self.calls.items()}


def certificate_tasks(place: Place) -> CertificateTasks:
    """Tasks over the place's own PKI and its list of `LIST_ENTRIES` entries. Raises `BenchmarkFailed`."""
    pki, folder = place.foundations.pki, place.folder / "lists"
    folder.mkdir()
    place.take_long_list(folder)
    leaf = pki.a_certificate()
    certificate = verified(pki, leaf)
    store = CrlStore(folder)
    calls: dict[Task, Callable[[], object]] = {
        Task.CARD_ANSWER: _card_answer(place, leaf),
        Task.LIST_LOOK_UP: lambda: _listed(store, certificate),
        Task.LIST_REOPENED: lambda: _listed(CrlStore(folder), certificate),
        Task.LIST_VERIFIED: lambda: verify_crl(
            place.long_list, place.anchors, now=system_clock(), max_skew=DEFAULT_SKEW
        ),
        Task.LIST_COMPILED: lambda: place.take_long_list(folder),
        Task.OCSP_REQUEST: lambda: build_ocsp_request(certificate, nonce=_NONCE),
        Task.OCSP_ANSWER: _ocsp_answer(place, leaf, certificate),
    }
    (file,) = folder.glob("*.crl")
    require(read_head(file).entries, lambda entries: entries == LIST_ENTRIES, "entries of the list")
    require(calls[Task.LIST_LOOK_UP](), _is_good_by(StatusSource.CRL), "the list's answer")
    require(calls[Task.OCSP_ANSWER](), _is_good_by(StatusSource.OCSP), "the responder's answer")
    return CertificateTasks(calls=calls)


def _card_answer(place: Place, leaf: LeafCertificate) -> Callable[[], object]:
    signature = leaf.sign(A_STATEMENT)
    return lambda: verify_card_answer(
        unverified_certificate=leaf.der,
        signature=signature,
        statement=A_STATEMENT,
        anchors=place.anchors,
        profile=TEST_PROFILE,
        now=system_clock(),
    )


def _listed(store: CrlStore, certificate: AuthenticationCertificate) -> RevocationStatus:
    return store.look_up(certificate, now=system_clock())


def _ocsp_answer(place: Place, leaf: LeafCertificate, certificate: AuthenticationCertificate) -> Callable[[], object]:
    hash_of_the_id = hashes.SHA1()  # noqa: S303 (names a pinned CA in the message; jpki.ocsp asks in no other hash)
    answer = place.foundations.pki.an_ocsp_response(leaf, nonce=_NONCE, algorithm=hash_of_the_id)
    return lambda: verify_ocsp_response(
        answer, certificate=certificate, nonce=_NONCE, now=system_clock(), max_skew=DEFAULT_SKEW
    )


def _is_good_by(source: StatusSource) -> Callable[[object], bool]:
    return lambda status: isinstance(status, Good) and status.source is source
