import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from jpki.anchors import TESTBED_MARKER, is_testbed_anchor, load_anchors
from jpki.errors import AnchorUnusable
from testbed.profiles import MARKER, Authority
from tests.support.certificates import anchors_of, pem
from tests.support.pki import SamplePki


def test_generations_share_a_name_and_differ_by_key(pki: SamplePki) -> None:
    older, current = anchors_of(pki)
    assert older.subject == current.subject
    assert older.key_digest != current.key_digest


def test_testbed_anchor_is_recognised(pki: SamplePki) -> None:
    assert all(is_testbed_anchor(anchor) for anchor in anchors_of(pki))
    assert MARKER == TESTBED_MARKER


@pytest.mark.parametrize(
    "content", [b"", b"no PEM at all", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_file_without_certificates_is_refused(content: bytes) -> None:
    with pytest.raises(AnchorUnusable):
        load_anchors(content)


def test_certificate_that_is_not_self_signed_is_refused(pki: SamplePki) -> None:
    responder = pki.pki.authority(Authority.AUTHENTICATION).responder.certificate
    with pytest.raises(AnchorUnusable):
        load_anchors(responder.public_bytes(Encoding.PEM))


def test_same_anchor_twice_is_refused(pki: SamplePki) -> None:
    older, _ = pki.trust(Authority.AUTHENTICATION)
    with pytest.raises(AnchorUnusable, match="twice"):
        load_anchors(pem((older, older)))


def test_one_bad_anchor_refuses_the_whole_file(pki: SamplePki) -> None:
    good = pem(pki.trust(Authority.AUTHENTICATION))
    bad = bytearray(pki.trust(Authority.SIGNATURE)[0])
    bad[-1] ^= 1
    with pytest.raises(AnchorUnusable):
        load_anchors(good + x509.load_der_x509_certificate(bytes(bad)).public_bytes(Encoding.PEM))
