"""What stands in the certificates, read back with `cryptography`."""

from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, ExtensionOID, NameOID

from testbed.people import IBARAKI_TSUKUBA
from testbed.profiles import MARKER, Authority, Generation
from tests.support.pki import HANAKO, SamplePki

ATTRIBUTE_ARC = "1.2.392.200149.8.5.5."


def _leaf(pki: SamplePki, authority: Authority) -> x509.Certificate:
    return x509.load_der_x509_certificate(pki.a_certificate(authority).der)


def _everything(pki: SamplePki) -> list[x509.Certificate]:
    authorities = [*pki.pki.authorities.values(), *pki.pki.strangers.values()]
    return [
        *(made.root.certificate for made in authorities),
        *(made.responder.certificate for made in authorities),
        *(_leaf(pki, authority) for authority in Authority),
    ]


def test_every_certificate_carries_the_marker_and_not_critically(shared_pki: SamplePki) -> None:
    for certificate in _everything(shared_pki):
        marker = certificate.extensions.get_extension_for_oid(MARKER)
        assert not marker.critical
        assert isinstance(marker.value, x509.UnrecognizedExtension)
        assert marker.value.value == b"\x0c\x07TESTBED"


def test_every_issuer_says_that_it_is_a_test(shared_pki: SamplePki) -> None:
    for certificate in _everything(shared_pki):
        names = certificate.issuer.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
        assert [name.value for name in names] == ["JPKI-TEST"]


@pytest.mark.parametrize("authority", Authority)
def test_generations_and_strangers_share_a_name_but_no_key(shared_pki: SamplePki, authority: Authority) -> None:
    older = shared_pki.pki.authority(authority, Generation.OLDER).certificate
    current = shared_pki.pki.authority(authority, Generation.CURRENT).certificate
    stranger = shared_pki.pki.strangers[authority].certificate
    assert older.subject == current.subject == stranger.subject
    keys = [made.public_key() for made in (older, current, stranger)]
    assert all(key not in keys[:position] for position, key in enumerate(keys))
    assert older.not_valid_before_utc < current.not_valid_before_utc


def test_authorities_have_different_names(shared_pki: SamplePki) -> None:
    assert len({made.certificate.subject for made in shared_pki.pki.authorities.values()}) == 2


def test_authority_is_a_self_signed_root_of_2048_bits(shared_pki: SamplePki) -> None:
    for made in shared_pki.pki.authorities.values():
        root = made.certificate
        root.verify_directly_issued_by(root)
        key = root.public_key()
        assert isinstance(key, rsa.RSAPublicKey)
        assert key.key_size == 2048
        constraints = root.extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical
        assert constraints.value == x509.BasicConstraints(ca=True, path_length=None)
        usage = root.extensions.get_extension_for_class(x509.KeyUsage)
        assert usage.critical
        assert usage.value.key_cert_sign
        assert usage.value.crl_sign
        assert not usage.value.digital_signature
        assert _crl_directory_name(root) == root.subject


def test_responder_is_appointed_for_ocsp_signing_only(shared_pki: SamplePki) -> None:
    for made in shared_pki.pki.authorities.values():
        responder = made.responder.certificate
        responder.verify_directly_issued_by(made.certificate)
        usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        assert list(usage) == [ExtendedKeyUsageOID.OCSP_SIGNING]
        responder.extensions.get_extension_for_class(x509.OCSPNoCheck)


@pytest.mark.parametrize("generation", Generation)
@pytest.mark.parametrize("authority", Authority)
def test_certificate_is_signed_by_the_wanted_generation(
    shared_pki: SamplePki, authority: Authority, generation: Generation
) -> None:
    leaf = shared_pki.a_certificate(authority, generation=generation)
    certificate = x509.load_der_x509_certificate(leaf.der)
    issuer = shared_pki.pki.authority(authority, generation).certificate
    certificate.verify_directly_issued_by(issuer)
    pointer = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    assert pointer.key_identifier == issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def test_authentication_certificate_names_nobody(shared_pki: SamplePki) -> None:
    certificate = _leaf(shared_pki, Authority.AUTHENTICATION)
    country, opaque = list(certificate.subject)
    assert country.value == "JP"
    assert opaque.oid == NameOID.COMMON_NAME
    assert len(opaque.value) == 23
    assert opaque.value[14:19] == IBARAKI_TSUKUBA.code
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)


def test_authentication_certificate_may_only_authenticate(shared_pki: SamplePki) -> None:
    certificate = _leaf(shared_pki, Authority.AUTHENTICATION)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert not usage.value.content_commitment
    assert list(certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == [
        ExtendedKeyUsageOID.CLIENT_AUTH
    ]
    assert _policy(certificate) == "1.2.392.200149.8.5.1.3.30"


def test_signature_certificate_commits_to_content(shared_pki: SamplePki) -> None:
    certificate = _leaf(shared_pki, Authority.SIGNATURE)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    assert usage.value.digital_signature
    assert usage.value.content_commitment
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert _policy(certificate) == "1.2.392.200149.8.5.1.0.20"


def test_signature_certificate_carries_the_four_attributes(shared_pki: SamplePki) -> None:
    certificate = _leaf(shared_pki, Authority.SIGNATURE)
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    attributes = {}
    for name in names:
        assert isinstance(name, x509.OtherName)
        assert name.value[0] == 0x0C
        attributes[name.type_id.dotted_string] = name.value[2:].decode("utf-8")
    assert attributes == {
        ATTRIBUTE_ARC + "1": HANAKO.name,
        ATTRIBUTE_ARC + "2": "00000",
        ATTRIBUTE_ARC + "3": "2",
        ATTRIBUTE_ARC + "4": "319850401",
        ATTRIBUTE_ARC + "5": HANAKO.address,
        ATTRIBUTE_ARC + "6": "0" * len(HANAKO.address),
    }


def test_signature_certificate_subject_tells_the_place(shared_pki: SamplePki) -> None:
    subject = _leaf(shared_pki, Authority.SIGNATURE).subject
    assert [part.value for part in subject][:3] == ["JP", "Ibaraki-ken", "Tsukuba-shi"]


@pytest.mark.parametrize("authority", Authority)
def test_certificate_points_at_its_municipalitys_list_by_directory_name(
    shared_pki: SamplePki, authority: Authority
) -> None:
    units = {
        Authority.AUTHENTICATION: "JPKI for user authentication",
        Authority.SIGNATURE: "JPKI for digital signature",
    }
    name = _crl_directory_name(_leaf(shared_pki, authority))
    assert [part.value for part in name] == [
        "JP",
        "JPKI-TEST",
        units[authority],
        "CRL Distribution Points",
        "Ibaraki-ken",
        "Tsukuba-shi CRLDP",
    ]


@pytest.mark.parametrize("authority", Authority)
def test_certificate_points_at_the_ocsp_service(shared_pki: SamplePki, authority: Authority) -> None:
    certificate = _leaf(shared_pki, authority)
    (pointer,) = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
    assert pointer.access_method == AuthorityInformationAccessOID.OCSP
    assert pointer.access_location.value == shared_pki.pki.ocsp_url
    certificate.extensions.get_extension_for_oid(ExtensionOID.ISSUER_ALTERNATIVE_NAME)


@pytest.mark.parametrize("authority", Authority)
def test_both_certificates_of_a_card_end_with_the_fifth_birthday_in_japan(
    shared_pki: SamplePki, authority: Authority
) -> None:
    assert _leaf(shared_pki, authority).not_valid_after_utc == datetime(2031, 4, 1, 14, 59, 59, tzinfo=UTC)


def test_serial_numbers_have_three_or_four_bytes(shared_pki: SamplePki) -> None:
    serials = [_leaf(shared_pki, Authority.AUTHENTICATION).serial_number for _ in range(20)]
    assert all(3 <= (serial.bit_length() + 7) // 8 <= 4 for serial in serials)
    assert len(set(serials)) == 20


def test_leaf_signs_with_the_certified_key(shared_pki: SamplePki) -> None:
    leaf = shared_pki.a_certificate()
    key = x509.load_der_x509_certificate(leaf.der).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    signature_hash = x509.load_der_x509_certificate(leaf.der).signature_hash_algorithm
    assert signature_hash is not None
    key.verify(leaf.sign(b"statement"), b"statement", padding.PKCS1v15(), signature_hash)


def _policy(certificate: x509.Certificate) -> str:
    extension = certificate.extensions.get_extension_for_class(x509.CertificatePolicies)
    assert extension.critical
    (policy,) = extension.value
    return policy.policy_identifier.dotted_string


def _crl_directory_name(certificate: x509.Certificate) -> x509.Name:
    (point,) = certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
    assert point.full_name is not None
    (name,) = point.full_name
    assert isinstance(name, x509.DirectoryName)
    return name.value
