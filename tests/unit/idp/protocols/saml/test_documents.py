"""The hardened parser."""

import pytest

from idp.protocols.saml.documents import DocumentLimits, DocumentRefused, parse

STRICT = DocumentLimits(bytes=1000, depth=3, elements=4, drop_comments=False)
LENIENT = DocumentLimits(bytes=1000, depth=3, elements=4, drop_comments=True)


def why(text: bytes, limits: DocumentLimits = STRICT) -> str:
    with pytest.raises(DocumentRefused) as refused:
        parse(text, limits)
    return str(refused.value)


def test_bounds_themselves_are_allowed() -> None:
    assert parse(b"<a><b><c/></b><b/></a>", STRICT).tag == "a"
    parse(b"<a>" + b"x" * 993 + b"</a>", STRICT)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"<a>" + b"x" * 994 + b"</a>", "too many bytes"),
        (b"<a><b><c><d/></c></b></a>", "nested too deeply"),
        (b"<a><b/><b/><b/><b/></a>", "too many elements"),
        (b"<!DOCTYPE a><a/>", "has a document type"),
        (b"<a><!-- --></a>", "has a comment or processing instruction"),
        (b"<!-- --><a/>", "has a comment or processing instruction"),
        (b"<a/><!-- -->", "has a comment or processing instruction"),
        (b"<a><?x?></a>", "has a comment or processing instruction"),
        (b"<a>&x;</a>", "not well-formed XML"),
        (b"<a></b>", "not well-formed XML"),
        (b"<a>\x00</a>", "not well-formed XML"),
        (b"<a>\xff</a>", "not well-formed XML"),
        (b"", "not well-formed XML"),
        (b'<a b="1" b="2"/>', "not well-formed XML"),
        ('<?xml version="1.0" encoding="UTF-16"?><a/>'.encode("utf-16"), "not well-formed XML"),
    ],
)
def test_document_is_refused_for_its_reason(text: bytes, reason: str) -> None:
    assert why(text) == reason


def test_declared_encoding_is_not_believed() -> None:
    text = '<?xml version="1.0" encoding="ISO-8859-1"?><a>é</a>'.encode()
    assert parse(text, STRICT).text == "é"


def test_dropped_comment_does_not_divide_text() -> None:
    assert parse(b"<!-- --><a>one<!-- -->two</a>", LENIENT).text == "onetwo"
