import pytest

from idp.domain.registration import RegistrationRefused
from idp.domain.service_provider import LocalText, Mark
from idp.protocols.oidc.registration_reader import ClientRegistrationReader
from tests.support.oidc import ISSUER, a_registration

READER = ClientRegistrationReader(issuer=ISSUER, unsafe_http_loopback=False)


def test_client_is_told_in_the_operators_words() -> None:
    text = a_registration(client_id="shop", **{"client_name#en": "Sample shop", "client_name#ja": "見本商店"})

    facts = READER.read(text, marks=frozenset())

    assert (facts.protocol_id, facts.name) == ("shop", LocalText(ja="見本商店", en="Sample shop"))
    assert (facts.ends_at, facts.marks, facts.operator, facts.home_url) == (None, frozenset(), None, None)
    assert [told.name for told in facts.receives] == [
        "sub",
        "auth_time",
        "acr, amr",
        "sid",
        "https://idp.example/claims/cert_status",
    ]


def test_client_without_an_id_or_a_name_leaves_both_to_the_operator() -> None:
    facts = READER.read(a_registration(), marks=frozenset())

    assert (facts.protocol_id, facts.name) == ("", None)


def test_name_in_one_language_is_kept_for_that_language() -> None:
    facts = READER.read(a_registration(client_name="Sample shop"), marks=frozenset())

    assert facts.name == LocalText(ja="", en="Sample shop")


def test_marks_that_mean_nothing_to_a_client_are_refused() -> None:
    with pytest.raises(RegistrationRefused) as refused:
        READER.read(a_registration(), marks=frozenset({Mark.UNSAFE_CBC, Mark.STARTS_HERE}))

    assert [fault.place for fault in refused.value.faults] == ["starts_here", "unsafe_cbc"]


def test_faults_are_those_of_the_registration() -> None:
    with pytest.raises(RegistrationRefused, match="redirect_uris"):
        READER.read(a_registration(redirect_uris=[]), marks=frozenset())
