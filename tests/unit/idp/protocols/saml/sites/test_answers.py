"""What the operator is told of a site without fault: warnings, names, and what the site will receive."""

import pytest

from idp.domain.attribute import AttributeName
from idp.domain.registration import Protection, RegistrationFacts
from idp.domain.service_provider import LocalText, Mark
from idp.protocols.saml.sites.answers import _MEANINGS
from tests.support.saml import ISSUER, SITE_ID, a_return_address
from tests.support.site_metadata import (
    AES128_GCM,
    AES256_CBC,
    LOGOUT,
    a_key,
    a_wish,
    an_attribute_set,
    entity_attribute,
    reader,
    site_metadata,
    subject_id,
)

ROLE = "md:SPSSODescriptor"
UI = f"{ROLE}/md:Extensions/mdui:UIInfo"
WISH = f"{ROLE}/md:AttributeConsumingService/md:RequestedAttribute"
SIGNED = 'AuthnRequestsSigned="true"'
MAIL = "urn:oid:0.9.2342.19200300.100.1.3"
PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
TRANSIENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:transient"
EMAIL = "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
UNSIGNED = (
    "the site does not sign its requests (AuthnRequestsSigned is not true); it is marked unsigned_requests, kept out of"
    " the high tier, and answered only at the addresses of its metadata"
)


def facts(text: str) -> RegistrationFacts:
    return reader().read(text, marks=frozenset())


def warnings(text: str) -> list[str]:
    return [str(warning) for warning in facts(text).warnings]


def received(text: str) -> dict[str, str]:
    return {told.name: told.meaning for told in facts(text).receives}


def a_ui(*elements: str) -> str:
    return f"<mdui:UIInfo>{''.join(elements)}</mdui:UIInfo>"


def a_name(language: str, name: str) -> str:
    return f'<mdui:DisplayName xml:lang="{language}">{name}</mdui:DisplayName>'


def a_page(url: str, language: str = "ja") -> str:
    return f'<mdui:InformationURL xml:lang="{language}">{url}</mdui:InformationURL>'


NAMES = a_name("ja", "見本") + a_name("en", "Sample")
PAGE = a_page("https://a.example/")


WARNINGS = {
    "no key for encryption": (
        site_metadata(keys=[a_key("signing")]),
        f"line 2, {ROLE}",
        "has no key for encryption; assertions will pass the citizen's browser unencrypted",
    ),
    "assertions that need no signature": (
        site_metadata(role_attributes=f'{SIGNED} WantAssertionsSigned="false"'),
        f"line 2, {ROLE}",
        "WantAssertionsSigned is false; assertions are signed all the same",
    ),
    "names changed by message": (
        site_metadata(services=LOGOUT + LOGOUT.replace("SingleLogoutService", "ManageNameIDService")),
        f"line 11, {ROLE}/md:ManageNameIDService",
        "is never called: we change no name identifiers by message",
    ),
    "a format that we do not have": (
        site_metadata(formats=f"<md:NameIDFormat>\n{EMAIL}\n</md:NameIDFormat>"),
        f"line 12, {ROLE}/md:NameIDFormat",
        f"we have no NameID of the format '{EMAIL}', only persistent and transient",
    ),
    "an attribute that we do not have": (
        site_metadata(attribute_sets=an_attribute_set(a_wish(MAIL, extra='FriendlyName="mail"'))),
        f"line 15, {WISH}",
        f"the site would like the attribute '{MAIL}' (called 'mail'), which we do not have",
    ),
    "a required attribute that we do not have": (
        site_metadata(attribute_sets=an_attribute_set(a_wish(MAIL, extra='isRequired="true"'))),
        f"line 15, {WISH}",
        f"the site requires the attribute '{MAIL}', which we do not have; it may well refuse citizens who come",
    ),
    "a page that is none": (
        site_metadata(role_extensions=a_ui(NAMES, a_page("javascript:alert(1)"))),
        f"line 3, {UI}/mdui:InformationURL",
        "'javascript:alert(1)' is no address that people can be sent to",
    ),
    "a page for no browser": (
        site_metadata(role_extensions=a_ui(NAMES, a_page("ftp://a.example/"))),
        f"line 3, {UI}/mdui:InformationURL",
        "'ftp://a.example/' is no address that people can be sent to",
    ),
    "a page with a long address": (
        site_metadata(role_extensions=a_ui(NAMES, a_page("https://a.example/" + "x" * 1007))),
        f"line 3, {UI}/mdui:InformationURL",
        "'https://a.example/" + "x" * 82 + "…' is no address that people can be sent to",
    ),
    "a long name": (
        site_metadata(role_extensions=a_ui(a_name("ja", "見" * 201), a_name("en", "Sample"), PAGE)),
        f"line 3, {UI}/mdui:DisplayName[1]",
        "'" + "見" * 100 + "…' cannot be shown: too long, or with hidden characters",
    ),
    "a name that turns the text round": (
        site_metadata(role_extensions=a_ui(a_name("ja", "見本\u202e省"), a_name("en", "Sample"), PAGE)),
        f"line 3, {UI}/mdui:DisplayName[1]",
        r"'見本\u202e省' cannot be shown: too long, or with hidden characters",
    ),
}


@pytest.mark.parametrize(("text", "place", "words"), WARNINGS.values(), ids=WARNINGS.keys())
def test_each_warning_is_told_by_its_own_words_at_its_place(text: str, place: str, words: str) -> None:
    assert [each for each in warnings(text) if each.startswith(f"{place}: {words}")], warnings(text)


def test_site_that_does_not_sign_is_marked_and_its_addresses_for_artifacts_are_left_out() -> None:
    consumers = [
        a_return_address("https://a.example/", 0, binding="HTTP-Artifact"),
        a_return_address("https://b.example/", 1),
    ]
    text = site_metadata(role_attributes="", keys=[a_key("encryption")], consumers=consumers)
    assert facts(text).marks == {Mark.UNSIGNED_REQUESTS}
    left_out = "is left out: an artifact is resolved only for a site that signs, and this one has no key for signing"
    assert warnings(text) == [
        f"line 2, {ROLE}: {UNSIGNED}",
        f"line 11, {ROLE}/md:AssertionConsumerService[1]: {left_out}",
    ]
    assert [consumer.index for consumer in reader().registration(text, frozenset()).consumers] == [1]


@pytest.mark.parametrize("value", ["false", "0"])
def test_site_that_says_it_does_not_sign_is_marked_though_it_has_a_key(value: str) -> None:
    text = site_metadata(role_attributes=f'AuthnRequestsSigned="{value}"')
    assert facts(text).marks == {Mark.UNSIGNED_REQUESTS}
    assert warnings(text) == [f"line 2, {ROLE}: {UNSIGNED}"]
    assert reader().registration(text, frozenset()).signing_keys


def test_marks_of_the_operator_are_not_those_of_the_description() -> None:
    read = reader().read(site_metadata(), marks=frozenset({Mark.UNSAFE_CBC, Mark.STARTS_HERE}))
    assert read.marks == frozenset()


def test_names_are_found_by_language_whatever_the_country() -> None:
    text = site_metadata(
        role_extensions=a_ui(a_name("fr", "Exemple"), a_name("en-GB", " Sample\n site "), a_name("JA-jp", "見本"), PAGE)
    )
    read = facts(text).name
    assert read is not None
    assert (read.ja, read.en) == ("見本", "Sample site")


def test_longest_name_and_address_are_told() -> None:
    text = site_metadata(
        role_extensions=a_ui(
            a_name("ja", "見" * 200), a_name("en", "Sample"), a_page("https://a.example/" + "x" * 1006)
        )
    )
    read = facts(text)
    assert read.name is not None
    assert len(read.name.ja) == 200
    assert len(read.home_url or "") == 1024


@pytest.mark.parametrize(
    ("language", "name"), [("ja", LocalText(ja="見本", en="")), ("en", LocalText(ja="", en="見本"))]
)
def test_name_in_one_language_is_kept_for_that_language(language: str, name: LocalText) -> None:
    assert facts(site_metadata(role_extensions=a_ui(a_name(language, "見本"), PAGE))).name == name


def test_what_the_site_does_not_say_is_left_to_the_operator_without_a_warning() -> None:
    read = facts(site_metadata(role_extensions="", organization="", services=""))
    assert (read.name, read.operator, read.home_url, read.warnings) == (None, None, None, ())


def test_service_name_stands_in_for_a_display_name() -> None:
    names = '<md:ServiceName xml:lang="ja">届出</md:ServiceName>'
    sets = an_attribute_set(a_wish(f"{ISSUER}/attr/acr")).replace("<md:ServiceName", f"{names}<md:ServiceName", 1)
    read = facts(site_metadata(role_extensions=a_ui(PAGE), attribute_sets=sets)).name
    assert read is not None
    assert (read.ja, read.en) == ("届出", "Filings")


def test_page_of_the_operator_stands_in_for_one_of_the_site_whatever_its_language() -> None:
    assert facts(site_metadata(role_extensions=a_ui(NAMES))).home_url == "https://operator.example/"
    one = site_metadata(role_extensions=a_ui(NAMES, a_page("https://a.example/en#top", "en")))
    assert facts(one).home_url == "https://a.example/en#top"


def test_no_more_than_fifty_warnings_are_told() -> None:
    told = warnings(site_metadata(attribute_sets=an_attribute_set(*(a_wish(f"urn:{number}") for number in range(90)))))
    assert len(told) == 51
    assert told[-1] == "and 40 more"


def test_what_a_plain_site_receives_is_told() -> None:
    told = received(site_metadata(keys=[a_key("signing")]))
    lasting = "the citizen's identifier in the site's sector"
    assert told == {
        "Destination": "https://ministry.example/acs, by HTTP-POST",
        "Response": "not signed itself: the assertion inside is",
        "Assertion": "signed, not encrypted",
        "NameID": (
            f"persistent: {lasting}, random and lasting, with the NameQualifier {ISSUER}/saml/metadata and the"
            f" SPNameQualifier {SITE_ID}; or, if the request asks for it, transient: another one each time,"
            " and then without pairwise-id"
        ),
        "urn:oasis:names:tc:SAML:attribute:pairwise-id": f"{lasting}, with our scope behind it: random, lasting",
        f"{ISSUER}/attr/acr": "how the citizen logged in",
        f"{ISSUER}/attr/cert-status": "when, by which source and until when the card's certificate was found good",
    }


def test_what_a_demanding_site_receives_is_told() -> None:
    told = received(
        site_metadata(
            extensions=entity_attribute(f"{ISSUER}/ea/sign-response", "true"),
            keys=[a_key("signing"), a_key("encryption", AES128_GCM)],
            formats=f"<md:NameIDFormat>{TRANSIENT}</md:NameIDFormat><md:NameIDFormat>{PERSISTENT}</md:NameIDFormat>",
            consumers=[
                a_return_address("https://a.example/post", 0),
                a_return_address("https://a.example/artifact", 1, binding="HTTP-Artifact", extra='isDefault="true"'),
            ],
            attribute_sets=an_attribute_set(a_wish(f"{ISSUER}/attr/sector")),
        )
    )
    assert told["Destination"] == (
        "https://a.example/artifact, by an artifact; or another of the site's addresses if its request says so"
    )
    assert told["Response"] == "signed as a whole"
    assert told["EncryptedAssertion"] == "signed, then encrypted (aes128-gcm, rsa-oaep-mgf1p, sha1)"
    assert told["NameID"].startswith(
        "transient: another one each time, and then without pairwise-id; or, if the request asks for it, persistent: "
    )
    assert f"{ISSUER}/attr/sector" in told


def test_site_that_needs_no_subject_id_receives_none() -> None:
    assert not [name for name in received(site_metadata(extensions=subject_id("none"))) if name.endswith("pairwise-id")]


def test_every_attribute_has_a_meaning() -> None:
    assert set(_MEANINGS) == set(AttributeName)


def test_what_guards_the_answers_is_told_apart() -> None:
    whole = entity_attribute(f"{ISSUER}/ea/sign-response", "true")
    plain = [a_key("signing")]
    assert facts(site_metadata(keys=plain)).protections == frozenset()
    assert facts(site_metadata(keys=plain, extensions=whole)).protections == {Protection.SIGNED_AS_A_WHOLE}
    assert facts(site_metadata()).protections == {Protection.ENCRYPTED, Protection.ENCRYPTED_AGAINST_CHANGE}
    cbc = site_metadata(keys=[*plain, a_key("encryption", AES256_CBC)])
    unsafe = reader().read(cbc, marks=frozenset({Mark.UNSAFE_CBC}))
    assert unsafe.protections == {Protection.ENCRYPTED}
