"""The keys in a site's metadata."""

import base64
import hashlib
from collections.abc import Callable

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.registration import RegistrationRefused
from idp.domain.service_provider import Mark
from idp.protocols.saml.sites.registration import Registration
from idp.protocols.saml.xml.encryption import DataAlgorithm
from tests.support.saml import a_key_descriptor, an_ec_signer, an_rsa_signer, certificate_text
from tests.support.site_metadata import AES128_GCM, AES256_CBC, RSA_V1_5, a_key, both_keys, reader, site_metadata

NO_MARKS: frozenset[Mark] = frozenset()
OAEP = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
KEY = "md:SPSSODescriptor/md:KeyDescriptor"
INSIDE = "ds:KeyInfo/ds:X509Data/ds:X509Certificate"
UNREADABLE = "cannot be read; it must be a certificate's DER in base64, without BEGIN and END"
WRONG_KIND = "its key must be RSA of 2048 bits or more, or on the curve P-256, P-384 or P-521"
UNENCRYPTED = "has no key for encryption; assertions will pass the citizen's browser unencrypted"


def registration(*keys: str, marks: frozenset[Mark] = NO_MARKS) -> Registration:
    return reader().registration(site_metadata(keys=list(keys)), marks)


def faults(*keys: str, marks: frozenset[Mark] = NO_MARKS) -> list[str]:
    with pytest.raises(RegistrationRefused) as refused:
        registration(*keys, marks=marks)
    return [str(fault) for fault in refused.value.faults]


def warnings(*keys: str) -> list[str]:
    return [warning.words for warning in reader().read(site_metadata(keys=list(keys)), marks=NO_MARKS).warnings]


def a_certificate_of(key: CertificatePublicKeyTypes) -> x509.Certificate:
    """Over any key, signed by an ordinary one."""
    template = an_rsa_signer("issuer").certificate
    return (
        x509.CertificateBuilder()
        .subject_name(template.subject)
        .issuer_name(template.subject)
        .public_key(key)
        .serial_number(7)
        .not_valid_before(template.not_valid_before_utc)
        .not_valid_after(template.not_valid_after_utc)
        .sign(an_rsa_signer("issuer").private_key, hashes.SHA256())
    )


def signing(key: CertificatePublicKeyTypes) -> str:
    return a_key_descriptor(a_certificate_of(key))


def with_certificate(text: str) -> str:
    whole = a_key("signing")
    return whole.replace(certificate_text(an_rsa_signer("site").certificate), text)


@pytest.mark.parametrize(
    "make",
    [
        lambda: rsa.generate_private_key(public_exponent=65537, key_size=1024).public_key(),  # noqa: S505 (refused)
        lambda: dsa.generate_private_key(2048).public_key(),
        lambda: ed25519.Ed25519PrivateKey.generate().public_key(),
        lambda: ec.generate_private_key(ec.SECP256K1()).public_key(),
        lambda: ec.generate_private_key(ec.SECP224R1()).public_key(),
    ],
    ids=["short RSA", "DSA", "Ed25519", "secp256k1", "P-224"],
)
def test_key_that_is_not_on_our_list_is_refused(make: Callable[[], CertificatePublicKeyTypes]) -> None:
    assert f"line 9, {KEY}/{INSIDE}: {WRONG_KIND}" in faults(signing(make()))


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_key_on_a_curve_of_our_list_signs(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve).public_key()
    assert registration(signing(key)).signing_keys == (key,)


def test_curve_that_nobody_knows_is_refused() -> None:
    der = an_ec_signer("site").certificate.public_bytes(Encoding.DER)
    p_256, unknown = bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a8648ce3d03017f")
    text = base64.b64encode(der.replace(p_256, unknown, 1)).decode()
    assert f"line 9, {KEY}/{INSIDE}: {WRONG_KIND}" in faults(with_certificate(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "AAAA",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
        certificate_text(an_rsa_signer("site").certificate)[:-8],
        "MIICMjCCAdkCAQ",
    ],
)
def test_certificate_that_cannot_be_read_is_refused(text: str) -> None:
    assert any(UNREADABLE in fault for fault in faults(with_certificate(text)))


def test_certificate_in_pem_form_is_one_fault() -> None:
    pem = an_rsa_signer("site").certificate.public_bytes(Encoding.PEM).decode()
    assert faults(with_certificate(pem)) == [f"line 9, {KEY}/{INSIDE}: {UNREADABLE}"]


def test_certificate_of_a_later_version_is_refused() -> None:
    der = an_rsa_signer("site").certificate.public_bytes(Encoding.DER)
    version_3, version_5 = bytes.fromhex("a003020102"), bytes.fromhex("a003020104")
    text = base64.b64encode(der.replace(version_3, version_5, 1)).decode()
    assert f"line 9, {KEY}/{INSIDE}: {UNREADABLE}" in faults(with_certificate(text))


def test_certificate_broken_into_lines_is_read() -> None:
    text = certificate_text(an_rsa_signer("site").certificate)
    lines = "\r\n\t".join(text[start : start + 64] for start in range(0, len(text), 64))
    assert registration(with_certificate(f"\n{lines}\n")).signing_keys == (an_rsa_signer("site").public_key,)


@pytest.mark.parametrize(
    "inside",
    [
        "<ds:KeyName>ours</ds:KeyName>",
        "<ds:KeyValue><ds:RSAKeyValue><ds:Modulus>AQAB</ds:Modulus><ds:Exponent>AQAB</ds:Exponent></ds:RSAKeyValue></ds:KeyValue>",
    ],
)
def test_key_without_a_certificate_is_refused(inside: str) -> None:
    key = f'<md:KeyDescriptor use="signing"><ds:KeyInfo>{inside}</ds:KeyInfo></md:KeyDescriptor>'
    words = "has no certificate (ds:X509Certificate); a ds:KeyName or a ds:KeyValue alone is not enough"
    assert f"line 9, {KEY}[1]: {words}" in faults(key, *both_keys())


def test_key_of_an_authority_beside_the_site_s_own_is_refused_as_a_key_of_the_site() -> None:
    certificate = f"<ds:X509Certificate>{certificate_text(an_rsa_signer('authority').certificate)}</ds:X509Certificate>"
    key = a_key("signing").replace("</ds:X509Data>", f"{certificate}</ds:X509Data>")
    words = "has more than one certificate; each key has its own KeyDescriptor, and authorities' keys have none"
    assert faults(key) == [f"line 9, {KEY}: {words}"]


def test_nine_keys_for_one_use_are_too_many() -> None:
    signers, readers = [a_key("signing")] * 8, [a_key("encryption")] * 8
    assert len(registration(*signers, *readers).signing_keys) == 8
    assert faults(*signers, a_key("signing"), *readers) == [
        f"line 17, {KEY}[9]: is one of 9 keys for signing; we keep 8 at most"
    ]
    assert faults(*signers, *readers, a_key(None)) == [
        f"line 25, {KEY}[17]: is one of 9 keys for signing; we keep 8 at most",
        f"line 25, {KEY}[17]: is one of 9 keys for encryption; we keep 8 at most",
    ]


def test_end_of_a_certificate_is_told_and_means_nothing() -> None:
    own = an_rsa_signer("site").certificate
    [key] = reader().read(site_metadata(keys=[a_key("signing")]), marks=NO_MARKS).keys
    assert (key.use, key.kind, key.ends_at) == ("signing", "RSA 2048", own.not_valid_after_utc)
    assert key.fingerprint == hashlib.sha256(own.public_bytes(Encoding.DER)).hexdigest()


def test_key_without_a_use_has_both_uses() -> None:
    read = registration(a_key(None))
    assert read.signing_keys == (an_rsa_signer("site").public_key,)
    assert read.encryption is not None
    keys = reader().read(site_metadata(keys=[a_key(None)]), marks=NO_MARKS).keys
    assert [key.use for key in keys] == ["signing", "encryption"]


def test_key_for_encryption_signs_nothing() -> None:
    read = registration(a_key("signing"), a_key("encryption", name="other"))
    assert read.signing_keys == (an_rsa_signer("site").public_key,)


def test_elliptic_key_without_a_use_is_for_signing_and_leaves_assertions_unencrypted() -> None:
    key = a_key_descriptor(an_ec_signer("site").certificate, use=None)
    assert registration(key).encryption is None
    assert warnings(key) == [UNENCRYPTED]
    [told] = {key.kind for key in reader().read(site_metadata(keys=[key]), marks=NO_MARKS).keys}
    assert told == "EC P-256"


def test_elliptic_key_for_encryption_is_refused() -> None:
    key = a_key_descriptor(an_ec_signer("site").certificate, use="encryption")
    words = "we cannot encrypt to this key: it is on an elliptic curve, and we encrypt to RSA keys"
    assert faults(a_key("signing"), key) == [f"line 10, {KEY}[2]: {words}"]


def test_first_key_that_we_can_encrypt_to_is_taken() -> None:
    elliptic = a_key_descriptor(an_ec_signer("site").certificate, use="encryption")
    unfit = a_key("encryption", RSA_V1_5)
    good = a_key("encryption", AES128_GCM, OAEP, name="good")
    read = registration(a_key("signing"), elliptic, unfit, good, a_key("encryption", name="later"))
    assert read.encryption is not None
    assert read.encryption.key == an_rsa_signer("good").public_key


def test_every_key_is_a_fault_if_we_can_encrypt_to_none() -> None:
    found = faults(a_key("signing"), a_key("encryption", AES256_CBC), a_key("encryption", RSA_V1_5))
    assert [fault.partition(": ")[0] for fault in found] == [f"line 10, {KEY}[2]", f"line 11, {KEY}[3]"]
    assert "it lists AES-CBC but not AES-GCM" in found[0]
    assert "it lists only rsa-1_5 for keys" in found[1]


def test_all_that_is_wrong_with_the_methods_of_one_key_is_told() -> None:
    [fault] = faults(a_key("signing"), a_key("encryption", AES256_CBC, RSA_V1_5))
    assert "--unsafe-cbc" in fault
    assert "only rsa-1_5" in fault


def test_cbc_is_taken_for_a_site_that_is_marked() -> None:
    keys = (a_key("signing"), a_key("encryption", AES256_CBC, OAEP))
    read = registration(*keys, marks=frozenset({Mark.UNSAFE_CBC}))
    assert read.encryption is not None
    assert read.encryption.data is DataAlgorithm.AES256_CBC
    assert any("AES-CBC" in fault for fault in faults(*keys))


def test_digest_and_mask_of_oaep_are_those_of_the_site() -> None:
    oaep, sha256 = "http://www.w3.org/2009/xmlenc11#rsa-oaep", "http://www.w3.org/2001/04/xmlenc#sha256"
    mask = "http://www.w3.org/2009/xmlenc11#mgf1sha256"
    key = a_key("encryption", oaep).replace(
        f'Algorithm="{oaep}"/>',
        f'Algorithm="{oaep}"><ds:DigestMethod Algorithm="{sha256}"/>'
        f'<x:MGF xmlns:x="http://www.w3.org/2009/xmlenc11#" Algorithm="{mask}"/></md:EncryptionMethod>',
    )
    read = registration(a_key("signing"), key)
    assert read.encryption is not None
    transport = read.encryption.transport
    assert (transport.algorithm, transport.digest, transport.mgf) == (oaep, sha256, mask)


def test_pkcs1_beside_something_better_is_told() -> None:
    key = a_key("encryption", RSA_V1_5, OAEP, AES128_GCM)
    assert warnings(a_key("signing"), key) == ["lists rsa-1_5, which can be broken by asking; we never use it"]


@pytest.mark.filterwarnings(
    "ignore::cryptography.utils.CryptographyDeprecationWarning"
)  # certificates odd in one thing
@given(st.data())
def test_no_certificate_brings_anything_but_a_key_or_a_refusal(data: st.DataObject) -> None:
    der = bytearray(an_ec_signer("site").certificate.public_bytes(Encoding.DER))
    for _ in range(data.draw(st.integers(1, 3))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    try:
        read = registration(with_certificate(base64.b64encode(bytes(der)).decode()))
    except RegistrationRefused:
        return
    assert len(read.signing_keys) == 1
