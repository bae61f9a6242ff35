"""A simulated national PKI for tests: certificates with chosen defects, OCSP answers and revocation lists as bytes.

    pki = a_pki(tmp_path_factory.mktemp("state"))  # safe to share in a session; nothing here needs a socket
    pki.now                                  # the moment at which it was made; everything is valid then
    pki.trust(Authority.AUTHENTICATION)      # DER of both generations' CA certificates, older one first
    leaf = pki.a_certificate()               # LeafCertificate: der, private_key, serial, authority, generation, …
    leaf = pki.a_certificate(Authority.SIGNATURE, person=TARO, generation=Generation.OLDER)
    leaf = pki.a_certificate(defect=Defect.WRONG_POLICY)
    leaf.sign(b"...")                        # RSASSA-PKCS1-v1_5 with SHA-256, as the card does
    request_der, nonce = pki.an_ocsp_request(leaf)
    pki.an_ocsp_response(leaf, nonce=nonce)  # good; or status=a_revocation(…) or NeverIssued(); fault=OcspFault.STALE
    pki.a_crl(leaf)                          # covers this leaf; revoked=[leaf] puts it on; fault=CrlFault.EXPIRED

Certificates from `a_certificate` are not in the register: the real responder over `pki.state` calls them unknown. For
cards with a life, take `pki.a_card()` and call `testbed.issuing` and `testbed.lifecycle` with `pki.pki`. RSA keys come
from a small pool for each process: those of authorities differ from each other and from those of leaves; leaves repeat
after eight.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509 import ReasonFlags, ocsp

from testbed.authorities import CertificateAuthority, NewKey, random_serial, rsa_2048
from testbed.card_memory import CardMemory
from testbed.crls import DEFAULT_LIFE, CrlPlan, write_spoilt_crl
from testbed.defects import Defect
from testbed.faults import CrlFault, OcspFault
from testbed.issuing import issue_card
from testbed.leaves import LeafOrder, contents_authority, sign_leaf
from testbed.ocsp_messages import CertificateId, CertificateStatus, Good, OcspAnswer, issuer_hashes
from testbed.ocsp_responder import FRESH_FOR, write_spoilt_answer
from testbed.people import IBARAKI_TSUKUBA, Municipality, Person, Sex, full_name
from testbed.profiles import Authority, Generation
from testbed.register import IssuedCertificate, Revocation
from testbed.state import Pki, make_pki

A_MOMENT = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)

HANAKO = Person(
    name=full_name("番号", "花子"), sex=Sex.FEMALE, born=date(1985, 4, 1), address="東京都千代田区見本町九丁目99番99号"
)
TARO = Person(
    name=full_name("番号", "太郎"), sex=Sex.MALE, born=date(1979, 12, 31), address="茨城県つくば市見本九丁目99番地99"
)

_LEAF_KEYS = 8


@cache
def _pool() -> list[rsa.RSAPrivateKey]:
    return []


def _pooled_key(number: int) -> rsa.RSAPrivateKey:
    while len(_pool()) <= number:
        _pool().append(rsa_2048())
    return _pool()[number]


def pooled_authority_keys() -> NewKey:
    """Keys that are the same in every PKI of this process, all different within one."""
    numbers = count(_LEAF_KEYS)
    return lambda: _pooled_key(next(numbers))


def pooled_leaf_keys() -> NewKey:
    """Eight keys in turn."""
    numbers = count()
    return lambda: _pooled_key(next(numbers) % _LEAF_KEYS)


def a_revocation(at: datetime = A_MOMENT, reason: ReasonFlags = ReasonFlags.key_compromise) -> Revocation:
    """The status of a revoked certificate."""
    return Revocation(at=at, reason=reason)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeafCertificate:
    """A citizen's certificate with the key the card would hold. `der` need not be well-formed: see `Defect`."""

    der: bytes
    private_key: rsa.RSAPrivateKey
    issuer_der: bytes
    serial: int
    authority: Authority
    generation: Generation
    municipality: Municipality

    def sign(self, message: bytes) -> bytes:
        """What the card's key signs over `message`."""
        return self.private_key.sign(message, padding.PKCS1v15(), hashes.SHA256())


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplePki:
    """The PKI of `a_pki`; `pki` is what the testbed's own functions take, `state` its folder."""

    state: Path
    pki: Pki
    now: datetime

    def trust(self, authority: Authority) -> tuple[bytes, ...]:
        """The trust set of one authority as DER: the older generation, then the current one."""
        return tuple(self.pki.authority(authority, generation).certificate_der for generation in Generation)

    def stranger(self, authority: Authority = Authority.AUTHENTICATION) -> CertificateAuthority:
        """An authority of the right name that nobody trusts."""
        return self.pki.strangers[authority]

    def a_certificate(
        self,
        authority: Authority = Authority.AUTHENTICATION,
        *,
        person: Person = HANAKO,
        municipality: Municipality = IBARAKI_TSUKUBA,
        generation: Generation = Generation.CURRENT,
        not_before: datetime | None = None,
        not_after: datetime | None = None,
        serial: int | None = None,
        defect: Defect | None = None,
    ) -> LeafCertificate:
        """A certificate that is valid at `now` and an hour before, unless told otherwise.

        With `Defect.WRONG_KIND` its `authority` is the other one than asked for.
        """
        order = LeafOrder(
            authority=authority,
            person=person,
            municipality=municipality,
            key=self.pki.new_key(),
            not_before=not_before or (self.now if defect in _OF_TIME else self.now - timedelta(hours=1)),
            not_after=not_after,
            generation=generation,
            defect=defect,
        )
        serial = random_serial() if serial is None else serial
        pair = sign_leaf(self.pki, order, serial)
        key = serialization.load_der_private_key(pair.private_key, password=None)
        assert isinstance(key, rsa.RSAPrivateKey)
        return LeafCertificate(
            der=pair.certificate,
            private_key=key,
            issuer_der=pair.ca_certificate,
            serial=serial,
            authority=contents_authority(order),
            generation=generation,
            municipality=municipality,
        )

    def a_card(
        self,
        card_id: str = "c",
        *,
        person: Person = HANAKO,
        municipality: Municipality = IBARAKI_TSUKUBA,
        generation: Generation = Generation.CURRENT,
        with_signature: bool = True,
    ) -> CardMemory:
        """A card issued at `now` with registered certificates, PIN 1234 and password ABC123."""
        return issue_card(
            self.pki,
            card_id=card_id,
            person=person,
            municipality=municipality,
            pin="1234",
            password="ABC123",  # noqa: S106 (of a sample card)
            now=self.now,
            generation=generation,
            with_signature=with_signature,
        )

    def an_ocsp_request(
        self,
        leaf: LeafCertificate,
        *,
        nonce_length: int | None = 32,
        algorithm: hashes.HashAlgorithm = hashes.SHA256(),  # noqa: B008 (an immutable value)
    ) -> tuple[bytes, bytes | None]:
        """A request as DER and its nonce; `nonce_length=None` leaves the nonce out."""
        name_hash, key_hash = issuer_hashes(self._issuer(leaf).certificate, algorithm)
        builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(name_hash, key_hash, leaf.serial, algorithm)
        nonce = None
        if nonce_length is not None:
            nonce = secrets.token_bytes(nonce_length)
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return builder.build().public_bytes(serialization.Encoding.DER), nonce

    def an_ocsp_response(
        self,
        leaf: LeafCertificate,
        *,
        nonce: bytes | None = None,
        status: CertificateStatus | None = None,
        fault: OcspFault | None = None,
        this_update: datetime | None = None,
        fresh_for: timedelta = FRESH_FOR,
        algorithm: hashes.HashAlgorithm = hashes.SHA256(),  # noqa: B008 (an immutable value)
    ) -> bytes:
        """An answer about `leaf` made at `this_update` (default `now`). `status` is `Good()` unless given.

        `algorithm` is the hash of the CertID and must be the one of the request. GARBAGE gives bytes that are no DER.
        """
        if fault is OcspFault.GARBAGE:
            return b"this is not an OCSP answer"
        issuer = self._issuer(leaf)
        name_hash, key_hash = issuer_hashes(issuer.certificate, algorithm)
        moment = this_update or self.now
        answer = OcspAnswer(
            certificate=CertificateId(
                algorithm=algorithm, issuer_name_hash=name_hash, issuer_key_hash=key_hash, serial=leaf.serial
            ),
            status=status or Good(),
            produced_at=moment,
            this_update=moment,
            next_update=moment + fresh_for,
            nonce=nonce,
            signer=issuer.responder,
        )
        return write_spoilt_answer(self.pki, issuer, answer, fault)

    def a_crl(
        self,
        leaf: LeafCertificate,
        *,
        revoked: Iterable[LeafCertificate] = (),
        status: Revocation | None = None,
        fault: CrlFault | None = None,
        this_update: datetime | None = None,
        life: timedelta = DEFAULT_LIFE,
        authority: Authority | None = None,
        generation: Generation | None = None,
        municipality: Municipality | None = None,
    ) -> bytes:
        """The list that covers `leaf`, or another one where authority, generation or municipality are given.

        Those in `revoked` stand on it with `status` (default: key compromise a day ago).
        """
        if fault is CrlFault.GARBAGE:
            return b"this is not a revocation list"
        authority = authority or leaf.authority
        generation = generation or leaf.generation
        status = status or Revocation(at=self.now - timedelta(days=1), reason=ReasonFlags.key_compromise)
        moment = this_update or self.now
        plan = CrlPlan(
            authority=authority,
            signer=self.pki.authority(authority, generation).root,
            municipality=municipality or leaf.municipality,
            this_update=moment,
            next_update=moment + life,
            revoked=tuple(_entry(other, status) for other in revoked),
        )
        return write_spoilt_crl(plan, fault, stranger=self.stranger(authority))

    def _issuer(self, leaf: LeafCertificate) -> CertificateAuthority:
        return self.pki.authority(leaf.authority, leaf.generation)


_OF_TIME = (Defect.EXPIRED, Defect.NOT_YET_VALID)


def a_pki(folder: Path, *, now: datetime = A_MOMENT) -> SamplePki:
    """Make the PKI in the new folder `folder`, as of `now`. The first in a process takes a second or two."""
    make_pki(folder, now=now, new_key=pooled_authority_keys())
    return SamplePki(state=folder, pki=make_pki(folder, now=now, new_key=pooled_leaf_keys()), now=now)


def _entry(leaf: LeafCertificate, status: Revocation) -> IssuedCertificate:
    return IssuedCertificate(
        authority=leaf.authority,
        serial=leaf.serial,
        generation=leaf.generation,
        municipality=leaf.municipality.code,
        card_id="",
        revocation=status,
    )
