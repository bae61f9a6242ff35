"""The hardened parser."""

import pytest

from idp.protocols.saml.xml.documents import PORTION, DocumentLimits, DocumentRefused, Work, parse

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


def work(text: bytes) -> Work:
    with pytest.raises(DocumentRefused) as refused:
        parse(text, STRICT)
    return refused.value.work


def test_refusal_tells_what_it_cost() -> None:
    assert work(b"<a>" + b"x" * 994 + b"</a>") == Work(bytes=0, elements=0)
    assert work(b"<!DOCTYPE a><a/>") == Work(bytes=0, elements=0)
    assert work(b"<a><b/></c>") == Work(bytes=11, elements=0)
    assert work(b"<a><b><c><d/></c></b></a>") == Work(bytes=25, elements=4)


def test_large_document_is_read_by_portions_and_given_up_in_the_first_bad_one() -> None:
    roomy = DocumentLimits(bytes=100 * PORTION, depth=3, elements=2 * PORTION, drop_comments=False)
    good = b"<a>" + b"<b/>" * (PORTION // 4)
    assert parse(good + b"</a>", roomy).tag == "a"
    with pytest.raises(DocumentRefused) as refused:
        parse(good + b"<b><c><d/></c></b>" + b" " * 50 * PORTION + b"</a>", roomy)
    assert str(refused.value) == "nested too deeply"
    assert refused.value.work.bytes == 2 * PORTION


def test_line_that_cannot_be_read_is_told() -> None:
    with pytest.raises(DocumentRefused) as refused:
        parse(b"<a>\n<b>\n</a>", STRICT)
    assert refused.value.line == 3
    with pytest.raises(DocumentRefused) as refused:
        parse(b"<a><!-- --></a>", STRICT)
    assert refused.value.line is None


def test_namespace_declarations_are_bounded() -> None:
    """With no bound, 64 KiB of them made a signature a hundred times dearer to look at."""
    limits = DocumentLimits(bytes=10_000, depth=3, elements=4, drop_comments=False, declarations=10)

    def declaring(number: int) -> bytes:
        return b"<a " + b" ".join(b'xmlns:n%d="urn:%d"' % (index, index) for index in range(number)) + b"/>"

    assert parse(declaring(10), limits).tag == "a"
    with pytest.raises(DocumentRefused, match="too many namespace declarations"):
        parse(declaring(11), limits)
