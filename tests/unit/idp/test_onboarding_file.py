import json
from pathlib import Path

import pytest

from foundation.settings import SettingsError
from idp.domain.service_provider import FederationProtocol, Tier
from idp.onboarding_file import read_onboarding_file
from idp.usecases.admission import SiteRefused
from idp.usecases.orders import Description

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
    sectors, (ministry, shop) = read_onboarding_file(written(folder, SECTOR, SAML, OIDC))
    assert [sector.code for sector in sectors] == ["tax"]
    assert ministry.description == Description(protocol=FederationProtocol.SAML, text="<https://site.example/metadata>")
    entries = ministry.entries
    assert (entries.id, entries.client_id, entries.sector) == ("ministry", None, "tax")
    assert (entries.tier, entries.circle, entries.name_ja, entries.operator_en) == (
        Tier.HIGH,
        "government",
        "見本省",
        "Sample Ministry",
    )
    assert shop.entries.client_id == "shop-client"
    assert shop.description is not None
    assert shop.description.protocol is FederationProtocol.OIDC
    assert json.loads(shop.description.text) == {
        "redirect_uris": ["https://site.example/callback"],
        "token_endpoint_auth_method": "private_key_jwt",
        "id_token_signed_response_alg": "RS256",
        "jwks": {"keys": []},
    }


def test_file_says_which_marks_a_site_has_and_which_not(folder: Path) -> None:
    """What a file leaves out is taken away, or applying it would not bring the register to what it says."""
    marked = SAML.replace("[service_provider.name]", "unsafe_cbc = true\nstarts_here = true\n[service_provider.name]")
    _, (plain,) = read_onboarding_file(written(folder, SAML))
    _, (special,) = read_onboarding_file(written(folder, marked))
    assert (plain.entries.unsafe_cbc, plain.entries.starts_here) == (False, False)
    assert (special.entries.unsafe_cbc, special.entries.starts_here) == (True, True)


def test_registration_is_written_alike_each_time(folder: Path) -> None:
    """Or applying a file again would be a change."""
    file = written(folder, OIDC)
    assert read_onboarding_file(file) == read_onboarding_file(file)


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (SITE.format(id="ministry", protocol="saml", more=""), "ministry, metadata_file: is missing"),
        (SITE.format(id="shop", protocol="oidc", more=""), "shop, client_id: is missing"),
        (SITE.format(id="shop", protocol="oidc", more='client_id = "c"'), "shop, client: is missing"),
        (
            SAML.replace("metadata.xml", "missing.xml"),
            r"ministry, metadata_file: .*missing.xml: cannot be read \(No such file or directory\)",
        ),
        (OIDC.replace("jwks.json", "metadata.xml"), "shop, client.jwks_file: .*metadata.xml: is not JSON"),
    ],
)
def test_site_that_lacks_something_is_named_with_it(folder: Path, parts: str, words: str) -> None:
    with pytest.raises(SiteRefused, match=words):
        read_onboarding_file(written(folder, parts))


def test_metadata_in_another_encoding_is_named_with_its_entry(folder: Path) -> None:
    (folder / "metadata.xml").write_bytes(b"<a>\x93\xfa</a>")
    with pytest.raises(SiteRefused, match=r"ministry, metadata_file: .*metadata.xml: is not text in UTF-8"):
        read_onboarding_file(written(folder, SAML))


def test_all_that_is_lacking_is_told_at_once(folder: Path) -> None:
    file = written(folder, SAML.replace("metadata.xml", "a.xml"), OIDC.replace("jwks.json", "b.json"))
    with pytest.raises(SiteRefused) as refused:
        read_onboarding_file(file)
    assert [fault.place for fault in refused.value.faults] == ["ministry, metadata_file", "shop, client.jwks_file"]


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
        read_onboarding_file(written(folder, SAML.replace(old, new)))
