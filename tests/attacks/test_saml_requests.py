"""SAML requests that must have no effect, whichever way they come: by redirect, by post, or from the site itself.

Every one is right in all but one thing: signed by the site's key, fresh, for us. What a signature can be wrong in has
files of its own.
"""

from datetime import timedelta

import pytest

from idp.protocols.saml.times import write_instant
from tests.support.saml import NOW, SETTINGS, SITE_ID, TestSite, an_rsa_signer
from tests.support.saml_door import ARTIFACT, POST, QUIET_ID, REDIRECT, Change, Way, WebDoor, by_browser, every_way

NO_SIGNATURE = {
    REDIRECT: "not signed, by a site that signs its requests",
    POST: "not signed, by a site that signs its requests",
    ARTIFACT: "no signature of the whole message",
}
NOT_BY_THE_SITE = "signature does not verify with a key of the metadata"
MESSAGE = {REDIRECT: "message ", POST: "message ", ARTIFACT: "envelope "}
"""What is found unreadable first."""
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def replaced(old: str, new: str) -> Change:
    return lambda xml: xml.replace(old.encode(), new.encode())


@every_way
def test_message_that_all_others_are_made_from_is_accepted(web_door: WebDoor, way: Way) -> None:
    assert not way.bring(web_door, way.message(ID=f"_good-{way.name}")).is_refused


@every_way
def test_unsigned_message_is_refused(web_door: WebDoor, way: Way) -> None:
    assert way.knock(web_door, way.message()).reason == NO_SIGNATURE[way]


@every_way
def test_message_signed_with_another_key_is_refused(web_door: WebDoor, way: Way) -> None:
    assert way.bring(web_door, way.message(), signer=an_rsa_signer("stranger")).reason == NOT_BY_THE_SITE


@every_way
def test_message_signed_by_another_registered_site_is_refused(web_door: WebDoor, way: Way) -> None:
    assert way.bring(web_door, way.message(), signer=an_rsa_signer("other")).reason == NOT_BY_THE_SITE


@every_way
def test_message_signed_with_a_key_meant_for_encryption_is_refused(web_door: WebDoor, way: Way) -> None:
    message = way.message(issuer=QUIET_ID)
    assert not way.bring(web_door, message, signer=an_rsa_signer("quiet")).is_refused
    assert way.bring(web_door, message, signer=an_rsa_signer("encryption")).reason == NOT_BY_THE_SITE


@every_way
@pytest.mark.parametrize("destination", ["", "https://idp.example/saml/", "https://evil.example/saml/sso"])
def test_message_for_another_destination_is_refused(web_door: WebDoor, way: Way, destination: str) -> None:
    met = way.bring(web_door, way.message(Destination=destination))
    assert met.reason == "Destination is not our address"


@every_way
def test_message_for_our_other_endpoint_is_refused(web_door: WebDoor, way: Way) -> None:
    other = SETTINGS.sso_url if way is ARTIFACT else SETTINGS.artifact_url
    assert way.bring(web_door, way.message(Destination=other)).reason == "Destination is not our address"


@by_browser
def test_signed_message_without_destination_is_refused(web_door: WebDoor, way: Way) -> None:
    assert way.bring(web_door, way.message(Destination=None)).reason == "no Destination"


@every_way
def test_stale_message_is_refused(web_door: WebDoor, way: Way) -> None:
    too_old = NOW - SETTINGS.request_max_age - SETTINGS.skew - timedelta(seconds=1)
    assert way.bring(web_door, way.message(IssueInstant=write_instant(too_old))).reason == "issued too long ago"


@every_way
def test_future_message_is_refused(web_door: WebDoor, way: Way) -> None:
    too_new = NOW + SETTINGS.skew + timedelta(seconds=2)
    assert way.bring(web_door, way.message(IssueInstant=write_instant(too_new))).reason == "issued in the future"


@every_way
@pytest.mark.parametrize("instant", ["2026-11-02T09:30:00", "2026-11-02T09:30:00+00:00", "2026-11-02T18:30:00+09:00"])
def test_instant_that_is_not_utc_is_refused(web_door: WebDoor, way: Way, instant: str) -> None:
    assert way.bring(web_door, way.message(IssueInstant=instant)).reason == "not a time in UTC"


@every_way
def test_endless_id_is_refused(web_door: WebDoor, way: Way) -> None:
    assert way.bring(web_door, way.message(ID="_" + "a" * 256)).reason == "ID too long"


@every_way
def test_unknown_issuer_is_refused(web_door: WebDoor, way: Way) -> None:
    assert (
        way.bring(web_door, way.message(issuer="https://stranger.example")).reason
        == "no site of this name is registered"
    )


@every_way
def test_issuer_that_is_no_entity_is_refused(web_door: WebDoor, way: Way) -> None:
    unspecified = 'Format="urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"'
    message = way.message().replace(b"<saml:Issuer>", f"<saml:Issuer {unspecified}>".encode())
    assert way.bring(web_door, message).reason == "Issuer is not an entity"


@every_way
def test_missing_and_second_issuer_are_refused(web_door: WebDoor, way: Way) -> None:
    again = f"<saml:Issuer>{SITE_ID}</saml:Issuer>"
    without = way.message().replace(again.encode(), b"")
    assert way.knock(web_door, without).reason == "no Issuer"
    assert way.bring(web_door, way.message(inside=again)).reason == "message not valid by the SAML schema"


@every_way
@pytest.mark.parametrize("twist", ["<!-- -->.evil.example", "<!-- -->", "<?x y?>"])
def test_comment_or_instruction_inside_a_name_is_refused(web_door: WebDoor, way: Way, twist: str) -> None:
    """The signature does not see a comment; a reader of the text before it would take another name for the site's."""
    met = way.bring(web_door, way.message(), then=replaced("</saml:Issuer>", f"{twist}</saml:Issuer>"))
    assert met.reason == MESSAGE[way] + "has a comment or processing instruction"


@by_browser
@pytest.mark.parametrize("twist", ["<!-- -->", "<?php ?>"])
def test_comment_or_instruction_around_the_message_is_refused(web_door: WebDoor, way: Way, twist: str) -> None:
    for change in (lambda xml: twist.encode() + xml, lambda xml: xml + twist.encode()):
        met = way.bring(web_door, way.message(), then=change)
        assert met.reason == "message has a comment or processing instruction"


DOCTYPES = {
    "empty": ("<!DOCTYPE x>", ""),
    "internal entity": (f'<!DOCTYPE x [<!ENTITY e "{SITE_ID}">]>', "&e;"),
    "external entity": ('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>', "&e;"),
    "external document type": ('<!DOCTYPE x SYSTEM "https://evil.example/x.dtd">', ""),
    "parameter entity": ('<!DOCTYPE x [<!ENTITY % e SYSTEM "https://evil.example/x"> %e;]>', ""),
    "expansion": (
        '<!DOCTYPE x [<!ENTITY e0 "ha">'
        + "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
        + "]>",
        "&e9;",
    ),
    "attribute default": ('<!DOCTYPE x [<!ATTLIST samlp:AuthnRequest ForceAuthn CDATA "false">]>', ""),
}


@every_way
@pytest.mark.parametrize("name", DOCTYPES)
def test_document_type_is_refused(web_door: WebDoor, way: Way, name: str) -> None:
    doctype, reference = DOCTYPES[name]

    def typed(xml: bytes) -> bytes:
        return doctype.encode() + xml.replace(b"</saml:Issuer>", reference.encode() + b"</saml:Issuer>")

    assert way.bring(web_door, way.message(), then=typed).reason == MESSAGE[way] + "has a document type"


def test_document_type_before_the_envelope_is_refused(web_door: WebDoor) -> None:
    envelope = b"<!DOCTYPE x>" + TestSite().resolve("AAQAAA==")
    assert web_door.resolve(envelope).reason == "envelope has a document type"


@every_way
def test_undeclared_entity_is_refused(web_door: WebDoor, way: Way) -> None:
    met = way.bring(web_door, way.message(), then=replaced("</saml:Issuer>", "&e;</saml:Issuer>"))
    assert met.reason == MESSAGE[way] + "not well-formed XML"


@by_browser
@pytest.mark.parametrize("encoding", ["utf-16", "utf-7", "utf-32"])
def test_document_type_hidden_by_another_encoding_is_refused(web_door: WebDoor, way: Way, encoding: str) -> None:
    def hidden(xml: bytes) -> bytes:
        return f'<?xml version="1.0" encoding="{encoding}"?><!DOCTYPE x>{xml.decode()}'.encode(encoding)

    met = way.bring(web_door, way.message(), then=hidden)
    assert met.reason in {"message not well-formed XML", "message has a document type"}


@every_way
def test_schema_that_the_message_names_is_not_fetched(web_door: WebDoor, way: Way) -> None:
    """The address leads nowhere; what decides is that the foreign element stays foreign."""
    location = f'xmlns:xsi="{XSI}" xsi:schemaLocation="urn:x http://127.0.0.1:9/x.xsd"'
    message = way.message(
        ID=f"_schema-{way.name}", inside=f'<samlp:Extensions><x xmlns="urn:x" {location}/></samlp:Extensions>'
    )
    assert not way.bring(web_door, message).is_refused


@every_way
@pytest.mark.parametrize("change", ["attribute", "child", "name", "value"])
def test_message_that_the_schema_forbids_is_refused(web_door: WebDoor, way: Way, change: str) -> None:
    message = {
        "attribute": way.message(Surprise="yes"),
        "child": way.message(inside="<saml:Surprise/>"),
        "name": way.message().replace(b"samlp:", b"saml:"),
        "value": way.message(ID="not a name"),
    }[change]
    assert way.bring(web_door, message).reason == "message not valid by the SAML schema"


@every_way
def test_other_message_is_refused(web_door: WebDoor, way: Way) -> None:
    other = POST if way is ARTIFACT else ARTIFACT
    wanted = "ArtifactResolve" if way is ARTIFACT else "AuthnRequest"
    assert way.bring(web_door, other.message()).reason == f"message is not an {wanted}"


@every_way
@pytest.mark.parametrize(("version", "told"), [("1.1", b"TooLow"), ("3.0", b"TooHigh")])
def test_message_of_another_version_has_no_effect_but_that_the_site_is_told(
    web_door: WebDoor, way: Way, version: str, told: bytes
) -> None:
    met = way.bring(web_door, way.message(Version=version, ID=f"_{version}-{way.name}"))
    assert (met.status, met.place) == (200, "")
    assert b":status:RequestVersion" + told in met.answer
    assert b"Assertion>" not in met.answer
