"""The agent over the real smart-card service; each client is a process of its own, as PC/SC wants it."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed.card_memory import load_card, save_card
from tests.support.cards import a_card
from tests.support.reader import RunningReader, a_running_reader, need_reader_stack

ROOT = Path(__file__).parents[3]
TIME_LIMIT = 30

SIGN = """
import sys
from card_agent.pcsc import PcscTransport
from card_agent.pin import Pin
from card_agent.readers import Readers
transport = PcscTransport()
reader = transport.readers()[0]
try:
    print(len(Readers(transport).sign(reader, b"statement", Pin(sys.argv[1]), last_try_confirmed=False).signature))
except Exception as error:
    print(type(error).__name__)
"""

HOLD_AND_TRY_AGAIN = """
from card_agent.pcsc import PcscTransport
transport = PcscTransport()
reader = transport.readers()[0]
with transport.connect(reader):
    try:
        transport.connect(reader)
    except Exception as error:
        print(type(error).__name__)
with transport.connect(reader) as connection:
    print(connection.transmit(bytes.fromhex("00a4040c0ad392f000260100000001")).hex())
"""


@pytest.fixture
def cards(tmp_path: Path) -> Path:
    folder = tmp_path / "cards"
    save_card(folder, a_card())
    return folder


@pytest.fixture
def reader(cards: Path) -> Iterator[RunningReader]:
    need_reader_stack()
    with a_running_reader(cards) as running:
        yield running


def run(reader: RunningReader, *arguments: str) -> list[str]:
    """What the client printed."""
    ended = subprocess.run(  # noqa: S603 (our own program)
        [sys.executable, *arguments],
        cwd=ROOT,
        env=reader.environment(),
        capture_output=True,
        timeout=TIME_LIMIT,
        check=True,
        text=True,
    )
    return ended.stdout.splitlines()


def test_the_command_shows_readers_and_card(reader: RunningReader, cards: Path) -> None:
    show = ("-m", "card_agent", "--language", "en")
    assert "  No card yet Place your My Number Card on the reader." in run(reader, *show)
    card = a_card()
    reader.control.insert(card.card_id)
    shown = run(reader, *show, "show")
    assert "  4-digit PIN (user authentication certificate): 3 tries left" in shown
    assert any(line.startswith("  User authentication certificate (for login): valid until ") for line in shown)
    assert load_card(cards, card.card_id).pin_tries_left == 3


def test_the_card_signs_with_its_pin_and_counts_a_wrong_one_once(reader: RunningReader, cards: Path) -> None:
    card = a_card()
    reader.control.insert(card.card_id)
    wrong = "0000" if card.pin != "0000" else "1111"
    assert run(reader, "-c", SIGN, wrong) == ["WrongPin"]
    assert load_card(cards, card.card_id).pin_tries_left == 2
    assert run(reader, "-c", SIGN, card.pin) == ["256"]


def test_a_card_pulled_while_it_signs_is_told(reader: RunningReader) -> None:
    card = a_card()
    reader.control.insert(card.card_id)
    reader.control.pull_during_next_signature()
    assert run(reader, "-c", SIGN, card.pin) == ["CardPulled"]


def test_nobody_else_reaches_the_card_meanwhile(reader: RunningReader) -> None:
    reader.control.insert(a_card().card_id)
    assert run(reader, "-c", HOLD_AND_TRY_AGAIN) == ["ReaderBusy", "9000"]


def test_an_empty_reader_has_no_card(reader: RunningReader) -> None:
    assert run(reader, "-c", SIGN, "4649") == ["NoCard"]
