import pytest

from foundation.keys import SignatureAlgorithm
from idp.protocols.oidc.signing_keys import SigningKeys
from tests.support.oidc import an_ec_signer, an_rsa_signer


def test_the_first_key_of_an_algorithm_signs_and_all_are_published() -> None:
    old, new, other = an_rsa_signer("idp"), an_rsa_signer("next"), an_ec_signer("idp")
    keys = SigningKeys((old, new, other))
    published = keys.public_key_set()["keys"]

    assert keys.signer(SignatureAlgorithm.RS256) is old
    assert isinstance(published, list)
    assert [key["kid"] for key in published] == [old.key_id, new.key_id, other.key_id]


def test_a_key_cannot_be_there_twice() -> None:
    with pytest.raises(ValueError, match="same id"):
        SigningKeys((an_rsa_signer("idp"), an_rsa_signer("idp"), an_ec_signer("idp")))


def test_every_algorithm_that_a_client_may_choose_has_a_key() -> None:
    with pytest.raises(ValueError, match="ES256"):
        SigningKeys((an_rsa_signer("idp"),))
