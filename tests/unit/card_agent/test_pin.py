import pickle

import pytest

from card_agent.pin import Pin, PinMalformed


@pytest.mark.parametrize("typed", ["4649", " 46 49 ", "４６４９", "４６\u3000４９", "4\t649"])
def test_spaces_and_full_width_digits_are_accepted(typed: str) -> None:
    assert Pin(typed).digits == bytearray(b"4649")


@pytest.mark.parametrize("typed", ["", "464", "46490", "46a9", "٤٦٤٩", "①②③④", "4649" + " " * 29, "-464"])
def test_anything_but_four_digits_is_refused(typed: str) -> None:
    with pytest.raises(PinMalformed) as caught:
        Pin(typed)
    assert str(caught.value) == ""


def test_digits_are_wiped_when_the_block_ends() -> None:
    with Pin("4649") as pin:
        kept = pin.digits
    assert kept == bytearray(4)


def test_a_pin_is_not_printed() -> None:
    assert "4649" not in f"{Pin('4649')!r} {Pin('4649')}"


def test_a_pin_is_not_stored() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Pin("4649"))
