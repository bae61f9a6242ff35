import pytest

from idp.domain.errors import ServiceFault
from idp.protocols.oidc.rehearsal import OidcRehearsal
from idp.protocols.oidc.signing_keys import SigningKeys
from tests.support.oidc import NOW, a_client_site, a_registration, an_ec_signer, an_rsa_signer

REHEARSAL = OidcRehearsal(keys=SigningKeys((an_rsa_signer("idp"), an_ec_signer("idp"))), unsafe_http_loopback=False)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
def test_answer_is_rehearsed(algorithm: str) -> None:
    REHEARSAL.rehearse(a_client_site(registration=a_registration(id_token_signed_response_alg=algorithm)), now=NOW)


def test_unreadable_registration_is_a_fault() -> None:
    with pytest.raises(ServiceFault):
        REHEARSAL.rehearse(a_client_site(registration="{}"), now=NOW)
