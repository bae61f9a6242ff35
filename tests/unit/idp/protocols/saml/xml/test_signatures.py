"""Which signatures of others prove something."""

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from idp.adapters.keys.pem import CertifiedPemSigner
from idp.protocols.saml.xml.signatures import ACCEPTED_SIGNATURES, SignatureRefused, verify_signature
from tests.support.saml import ECDSA_SHA256, RSA_SHA256, an_ec_signer, an_rsa_signer
from tests.support.xml_signatures import signing


@pytest.mark.parametrize(
    ("signer", "algorithm"), [(an_rsa_signer("a"), RSA_SHA256), (an_ec_signer("a"), ECDSA_SHA256)], ids=["RSA", "EC"]
)
def test_signature_of_any_of_the_keys_verifies(signer: CertifiedPemSigner, algorithm: str) -> None:
    keys = [an_rsa_signer("b").public_key, an_ec_signer("b").public_key, signer.public_key]
    verify_signature(b"data", signer.sign(b"data"), algorithm, keys)
    with pytest.raises(SignatureRefused):
        verify_signature(b"other data", signer.sign(b"data"), algorithm, keys)
    with pytest.raises(SignatureRefused):
        verify_signature(b"data", signer.sign(b"data"), algorithm, keys[:2])


def test_signature_with_no_keys_does_not_verify() -> None:
    with pytest.raises(SignatureRefused):
        verify_signature(b"data", an_rsa_signer("a").sign(b"data"), RSA_SHA256, [])


def test_accepted_algorithms_are_those_and_no_others() -> None:
    names = [uri.rpartition("#")[2] for uri in ACCEPTED_SIGNATURES]
    sizes = ("256", "384", "512")
    assert names == [
        name for kind in ("rsa-sha{}", "sha{}-rsa-MGF1", "ecdsa-sha{}") for name in map(kind.format, sizes)
    ]


PSS_SHA256 = "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1"
KEYS: list[rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey] = [
    rsa.generate_private_key(public_exponent=65537, key_size=2048),
    ec.generate_private_key(ec.SECP256R1()),
    ec.generate_private_key(ec.SECP384R1()),
    ec.generate_private_key(ec.SECP521R1()),
]


@pytest.mark.parametrize("algorithm", ACCEPTED_SIGNATURES)
def test_every_accepted_algorithm_verifies_under_its_own_name_alone(algorithm: str) -> None:
    is_ecdsa = "ecdsa" in algorithm
    for key in KEYS[1:] if is_ecdsa else KEYS[:1]:
        signature = signing(key, algorithm)(b"data")
        verify_signature(b"data", signature, algorithm, [key.public_key()])
        for other in set(ACCEPTED_SIGNATURES) - {algorithm}:
            with pytest.raises(SignatureRefused):
                verify_signature(b"data", signature, other, [key.public_key()])


@pytest.mark.parametrize("algorithm", ["", "http://www.w3.org/2000/09/xmldsig#rsa-sha1", RSA_SHA256.upper()])
def test_algorithm_that_is_not_on_our_list_is_refused_by_name(algorithm: str) -> None:
    with pytest.raises(SignatureRefused) as refused:
        verify_signature(b"data", b"", algorithm, [an_rsa_signer("a").public_key])
    assert refused.value.why == "signature algorithm not accepted"


@pytest.mark.parametrize(("salt", "mask"), [(0, hashes.SHA256()), (20, hashes.SHA256()), (32, hashes.SHA512())])
def test_pss_with_other_parameters_than_the_name_says_is_refused(salt: int, mask: hashes.HashAlgorithm) -> None:
    key = KEYS[0]
    assert isinstance(key, rsa.RSAPrivateKey)
    other = padding.PSS(mgf=padding.MGF1(mask), salt_length=salt)
    with pytest.raises(SignatureRefused):
        verify_signature(b"data", key.sign(b"data", other, hashes.SHA256()), PSS_SHA256, [key.public_key()])
    right = padding.PSS(mgf=padding.MGF1(hashes.SHA256()), salt_length=32)
    verify_signature(b"data", key.sign(b"data", right, hashes.SHA256()), PSS_SHA256, [key.public_key()])


def test_ecdsa_signature_of_another_width_is_refused() -> None:
    """Left without its leading zero, s is the same number, but not the same text."""
    signer = an_ec_signer("a")
    signature = next(made for made in iter(lambda: signer.sign(b"data"), b"") if made[32] == 0)
    verify_signature(b"data", signature, ECDSA_SHA256, [signer.public_key])
    with pytest.raises(SignatureRefused):
        verify_signature(b"data", signature[:32] + signature[33:], ECDSA_SHA256, [signer.public_key])
