from datetime import timedelta
from pathlib import Path

import pytest

from testbed.faults import NO_FAULTS, CrlFault, Faults, FaultSwitch, OcspFault, read_faults


@pytest.fixture
def switch(tmp_path: Path) -> FaultSwitch:
    return FaultSwitch(tmp_path / "faults.json")


def test_nothing_is_wrong_at_first(switch: FaultSwitch) -> None:
    assert switch.now() == NO_FAULTS


@pytest.mark.parametrize("fault", OcspFault)
def test_every_ocsp_fault_is_seen_by_another_process(switch: FaultSwitch, tmp_path: Path, fault: OcspFault) -> None:
    faults = Faults(ocsp=fault, delay=timedelta(seconds=1.5))
    switch.set(faults)
    assert FaultSwitch(tmp_path / "faults.json").now() == faults


@pytest.mark.parametrize("fault", CrlFault)
def test_every_crl_fault_can_be_set_and_cleared(switch: FaultSwitch, fault: CrlFault) -> None:
    switch.set(Faults(crl=fault))
    assert switch.now().crl is fault
    switch.clear()
    assert switch.now() == NO_FAULTS


@pytest.mark.parametrize(
    "table",
    [
        [],
        {"ocsp": "sleepy"},
        {"crl": "stale"},
        {"tsa": "late"},
        {"delay_seconds": -1},
        {"delay_seconds": 601},
        {"delay_seconds": "5"},
        {"delay_seconds": True},
    ],
)
def test_what_is_no_fault_is_refused(table: object) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_faults(table)
