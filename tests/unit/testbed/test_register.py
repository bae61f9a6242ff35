from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from testbed import register as register_module
from testbed.profiles import Authority, Generation
from testbed.register import IssuedCertificate, Register


@pytest.fixture
def register(tmp_path: Path) -> Register:
    made = Register(tmp_path / "register.sqlite")
    made.create()
    return made


def _issued(serial: int, *, card_id: str = "c", generation: Generation = Generation.CURRENT) -> IssuedCertificate:
    return IssuedCertificate(
        authority=Authority.SIGNATURE, serial=serial, generation=generation, municipality="13101", card_id=card_id
    )


def test_no_serial_is_given_out_twice_by_either_generation(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    serials = iter([70_000, 70_000, 70_001])
    monkeypatch.setattr(register_module, "random_serial", lambda: next(serials))
    with register.changing() as changes:
        changes.add(_issued(changes.new_serial(Authority.SIGNATURE), generation=Generation.OLDER))
        assert changes.new_serial(Authority.SIGNATURE) == 70_001


def test_failed_change_is_undone(register: Register) -> None:
    def fail() -> None:
        with register.changing() as changes:
            changes.add(_issued(1))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert register.issued_for("c") == []


def test_changes_at_the_same_time_wait_for_each_other(register: Register) -> None:
    def add(number: int) -> None:
        with register.changing() as changes:
            count = len(changes.on_card("c"))
            changes.add(_issued(1000 + count))
            del number

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(20)))
    assert [entry.serial for entry in register.issued_for("c")] == [1000 + position for position in range(20)]


def test_forgotten_card_leaves_no_certificate(register: Register) -> None:
    with register.changing() as changes:
        changes.add(_issued(1))
        changes.add(_issued(2, card_id="other"))
        changes.forget_card("c")
    assert register.issued_for("c") == []
    assert len(register.issued_for("other")) == 1
