"""What the site remembers."""

from datetime import timedelta

from sp_examples.ministry_saml.memory import Memory


class Watch:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_value_can_be_looked_at_often_and_taken_once() -> None:
    memory: Memory[str] = Memory(lifetime=timedelta(minutes=1))
    key = memory.keep("value")
    assert (memory.look(key), memory.look(key), memory.take(key)) == ("value", "value", "value")
    assert memory.take(key) is None


def test_value_is_forgotten_when_its_time_is_over() -> None:
    watch = Watch()
    memory: Memory[str] = Memory(lifetime=timedelta(minutes=1), seconds=watch)
    key = memory.keep("value")
    watch.seconds = 59.9
    assert memory.look(key) == "value"
    watch.seconds = 60
    assert memory.look(key) is None
    assert memory.take(key) is None


def test_value_can_have_a_shorter_time_but_no_longer_one() -> None:
    watch = Watch()
    memory: Memory[str] = Memory(lifetime=timedelta(minutes=1), seconds=watch)
    short = memory.keep("short", lifetime=timedelta(seconds=10))
    long = memory.keep("long", lifetime=timedelta(days=1))
    gone = memory.keep("gone", lifetime=timedelta(seconds=-1))
    assert memory.look(gone) is None
    watch.seconds = 10
    assert (memory.look(short), memory.look(long)) == (None, "long")
    watch.seconds = 60
    assert memory.look(long) is None


def test_oldest_value_makes_room() -> None:
    memory: Memory[int] = Memory(lifetime=timedelta(minutes=1), limit=2)
    keys = [memory.keep(number) for number in range(3)]
    assert [memory.look(key) for key in keys] == [None, 1, 2]


def test_unknown_and_missing_keys_hold_nothing() -> None:
    memory: Memory[str] = Memory(lifetime=timedelta(minutes=1))
    assert memory.look(None) is None
    assert memory.take("unknown") is None
