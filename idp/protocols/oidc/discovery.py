"""What we tell about ourselves: OpenID Connect Discovery 1.0 section 3 and RFC 8414 section 2, in one document."""

from idp.protocols.oidc.claims import claims_supported
from idp.protocols.oidc.client_keys import ASSERTION_ALGORITHMS
from idp.protocols.oidc.contexts import acr_values
from idp.protocols.oidc.requests import PROMPTS, SCOPE
from idp.protocols.oidc.settings import AUTHORIZATION_PATH, JWKS_PATH, USERINFO_PATH, OidcSettings
from idp.protocols.oidc.signing_keys import SigningKeys
from idp.protocols.oidc.tokens import GRANT_TYPE


def discovery_document(settings: OidcSettings, keys: SigningKeys) -> dict[str, object]:
    """Only what is so; a feature that is off is said to be off where its default would say on."""
    issuer = settings.issuer
    return {
        "issuer": issuer,
        "authorization_endpoint": issuer + AUTHORIZATION_PATH,
        "token_endpoint": settings.token_endpoint,
        "userinfo_endpoint": issuer + USERINFO_PATH,
        "jwks_uri": issuer + JWKS_PATH,
        "scopes_supported": [SCOPE],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [GRANT_TYPE],
        "subject_types_supported": ["pairwise"],
        "acr_values_supported": list(acr_values(issuer)),
        "prompt_values_supported": list(PROMPTS),
        "id_token_signing_alg_values_supported": list(keys.algorithms),
        "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        "token_endpoint_auth_signing_alg_values_supported": list(ASSERTION_ALGORITHMS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "claim_types_supported": ["normal"],
        "claims_supported": claims_supported(issuer),
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
