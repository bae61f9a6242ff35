import pytest

from benchmarks.figures import BenchmarkFailed
from benchmarks.load import Load, read_rate

LOAD = Load(name="requests", status=200, needle="yes")


def test_rate_is_good_answers_by_the_seconds_they_took() -> None:
    rate = read_rate(LOAD, "Running 2s test\nFIGURES 500 0 2.000 31.25\n", "")
    assert (rate.answers, rate.per_second, rate.p99_ms) == (500, 250.0, 31.25)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("BAD 403 no\nFIGURES 500 1 2.000 31.25", "1 bad answers and 500 good ones to requests; wrk said: BAD 403 no"),
        ("FIGURES 0 0 2.000 0.00", "0 bad answers and 0 good ones"),
        ("unable to connect", "wrk said: unable to connect"),
    ],
)
def test_one_bad_answer_or_none_at_all_gives_no_rate(said: str, why: str) -> None:
    with pytest.raises(BenchmarkFailed, match=why):
        read_rate(LOAD, said, "")
