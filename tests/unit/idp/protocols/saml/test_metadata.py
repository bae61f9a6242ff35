from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from foundation.keys import PublicKey, SignatureAlgorithm
from idp.adapters.keys.pem import CertifiedPemSigner
from idp.protocols.saml.metadata import KEPT_FOR, OwnMetadata, describe
from idp.protocols.saml.settings import SHORTEST_LIFETIME, OwnMetadataSettings
from idp.protocols.saml.xml.signatures import ACCEPTED_SIGNATURES
from idp.protocols.saml.xml.signed_info import ACCEPTED_DIGESTS
from tests.support.saml import NOW, SETTINGS, an_ec_signer, an_rsa_signer

CERTIFICATES = (an_ec_signer("idp").certificate, an_ec_signer("next").certificate)
A_LITTLE = timedelta(microseconds=1)


@dataclass(slots=True)
class CountingSigner:
    """Counts its signatures; with `faults`, so many times it fails first."""

    inner: CertifiedPemSigner
    faults: int = 0
    signatures: list[bytes] = field(default_factory=list)

    @property
    def key_id(self) -> str:
        return self.inner.key_id

    @property
    def algorithm(self) -> SignatureAlgorithm:
        return self.inner.algorithm

    @property
    def public_key(self) -> PublicKey:
        return self.inner.public_key

    @property
    def certificate(self) -> x509.Certificate:
        return self.inner.certificate

    def sign(self, data: bytes) -> bytes:
        if self.faults:
            self.faults -= 1
            raise OSError("the key store does not answer")
        self.signatures.append(data)
        return self.inner.sign(data)


@pytest.fixture
def signer() -> CountingSigner:
    return CountingSigner(inner=an_rsa_signer("metadata"))


@pytest.fixture
def at(signer: CountingSigner) -> Callable[[datetime], bytes]:
    metadata = OwnMetadata(SETTINGS, signer=signer, certificates=CERTIFICATES)
    return lambda now: metadata.at(now).text


def test_copy_is_signed_once_for_all_who_ask(signer: CountingSigner, at: Callable[[datetime], bytes]) -> None:
    copies = {at(NOW + timedelta(seconds=second)) for second in range(300)}
    assert len(copies) == len(signer.signatures) == 1


def test_copy_is_signed_once_for_all_threads(signer: CountingSigner, at: Callable[[datetime], bytes]) -> None:
    together = Barrier(8)

    def ask(_: int) -> bytes:
        together.wait()
        return at(NOW)

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(ask, range(8)))) == 1
    assert len(signer.signatures) == 1


def test_newer_copy_follows_and_says_a_later_end(signer: CountingSigner, at: Callable[[datetime], bytes]) -> None:
    first, second = (etree.fromstring(at(now)) for now in (NOW + KEPT_FOR - A_LITTLE, NOW + KEPT_FOR))
    assert len(signer.signatures) == 2
    ends = [datetime.fromisoformat(root.get("validUntil", "")) for root in (first, second)]
    assert ends[1] - ends[0] == KEPT_FOR
    assert first.get("ID") != second.get("ID")


def test_all_workers_give_out_the_same_octets() -> None:
    workers = [OwnMetadata(SETTINGS, signer=an_rsa_signer("metadata"), certificates=CERTIFICATES) for _ in range(2)]
    one, other = (worker.at(now) for worker, now in zip(workers, (NOW, NOW + KEPT_FOR - A_LITTLE), strict=True))
    assert one == other


def test_tag_tells_texts_apart() -> None:
    both, one = (
        OwnMetadata(SETTINGS, signer=an_rsa_signer("metadata"), certificates=certificates).at(NOW)
        for certificates in (CERTIFICATES, CERTIFICATES[:1])
    )
    assert both.etag != one.etag
    assert both.etag.isalnum()


def test_clock_that_is_set_back_gets_a_copy_of_its_own_time(at: Callable[[datetime], bytes]) -> None:
    at(NOW)
    root = etree.fromstring(at(NOW - timedelta(days=1)))
    assert datetime.fromisoformat(root.get("validUntil", "")) == NOW - timedelta(days=1) + timedelta(days=7)


def test_failure_to_sign_is_not_kept(signer: CountingSigner, at: Callable[[datetime], bytes]) -> None:
    signer.faults = 1
    with pytest.raises(OSError, match="does not answer"):
        at(NOW)
    assert at(NOW)


SHORT = OwnMetadata(
    replace(SETTINGS, own_metadata=OwnMetadataSettings(lifetime=SHORTEST_LIFETIME)),
    signer=an_ec_signer("metadata"),
    certificates=CERTIFICATES,
)


@given(st.datetimes(datetime(2026, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 (made aware in the next line)
def test_copy_is_never_older_than_a_small_share_of_its_validity(moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    copy = SHORT.at(now)
    assert copy.published_at <= now < copy.published_at + KEPT_FOR
    ends = datetime.fromisoformat(etree.fromstring(copy.text).get("validUntil", ""))
    assert ends - now > SHORTEST_LIFETIME * 11 / 12


def test_algorithms_are_those_that_we_accept_the_commonest_first() -> None:
    about = describe(SETTINGS, CERTIFICATES, NOW)
    assert tuple(method.algorithm for method in about.signing_methods) == ACCEPTED_SIGNATURES
    assert about.signing_methods[0].algorithm.endswith("#rsa-sha256")
    assert about.digest_methods == ACCEPTED_DIGESTS
    assert not any("sha1" in name or "hmac" in name for name in (*ACCEPTED_SIGNATURES, *ACCEPTED_DIGESTS))
    assert {method.min_bits for method in about.signing_methods if "ecdsa" in method.algorithm} == {256}
    assert {method.min_bits for method in about.signing_methods if "ecdsa" not in method.algorithm} == {2048}


def test_sites_are_asked_to_come_back_several_times_in_a_lifetime() -> None:
    about = describe(SETTINGS, CERTIFICATES, NOW)
    assert about.cache * 7 == SETTINGS.own_metadata.lifetime == about.valid_until - NOW
