import pytest

from card_agent.apdu import Answer, ask_tries_left, exchange, read_binary, select_application, verify
from card_agent.transport import CardUnreadable
from tests.support.fake_reader import FakeReader


def test_commands_are_the_bytes_that_the_card_expects() -> None:
    assert select_application(b"\xd3\x92").hex() == "00a4040c02d392"
    assert read_binary(offset=0x0123, length=256).hex() == "00b0012300"
    assert ask_tries_left().hex() == "00200080"
    assert verify(bytearray(b"4649")).hex() == "002000800434363439"


@pytest.mark.parametrize("offset", [-1, 0x8000])
def test_an_offset_that_would_name_another_file_is_refused(offset: int) -> None:
    with pytest.raises(ValueError, match="15 bits"):
        read_binary(offset=offset, length=1)


@pytest.mark.parametrize(("status", "left"), [(0x63C2, 2), (0x63C0, 0), (0x6983, 0), (0x6984, 0), (0x6982, None)])
def test_tries_left_are_told_by_the_status(status: int, left: int | None) -> None:
    assert Answer(data=b"", status=status).tries_left == left


def test_data_that_waits_is_fetched() -> None:
    answers = {b"\x80\x2a\x00": b"ab\x61\x02", b"\x00\xc0\x00\x00\x02": b"cd\x90\x00"}
    with FakeReader(answers.__getitem__).connect() as connection:
        assert exchange(connection, b"\x80\x2a\x00") == Answer(data=b"abcd", status=0x9000)


def test_a_wrong_length_is_asked_again_with_the_right_one() -> None:
    answers = {b"\x00\xb0\x00\x00\x00": b"\x6c\x03", b"\x00\xb0\x00\x00\x03": b"abc\x90\x00"}
    with FakeReader(answers.__getitem__).connect() as connection:
        assert exchange(connection, b"\x00\xb0\x00\x00\x00").data == b"abc"


@pytest.mark.parametrize("raw", [b"\x61\x10", b"\x6c\x10", b"\x90", b""])
def test_an_answer_without_end_or_status_is_unreadable(raw: bytes) -> None:
    with FakeReader(lambda _: raw).connect() as connection, pytest.raises(CardUnreadable):
        exchange(connection, b"\x00\xb0\x00\x00\x10")
