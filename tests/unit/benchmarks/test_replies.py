from benchmarks.load import Rate
from benchmarks.replies import Replies, Row, Series
from benchmarks.reply_report import ratio_lines, reply_lines
from benchmarks.sites import Kind
from benchmarks.witness import Reading

OURS = Row(contender="ours", kind=Kind.SIGNED)
OTHER = Row(contender="other", kind=Kind.SIGNED)
OTHER_ENCRYPTED = Row(contender="other", kind=Kind.ENCRYPTED)
OURS_ENCRYPTED = Row(contender="ours", kind=Kind.ENCRYPTED)
READING = Reading(signature="rsa-sha256", encryption="", name_id_format="persistent", attributes={}, size=5000)


def series(per_second: float) -> Series:
    rate = Rate(answers=1, per_second=per_second, p99_ms=10)
    return Series(rate=rate, cpu_ms=1e3 / per_second, sign_ms=0.5, reading=READING)


def per_second(one: Series) -> float:
    return one.rate.per_second


def test_ratio_compares_turns_of_the_same_round() -> None:
    replies = Replies([{OURS: series(200), OTHER: series(100)}, {OURS: series(30), OTHER: series(10)}])
    ratio = replies.ratio(OURS, OTHER, per_second)
    assert (ratio.low, ratio.median, ratio.high) == (2.0, 2.5, 3.0)


def test_reply_is_told_in_bare_signatures_of_its_own_round() -> None:
    assert series(1000).times_floor == 2.0
    lines = reply_lines(Replies([{OURS: series(1000)}]), seconds=5)
    assert "2.0 (2.0–2.0)" in lines[2]
    assert lines[3].split() == ["the", "bare", "signature", "2000", "(2000–2000)", "0.50", "(0.50–0.50)", "1.0"]


def test_like_is_compared_with_like_beside_the_aim() -> None:
    one = {OURS: series(80), OURS_ENCRYPTED: series(60), OTHER: series(20), OTHER_ENCRYPTED: series(10)}
    _, _, signed, encrypted, _ = ratio_lines(Replies([one]), "ours", {"other": 2.5})
    assert signed.split()[-5:] == ["4.00", "(4.00–4.00)", "4.00", "(4.00–4.00)", "2.5"]
    assert encrypted.split()[-5:] == ["6.00", "(6.00–6.00)", "6.00", "(6.00–6.00)", "2.5"]


def test_only_the_answers_of_one_are_counted() -> None:
    assert Replies([{OURS: series(80), OTHER: series(20)}, {OURS: series(80), OTHER: series(20)}]).answers("ours") == 2
