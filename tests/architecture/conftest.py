from collections.abc import Iterator

import pytest

from tests.support.house import Foundations, SampleHouse, a_house, foundations, house

__all__ = ["foundations", "house", "second_house"]


@pytest.fixture
def second_house(foundations: Foundations, house: SampleHouse) -> Iterator[SampleHouse]:
    """Another worker with the same settings: the same database, keys and clock's time."""
    with a_house(foundations, house.settings) as built:
        yield built
