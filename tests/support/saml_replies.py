"""What a Response is made from, beside the `Release`: how the site asked, and what is known of it."""

from dataclasses import replace
from functools import cache

from cryptography.hazmat.primitives.asymmetric import rsa

from idp.domain.service_provider import ServiceProviderId
from idp.protocols.saml.contexts import Contexts
from idp.protocols.saml.names import HTTP_POST
from idp.protocols.saml.responses.replies import Reply
from idp.protocols.saml.responses.writing import ResponseWriter
from idp.protocols.saml.settings import SamlSettings
from idp.protocols.saml.sites.registration import AssertionConsumer, Registration, SubjectIdNeed
from idp.protocols.saml.xml.encryption import EncryptionMethod, EncryptionTarget, choose_encryption
from tests.support.saml import RETURN_URL, SETTINGS, SITE_ID, an_rsa_signer

REPLY = Reply(
    site=ServiceProviderId("ministry"),
    entity_id=SITE_ID,
    return_url=RETURN_URL,
    binding=HTTP_POST,
    request_id="_request1",
    relay_state=None,
    context=None,
    name_qualifier=None,
    encrypt_id=False,
    not_before=None,
    not_on_or_after=None,
    one_time_use=False,
    proxy_count=None,
)
"""To a request that asked for nothing in particular."""

REGISTRATION = Registration(
    entity_id=SITE_ID,
    consumers=(AssertionConsumer(index=0, binding=HTTP_POST, url=RETURN_URL, is_default=None),),
    signing_keys=(),
    signs_requests=True,
    signs_response=False,
    encryption=None,
    attribute_sets=(),
    subject_id=SubjectIdNeed.UNSTATED,
    name_id_formats=(),
    valid_until=None,
)
"""Of a site that wants the assertion signed and nothing else."""


@cache
def a_writer(settings: SamlSettings = SETTINGS) -> ResponseWriter:
    """Signs with the key named `idp`."""
    return ResponseWriter(settings=settings, signer=an_rsa_signer("idp"), contexts=Contexts(settings.issuer))


def a_registration_with(*, signs_response: bool = False, encryption: EncryptionTarget | None = None) -> Registration:
    """`REGISTRATION` of a site that wants more."""
    return replace(REGISTRATION, signs_response=signs_response, encryption=encryption)


@cache
def a_decryption_key() -> rsa.RSAPrivateKey:
    """The site's; its public half stands in its metadata."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def a_target(*listed: str | EncryptionMethod, unsafe_cbc: bool = False) -> EncryptionTarget:
    """Chosen from `listed`, of which a plain text is the URI of a method without parameters."""
    methods = [
        EncryptionMethod(algorithm=method, digest=None, mgf=None) if isinstance(method, str) else method
        for method in listed
    ]
    return choose_encryption(a_decryption_key().public_key(), tuple(methods), unsafe_cbc=unsafe_cbc)
