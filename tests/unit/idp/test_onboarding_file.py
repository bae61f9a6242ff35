import json
from pathlib import Path

import pytest

from foundation.settings import SettingsError
from idp.domain.service_provider import FederationProtocol, Tier
from idp.onboarding_file import OnboardingRefused, RegistrationChecks, read_onboarding_file
from idp.protocols.contract import RegistrationRefused

SITE = """
[[service_provider]]
id = "{id}"
protocol = "{protocol}"
sector = "tax"
tier = "high"
circle = "government"
home_url = "https://site.example/"
{more}
[service_provider.name]
ja = "見本省"
en = "Sample Ministry"
[service_provider.operator]
ja = "見本省"
en = "Sample Ministry"
"""
SECTOR = """
[[sector]]
code = "tax"
owner = "Sample agency"
purpose = "Filing"
legal_basis = "Sample act"
"""
CLIENT = """
[service_provider.client]
redirect_uris = ["https://site.example/callback"]
jwks_file = "jwks.json"
"""
SAML = SITE.format(id="ministry", protocol="saml", more='metadata_file = "metadata.xml"')
OIDC = SITE.format(id="shop", protocol="oidc", more='client_id = "shop-client"') + CLIENT


def entity_id(text: str) -> str:
    if not text.startswith("<"):
        raise RegistrationRefused(("it is no XML", "it has no key"))
    return text.strip("<>")


CHECKS = RegistrationChecks(saml_entity_id=entity_id, oidc=json.loads)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "metadata.xml").write_text("<https://site.example/metadata>", encoding="utf-8")
    (tmp_path / "jwks.json").write_text('{"keys": []}', encoding="utf-8")
    return tmp_path


def written(folder: Path, *parts: str) -> Path:
    file = folder / "sites.toml"
    file.write_text("".join(parts), encoding="utf-8")
    return file


def test_both_kinds_of_sites_are_read(folder: Path) -> None:
    sectors, (ministry, shop) = read_onboarding_file(written(folder, SECTOR, SAML, OIDC), CHECKS)
    assert [sector.code for sector in sectors] == ["tax"]
    assert (ministry.protocol, ministry.protocol_id) == (FederationProtocol.SAML, "https://site.example/metadata")
    assert ministry.registration == "<https://site.example/metadata>"
    assert (ministry.tier, ministry.circle, ministry.name.ja) == (Tier.HIGH, "government", "見本省")
    assert (shop.protocol, shop.protocol_id) == (FederationProtocol.OIDC, "shop-client")
    assert json.loads(shop.registration) == {
        "redirect_uris": ["https://site.example/callback"],
        "token_endpoint_auth_method": "private_key_jwt",
        "id_token_signed_response_alg": "RS256",
        "jwks": {"keys": []},
    }


def test_registration_is_written_alike_each_time(folder: Path) -> None:
    """Or applying a file again would be a change."""
    file = written(folder, OIDC)
    assert read_onboarding_file(file, CHECKS) == read_onboarding_file(file, CHECKS)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (SITE.format(id="ministry", protocol="saml", more=""), "ministry: a SAML site needs metadata_file"),
        (SITE.format(id="shop", protocol="oidc", more=""), "shop: an OpenID Connect site needs client_id"),
        (SITE.format(id="shop", protocol="oidc", more='client_id = "c"'), "shop: an OpenID Connect site needs"),
        (SAML.replace("metadata.xml", "missing.xml"), "ministry: .*missing.xml"),
        (SAML.replace("metadata.xml", "jwks.json"), "ministry: it is no XML; it has no key"),
        (OIDC.replace("jwks.json", "metadata.xml"), "shop: "),
    ],
)
def test_site_that_cannot_be_registered_is_named_with_its_fault(folder: Path, parts: str, words: str) -> None:
    with pytest.raises(OnboardingRefused, match=words):
        read_onboarding_file(written(folder, parts), CHECKS)


def test_all_faults_are_told_at_once(folder: Path) -> None:
    file = written(folder, SAML.replace("metadata.xml", "a.xml"), OIDC.replace("jwks.json", "b.json"))
    with pytest.raises(OnboardingRefused, match=r"ministry: .*; shop: "):
        read_onboarding_file(file, CHECKS)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('tier = "high"', 'tier = "highest"', "tier"),
        ('protocol = "saml"', 'protocol = "ldap"', "protocol"),
        ('circle = "government"', "", "circle: missing"),
        ('circle = "government"', 'circle = "government"\npin = 1', "pin: unknown key"),
    ],
)
def test_entry_that_does_not_fit_is_refused_with_its_path(folder: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        read_onboarding_file(written(folder, SAML.replace(old, new)), CHECKS)
