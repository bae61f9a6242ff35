import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from idp.domain.metadata_source import SourceRefused
from idp.protocols.saml.federation.documents import FederationReader
from idp.protocols.saml.federation.pinned_signers import signer_keys
from tests.support.federation import a_publisher, a_signer

RSA = a_publisher()
ELLIPTIC = a_publisher("elliptic", elliptic=True)
WEAK = a_signer("weak", rsa.generate_private_key(public_exponent=65537, key_size=1024))  # noqa: S505 (refused)
CURVE = a_signer("curve", ec.generate_private_key(ec.SECP256K1()))


def test_only_keys_count() -> None:
    """Their certificates were over before they were pinned."""
    keys = signer_keys([RSA.certificate, ELLIPTIC.certificate])
    assert keys == (RSA.private_key.public_key(), ELLIPTIC.private_key.public_key())


def test_one_file_may_hold_several_with_words_between() -> None:
    text = f"the old one\n{RSA.certificate}the new one\n{ELLIPTIC.certificate}"
    assert len(signer_keys([text])) == 2


@pytest.mark.parametrize(
    ("signers", "words"),
    [
        ([], "At least one"),
        ([RSA.certificate, "else"], "Signer 2 is not"),
        ([RSA.certificate.replace("MII", "AAA")], "Signer 1 is not"),
        ([WEAK], "2048"),
        ([CURVE], "P-256"),
    ],
    ids=["none", "no certificate", "broken", "weak", "another curve"],
)
def test_what_cannot_be_pinned(signers: list[str], words: str) -> None:
    with pytest.raises(SourceRefused, match=words):
        FederationReader().require_signers(signers)
