from datetime import datetime, timedelta

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from jpki.certificates import parse_certificate
from jpki.errors import (
    CertificateExpired,
    CertificateNotYetValid,
    IssuerOutsideValidity,
    IssuerUntrusted,
)
from jpki.path import validate_path
from testbed.defects import Defect
from testbed.profiles import Authority, Generation
from tests.support.certificates import anchors_of
from tests.support.pki import SamplePki

A_SECOND = timedelta(seconds=1)


@pytest.mark.parametrize("generation", Generation)
@pytest.mark.parametrize("reverse", [False, True])
def test_issuer_is_found_by_signature_among_generations_of_one_name(
    pki: SamplePki, generation: Generation, *, reverse: bool
) -> None:
    leaf = pki.a_certificate(generation=generation)
    anchors = anchors_of(pki)[:: -1 if reverse else 1]
    issuer = validate_path(parse_certificate(leaf.der), anchors, now=pki.now)
    assert issuer.certificate.public_bytes(Encoding.DER) == leaf.issuer_der


def test_generation_that_is_not_trusted_does_not_help(pki: SamplePki) -> None:
    leaf = pki.a_certificate(generation=Generation.OLDER)
    with pytest.raises(IssuerUntrusted):
        validate_path(parse_certificate(leaf.der), anchors_of(pki)[1:], now=pki.now)


def test_no_anchor_at_all_trusts_nobody(pki: SamplePki) -> None:
    with pytest.raises(IssuerUntrusted):
        validate_path(parse_certificate(pki.a_certificate().der), (), now=pki.now)


def test_right_name_with_a_strange_key_is_untrusted(pki: SamplePki) -> None:
    leaf = pki.a_certificate(defect=Defect.UNTRUSTED_AUTHORITY)
    with pytest.raises(IssuerUntrusted):
        validate_path(parse_certificate(leaf.der), anchors_of(pki), now=pki.now)


def test_the_other_authority_is_untrusted(pki: SamplePki) -> None:
    leaf = pki.a_certificate(defect=Defect.OTHER_AUTHORITY)
    with pytest.raises(IssuerUntrusted):
        validate_path(parse_certificate(leaf.der), anchors_of(pki), now=pki.now)
    assert validate_path(parse_certificate(leaf.der), anchors_of(pki, Authority.SIGNATURE), now=pki.now)


def test_validity_includes_its_first_and_last_second(pki: SamplePki) -> None:
    first, last = pki.now, pki.now + timedelta(days=30)
    certificate = parse_certificate(pki.a_certificate(not_before=first, not_after=last).der)
    for now in (first, last):
        validate_path(certificate, anchors_of(pki), now=now)


def test_expired_certificate_says_until_when_it_was_valid(pki: SamplePki) -> None:
    last = pki.now + timedelta(days=30)
    certificate = parse_certificate(pki.a_certificate(not_after=last).der)
    with pytest.raises(CertificateExpired) as refused:
        validate_path(certificate, anchors_of(pki), now=last + A_SECOND)
    assert refused.value.until == last


def test_certificate_before_its_time_says_from_when(pki: SamplePki) -> None:
    first = pki.now + timedelta(days=1)
    certificate = parse_certificate(pki.a_certificate(not_before=first).der)
    with pytest.raises(CertificateNotYetValid) as refused:
        validate_path(certificate, anchors_of(pki), now=first - A_SECOND)
    assert refused.value.since == first


def test_valid_certificate_of_an_expired_authority_is_refused(pki: SamplePki) -> None:
    issuer = anchors_of(pki)[1]
    after: datetime = issuer.not_after + A_SECOND
    certificate = parse_certificate(pki.a_certificate(not_after=after + timedelta(days=1)).der)
    with pytest.raises(IssuerOutsideValidity):
        validate_path(certificate, anchors_of(pki), now=after)
