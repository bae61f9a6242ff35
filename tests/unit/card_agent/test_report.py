from card_agent.report import card_lines, reader_lines
from card_agent.server import HERE
from foundation.texts import load_texts
from tests.support.fake_reader import FakeReader, FakeTransport, a_card, another_card

ENGLISH = load_texts(HERE / "translations")["en"]


def test_a_card_is_shown_without_names_and_serials() -> None:
    assert card_lines(FakeTransport(FakeReader(a_card(tries_left=1))), ENGLISH) == [
        "Card reader: Sample Reader 00 00",
        "  Kind of card: JPKIAPICCTOKEN",
        "  User authentication certificate (for login): valid until 2026-11-21",
        "  Signature certificate: not on the card",
        "  4-digit PIN (user authentication certificate): 1 try left",
        "  Signature certificate password: 5 tries left",
    ]


def test_a_certificate_behind_its_pin_is_named() -> None:
    lines = card_lines(FakeTransport(FakeReader(a_card(label="JPKIAPGPSETOKEN"))), ENGLISH)
    assert "  User authentication certificate (for login): present (reading it needs its PIN or password)" in lines


def test_each_reader_is_explained() -> None:
    transport = FakeTransport(FakeReader(None, name="A"), FakeReader(another_card, name="B"))
    assert card_lines(transport, ENGLISH) == [
        "Card reader: A",
        "  No card yet Place your My Number Card on the reader.",
        "Card reader: B",
        "  This does not seem to be a My Number Card Check the card and place it again.",
    ]
    assert reader_lines(transport, ENGLISH) == ["Card reader: A", "Card reader: B"]


def test_missing_readers_and_services_are_explained() -> None:
    assert reader_lines(FakeTransport(), ENGLISH)[0].startswith("No card reader found")
    assert card_lines(FakeTransport(), ENGLISH)[0].startswith("No card reader found")
    assert reader_lines(FakeTransport(is_served=False), ENGLISH)[0].startswith("The computer is not ready")
    assert card_lines(FakeTransport(is_served=False), ENGLISH)[0].startswith("The computer is not ready")
