import pytest

from benchmarks.figures import BenchmarkFailed, cpu_ms_of, cpu_ms_per_call, figure, require


def test_figure_is_the_median_round_between_the_lowest_and_the_highest() -> None:
    assert figure([3.0, 9.0, 1.0, 2.0, 4.0]).written(1) == "3.0 (1.0–9.0)"


def test_what_did_not_work_gives_no_figure() -> None:
    with pytest.raises(BenchmarkFailed, match="SAML status: 'Responder'"):
        require("Responder", lambda status: status == "Success", "SAML status")


def test_costlier_call_has_the_higher_figure() -> None:
    working = cpu_ms_per_call(lambda: sum(range(20_000)), seconds=0.02)
    idle = cpu_ms_per_call(lambda: None, seconds=0.02)
    assert 0 < idle < working


def test_first_input_warms_up_and_is_not_timed() -> None:
    costs = [200_000, 0, 0]
    seen: list[int] = []

    def call(cost: int) -> None:
        seen.append(sum(range(cost)))

    assert cpu_ms_of(call, costs) < cpu_ms_of(call, list(reversed(costs)))
    assert len(seen) == 2 * len(costs)
