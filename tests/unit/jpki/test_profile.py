from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID

from jpki.certificates import UnverifiedCertificate, parse_certificate
from jpki.errors import (
    AlgorithmNotAllowed,
    CertificatePolicyNotAllowed,
    ExtensionNotSupported,
    JpkiError,
    KeyUsageNotAllowed,
    WrongCertificateKind,
)
from jpki.verification import AUTHENTICATION_CHECKS
from testbed import profiles
from testbed.profiles import CertificatePlan
from tests.support.certificates import TEST_PROFILE
from tests.support.pki import SamplePki

Change = Callable[[CertificatePlan], CertificatePlan]
ANY_POLICY = x509.ObjectIdentifier("2.5.29.32.0")


def a_changed_certificate(
    pki: SamplePki, change: Change, *, algorithm: hashes.SHA224 | None = None
) -> UnverifiedCertificate:
    """A certificate whose contents were changed before it was signed."""
    model = x509.load_der_x509_certificate(pki.a_certificate().der)
    plan = change(
        CertificatePlan(
            subject=model.subject,
            not_before=model.not_valid_before_utc,
            not_after=model.not_valid_after_utc,
            extensions=tuple((extension.value, extension.critical) for extension in model.extensions),
        )
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(plan.subject)
        .issuer_name(model.issuer)
        .not_valid_before(plan.not_before)
        .not_valid_after(plan.not_after)
        .serial_number(model.serial_number)
        .public_key(model.public_key())
    )
    for extension, critical in plan.extensions:
        builder = builder.add_extension(extension, critical=critical)
    signed = builder.sign(pki.pki.new_key(), algorithm or hashes.SHA256())
    return parse_certificate(signed.public_bytes(Encoding.DER))


def check(certificate: UnverifiedCertificate) -> None:
    for one in AUTHENTICATION_CHECKS:
        one(certificate, TEST_PROFILE)


def unchanged(plan: CertificatePlan) -> CertificatePlan:
    return plan


def test_model_certificate_passes_every_check(pki: SamplePki) -> None:
    check(a_changed_certificate(pki, unchanged))


def test_absent_extended_key_usage_is_accepted(pki: SamplePki) -> None:
    check(a_changed_certificate(pki, lambda plan: plan.without(ExtensionOID.EXTENDED_KEY_USAGE)))


def test_basic_constraints_that_deny_a_ca_are_accepted(pki: SamplePki) -> None:
    no_ca = x509.BasicConstraints(ca=False, path_length=None)
    check(a_changed_certificate(pki, lambda plan: plan.having(no_ca, critical=True)))


CHANGES: dict[str, tuple[Change, type[JpkiError]]] = {
    "key usage is not critical": (
        lambda plan: plan.having(profiles.key_usage(digital_signature=True), critical=False),
        KeyUsageNotAllowed,
    ),
    "key usage has more than digitalSignature": (
        lambda plan: plan.having(profiles.key_usage(digital_signature=True, crl_sign=True), critical=True),
        KeyUsageNotAllowed,
    ),
    "key usage has nonRepudiation": (
        lambda plan: plan.having(profiles.key_usage(digital_signature=True, content_commitment=True), critical=True),
        WrongCertificateKind,
    ),
    "policy is the one for signatures": (
        lambda plan: plan.having(profiles.policies(profiles.SIGNATURE_POLICY), critical=True),
        WrongCertificateKind,
    ),
    "policy is anyPolicy": (
        lambda plan: plan.having(profiles.policies(ANY_POLICY), critical=True),
        CertificatePolicyNotAllowed,
    ),
    "a known extension that nobody processes is critical": (
        lambda plan: plan.having(x509.InhibitAnyPolicy(0), critical=True),
        ExtensionNotSupported,
    ),
}


@pytest.mark.parametrize("name", CHANGES)
def test_each_deviation_from_the_profile_is_refused_by_its_name(pki: SamplePki, name: str) -> None:
    change, error = CHANGES[name]
    with pytest.raises(error):
        check(a_changed_certificate(pki, change))


def test_weaker_hash_than_sha_256_is_refused(pki: SamplePki) -> None:
    with pytest.raises(AlgorithmNotAllowed):
        check(a_changed_certificate(pki, unchanged, algorithm=hashes.SHA224()))
