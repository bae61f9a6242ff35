import ast
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from jpki.anchors import TrustAnchor
from jpki.certificates import MAXIMUM_CERTIFICATE_BYTES, directory_name_digest, parse_certificate
from jpki.errors import CertificateMalformed, JpkiError
from jpki.verification import verify_card_answer
from testbed.people import IBARAKI_TSUKUBA
from testbed.profiles import Authority, distribution_point
from tests.support.certificates import A_STATEMENT, TEST_PROFILE, anchors_of, verified
from tests.support.pki import SamplePki

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True, slots=True, kw_only=True)
class CardAnswer:
    der: bytes
    signature: bytes
    anchors: tuple[TrustAnchor, ...]
    now: datetime

    def verify(self, unverified_certificate: bytes) -> None:
        verify_card_answer(
            unverified_certificate=unverified_certificate,
            signature=self.signature,
            statement=A_STATEMENT,
            anchors=self.anchors,
            profile=TEST_PROFILE,
            now=self.now,
        )


def test_certificate_is_parsed_with_its_distribution_point(pki: SamplePki) -> None:
    leaf = pki.a_certificate()
    certificate = parse_certificate(leaf.der)
    expected = distribution_point(Authority.AUTHENTICATION, IBARAKI_TSUKUBA)
    assert certificate.parsed.serial_number == leaf.serial
    assert certificate.distribution_points == (directory_name_digest(expected),)


def test_more_than_8_kib_is_refused_before_parsing(pki: SamplePki) -> None:
    with pytest.raises(CertificateMalformed, match="larger"):
        parse_certificate(pki.a_certificate().der + bytes(MAXIMUM_CERTIFICATE_BYTES))


def test_trailing_byte_is_refused(pki: SamplePki) -> None:
    with pytest.raises(CertificateMalformed):
        parse_certificate(pki.a_certificate().der + b"\0")


def test_length_that_is_not_minimal_is_refused(pki: SamplePki) -> None:
    good = pki.a_certificate().der
    with pytest.raises(CertificateMalformed):
        parse_certificate(b"\x30\x83\x00" + good[2:])


def test_every_truncation_is_refused(pki: SamplePki) -> None:
    good = pki.a_certificate().der
    for length in range(len(good)):
        with pytest.raises(CertificateMalformed):
            parse_certificate(good[:length])


@pytest.mark.parametrize(
    "serial", [b"\x02\x04\x00\x00\x00\x00", b"\x02\x04\x80\x00\x00\x01", b"\x02\x04\x00\x00\x00\x05"]
)
def test_serial_that_is_not_positive_and_minimal_is_refused(pki: SamplePki, serial: bytes) -> None:
    leaf = pki.a_certificate(serial=0x01020304)
    with pytest.raises(CertificateMalformed):
        parse_certificate(leaf.der.replace(b"\x02\x04\x01\x02\x03\x04", serial, 1))


def test_representation_shows_neither_serial_nor_encoding(pki: SamplePki) -> None:
    leaf = pki.a_certificate(serial=0x5EC2E701)
    shown = repr(verified(pki, leaf)) + repr(parse_certificate(leaf.der))
    assert str(leaf.serial) not in shown
    assert f"{leaf.serial:x}" not in shown.lower()
    assert "3082" not in shown
    assert "\\x30\\x82" not in shown


def test_verified_certificates_are_made_by_verification_alone() -> None:
    makers = {
        file.relative_to(ROOT).as_posix()
        for folder in ("jpki", "idp", "card_agent", "sp_examples")
        for file in (ROOT / folder).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in {"AuthenticationCertificate", "SignatureCertificate"}
    }
    assert makers == {"jpki/verification.py"}


@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(min_value=0), replacement=st.binary(max_size=6), removed=st.integers(0, 6))
@example(position=0, replacement=b"\x30\x84\xff\xff\xff\xff", removed=4)
def test_damaged_certificate_never_raises_anything_else(
    answer: CardAnswer, position: int, replacement: bytes, removed: int
) -> None:
    start = position % len(answer.der)
    damaged = answer.der[:start] + replacement + answer.der[start + removed :]
    if damaged != answer.der:
        with pytest.raises(JpkiError):
            answer.verify(damaged)


@pytest.fixture(scope="module")
def answer(pki: SamplePki) -> CardAnswer:
    leaf = pki.a_certificate()
    answer = CardAnswer(der=leaf.der, signature=leaf.sign(A_STATEMENT), anchors=anchors_of(pki), now=pki.now)
    answer.verify(answer.der)
    return answer


@settings(max_examples=200, deadline=None)
@given(data=st.binary(max_size=200))
def test_noise_is_never_a_certificate(data: bytes) -> None:
    with pytest.raises(CertificateMalformed):
        parse_certificate(data)
