from benchmarks.sites import SITES, Kind
from tests.support.saml import SSO_URL


def test_only_the_site_that_wants_encryption_has_a_key_for_it() -> None:
    assert {site.kind: 'use="encryption"' in site.metadata for site in SITES} == {
        Kind.SIGNED: False,
        Kind.ENCRYPTED: True,
    }


def test_every_request_is_another_one() -> None:
    for site in SITES:
        first, second = site.address(SSO_URL), site.address(SSO_URL)
        assert first.startswith(f"{SSO_URL}?SAMLRequest=")
        assert first != second
