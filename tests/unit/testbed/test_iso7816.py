"""Command APDUs after ISO/IEC 7816-3 section 12.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from testbed.iso7816 import Command, Refusal, Status, parse_command

HEADER = bytes.fromhex("00A4020C")


def parsed(body: str) -> Command:
    return parse_command(HEADER + bytes.fromhex(body))


@pytest.mark.parametrize(
    ("body", "data", "wanted"),
    [
        ("", "", 0),
        ("05", "", 5),
        ("00", "", 256),
        ("02 AABB", "AABB", 0),
        ("02 AABB 05", "AABB", 5),
        ("02 AABB 00", "AABB", 256),
        ("00 0005", "", 5),
        ("00 0000", "", 65536),
        ("00 0002 AABB", "AABB", 0),
        ("00 0002 AABB 0005", "AABB", 5),
        ("00 0002 AABB 0000", "AABB", 65536),
    ],
)
def test_each_form_of_a_command_is_read(body: str, data: str, wanted: int) -> None:
    command = parsed(body)
    assert (command.data, command.wanted) == (bytes.fromhex(data), wanted)


@pytest.mark.parametrize(
    "body",
    ["02 AA", "02 AABB 05 05", "00 05", "00 0000 AA", "00 0002 AA", "00 0002 AABB 05", "00 0002 AABB 0005 05"],
)
def test_a_body_whose_lengths_disagree_is_refused(body: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parsed(body)
    assert refusal.value.status == Status.WRONG_LENGTH


@given(st.binary(max_size=3))
def test_less_than_a_header_is_refused(apdu: bytes) -> None:
    with pytest.raises(Refusal):
        parse_command(apdu)


@given(st.binary(min_size=1, max_size=300), st.integers(min_value=1, max_value=65535))
def test_extended_form_round_trips(data: bytes, wanted: int) -> None:
    apdu = HEADER + b"\x00" + len(data).to_bytes(2, "big") + data + wanted.to_bytes(2, "big")
    command = parse_command(apdu)
    assert (command.data, command.wanted, command.parameters) == (data, wanted, 0x020C)


def test_a_command_does_not_show_its_data() -> None:
    command = parse_command(bytes.fromhex("0020008004") + b"1234")
    assert "1234" not in repr(command)
