"""Verified certificates for tests, made the only way there is: by verification."""

from collections.abc import Sequence

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from jpki.anchors import TrustAnchor, load_anchors
from jpki.certificates import AuthenticationCertificate
from jpki.profile import CARD_SIGNATURE_POLICY, CertificateProfile
from jpki.verification import verify_card_answer
from testbed.profiles import SIGNATURE_POLICY, Authority
from tests.support.pki import LeafCertificate, SamplePki

TEST_PROFILE = CertificateProfile(signature_policies=(CARD_SIGNATURE_POLICY, SIGNATURE_POLICY.dotted_string))
A_STATEMENT = b"what the card was asked to sign"


def pem(certificates: Sequence[bytes]) -> bytes:
    """DER certificates as one PEM file."""
    return b"".join(x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in certificates)


def anchors_of(pki: SamplePki, authority: Authority = Authority.AUTHENTICATION) -> tuple[TrustAnchor, ...]:
    """The trust set of one authority: the older generation, then the current one."""
    return load_anchors(pem(pki.trust(authority)))


def verified(pki: SamplePki, leaf: LeafCertificate) -> AuthenticationCertificate:
    """`leaf` after it answered `A_STATEMENT` at the PKI's own moment."""
    return verify_card_answer(
        unverified_certificate=leaf.der,
        signature=leaf.sign(A_STATEMENT),
        statement=A_STATEMENT,
        anchors=anchors_of(pki),
        profile=TEST_PROFILE,
        now=pki.now,
    )
