"""Service providers that nobody here wrote, configured from our published metadata only: people log in there."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from testbed.stack import Stack
from tests.support.foreign_sites import python3_saml, simplesamlphp
from tests.support.foreign_sites.journey import log_in_at, seen_at
from tests.support.foreign_sites.registration import register
from tests.support.foreign_sites.site import ForeignSite, SeenLogin, a_place, known_provider
from tests.support.visitor import Visitor

pytestmark = pytest.mark.timeout(240)

PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
SMARTCARD_PKI = "urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI"
PAIRWISE_ID = "urn:oasis:names:tc:SAML:attribute:pairwise-id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """Starts sites and registers them; they end with the test."""

    stack: Stack
    folder: Path
    exits: ExitStack

    def on_python3_saml(self, configuration: python3_saml.Configuration) -> ForeignSite:
        """A site of its own, registered."""
        place = a_place(self.stack, python3_saml.HOST)
        site = python3_saml.a_python3_saml_site(
            self.folder / configuration.name, place, known_provider(self.stack), configuration
        )
        return self._registered(self.exits.enter_context(site))

    def on_simplesamlphp(self, configuration: simplesamlphp.Configuration) -> ForeignSite:
        """The same on the other software."""
        place = a_place(self.stack, simplesamlphp.HOST)
        site = simplesamlphp.a_simplesamlphp_site(
            self.folder / configuration.name, place, known_provider(self.stack), configuration
        )
        return self._registered(self.exits.enter_context(site))

    def _registered(self, site: ForeignSite) -> ForeignSite:
        register(self.stack, site)
        return site


@pytest.fixture
def neighbourhood(house: Stack, tmp_path: Path) -> Iterator[Neighbourhood]:
    with ExitStack() as exits:
        yield Neighbourhood(stack=house, folder=tmp_path, exits=exits)


def _knows_the_citizen(seen: SeenLogin) -> None:
    """The site's library took the answer, and read out of it what the site needs."""
    assert seen.refusal is None
    assert seen.name_id_format == PERSISTENT
    assert seen.context == SMARTCARD_PKI
    assert seen.session_index
    (pairwise_id,) = seen.attributes[PAIRWISE_ID]
    assert pairwise_id.partition("@")[0] == seen.name_id


def test_python3_saml_knows_the_citizen_after_a_redirected_request(
    neighbourhood: Neighbourhood, visitor: Visitor
) -> None:
    site = neighbourhood.on_python3_saml(python3_saml.Configuration(name="python-redirect"))
    seen = log_in_at(site, visitor, "taro", "5678")
    _knows_the_citizen(seen)
    assert seen.sp_name_qualifier is not None
    assert seen.sp_name_qualifier in site.metadata


def test_python3_saml_knows_the_citizen_after_a_posted_request(neighbourhood: Neighbourhood, visitor: Visitor) -> None:
    site = neighbourhood.on_python3_saml(python3_saml.Configuration(name="python-post", posts_requests=True))
    _knows_the_citizen(log_in_at(site, visitor, "taro", "5678"))


def test_python3_saml_decrypts_what_it_asked_to_have_encrypted(neighbourhood: Neighbourhood, visitor: Visitor) -> None:
    wish = python3_saml.Configuration(name="python-encrypted", security={"wantAssertionsEncrypted": True})
    _knows_the_citizen(log_in_at(neighbourhood.on_python3_saml(wish), visitor, "taro", "5678"))


def test_python3_saml_reads_an_answer_with_everything_signed_and_everything_encrypted(
    neighbourhood: Neighbourhood, visitor: Visitor
) -> None:
    everything = {"wantMessagesSigned": True, "wantAssertionsEncrypted": True, "wantNameIdEncrypted": True}
    wish = python3_saml.Configuration(name="python-everything", posts_requests=True, security=everything)
    _knows_the_citizen(log_in_at(neighbourhood.on_python3_saml(wish), visitor, "taro", "5678"))


def test_python3_saml_gets_another_name_at_each_login_if_it_wants_no_lasting_one(
    neighbourhood: Neighbourhood, visitor: Visitor
) -> None:
    wish = python3_saml.Configuration(name="python-transient", name_id_format=TRANSIENT)
    site = neighbourhood.on_python3_saml(wish)
    first = log_in_at(site, visitor, "taro", "5678")
    visitor.page.goto(site.login_url)
    second = seen_at(site, visitor)
    assert (first.refusal, second.refusal) == (None, None)
    assert {first.name_id_format, second.name_id_format} == {TRANSIENT}
    assert first.name_id != second.name_id


def test_python3_saml_learns_why_nobody_was_logged_in(neighbourhood: Neighbourhood, visitor: Visitor) -> None:
    site = neighbourhood.on_python3_saml(python3_saml.Configuration(name="python-passive", is_passive=True))
    visitor.page.goto(site.login_url)
    assert "status:NoPassive" in str(seen_at(site, visitor).refusal)


def test_simplesamlphp_knows_the_citizen_after_a_redirected_request(
    neighbourhood: Neighbourhood, visitor: Visitor
) -> None:
    site = neighbourhood.on_simplesamlphp(simplesamlphp.Configuration(name="php-redirect"))
    _knows_the_citizen(log_in_at(site, visitor, "taro", "5678"))


def test_simplesamlphp_knows_the_citizen_after_a_posted_request(neighbourhood: Neighbourhood, visitor: Visitor) -> None:
    wish = simplesamlphp.Configuration(name="php-post", request_binding=simplesamlphp.POST)
    _knows_the_citizen(log_in_at(neighbourhood.on_simplesamlphp(wish), visitor, "taro", "5678"))


def test_simplesamlphp_decrypts_what_it_asked_to_have_encrypted(neighbourhood: Neighbourhood, visitor: Visitor) -> None:
    wish = simplesamlphp.Configuration(name="php-encrypted", choices={"assertion.encryption": True})
    _knows_the_citizen(log_in_at(neighbourhood.on_simplesamlphp(wish), visitor, "taro", "5678"))


def test_simplesamlphp_fetches_the_answer_that_an_artifact_stands_for(
    neighbourhood: Neighbourhood, visitor: Visitor
) -> None:
    artifact = {"ProtocolBinding": simplesamlphp.ARTIFACT, "acs.Bindings": [simplesamlphp.ARTIFACT]}
    wish = simplesamlphp.Configuration(name="php-artifact", uses_back_channel=True, choices=artifact)
    site = neighbourhood.on_simplesamlphp(wish)
    with visitor.page.expect_request("**/saml2-acs.php/default-sp?SAMLart=*"):
        seen = log_in_at(site, visitor, "taro", "5678")
    _knows_the_citizen(seen)


def test_simplesamlphp_gets_another_name_at_each_login_if_it_wants_no_lasting_one(
    neighbourhood: Neighbourhood, visitor: Visitor
) -> None:
    policy = {"Format": TRANSIENT, "AllowCreate": True}
    wish = simplesamlphp.Configuration(name="php-transient", choices={"NameIDPolicy": policy})
    site = neighbourhood.on_simplesamlphp(wish)
    first = log_in_at(site, visitor, "taro", "5678")
    visitor.page.context.clear_cookies(domain=simplesamlphp.HOST)
    visitor.page.goto(site.login_url)
    second = seen_at(site, visitor)
    assert (first.refusal, second.refusal) == (None, None)
    assert {first.name_id_format, second.name_id_format} == {TRANSIENT}
    assert first.name_id != second.name_id
