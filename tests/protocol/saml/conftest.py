from tests.support.house import foundations, house

__all__ = ["foundations", "house"]
