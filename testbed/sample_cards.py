"""The sample cards: who holds them (plainly samples), who issued them, and what is special about each."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from testbed.people import HOKKAIDO_SAPPORO, IBARAKI_TSUKUBA, TOKYO_CHIYODA, Municipality, Person, Sex, full_name


class Condition(StrEnum):
    """What is special about a sample card."""

    ORDINARY = "ordinary"
    OLDER_AUTHORITY = "older-authority"
    CHILD = "child"
    REVOKED = "revoked"
    ON_HOLD = "on-hold"
    EXPIRED = "expired"
    WRONG_POLICY = "wrong-policy"
    UNKNOWN = "unknown"
    UNTRUSTED = "untrusted"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleCard:
    """One card of the scenario."""

    card_id: str
    person: Person
    municipality: Municipality
    condition: Condition
    pin: str = "1234"
    password: str = "ABC123"  # noqa: S105 (of a sample card, shown to everybody)


_TOKYO = "東京都千代田区見本町九丁目99番99号"
_TSUKUBA = "茨城県つくば市見本九丁目99番地99"
_SAPPORO = "北海道札幌市見本区見本九条99丁目99番99号"

NEWCOMER = Person(name=full_name("見本", "新"), sex=Sex.UNKNOWN, born=date(1988, 3, 3), address=_TOKYO)
"""Holds every card that is issued by hand."""

SAMPLE_CARDS = (
    SampleCard(
        card_id="hanako",
        person=Person(name=full_name("番号", "花子"), sex=Sex.FEMALE, born=date(1985, 4, 1), address=_TOKYO),
        municipality=TOKYO_CHIYODA,
        condition=Condition.ORDINARY,
    ),
    # Another PIN, so that a mix-up of two cards shows; and a character that stands in for one outside the set.
    SampleCard(
        card_id="taro",
        person=Person(
            name=full_name("番号", "太郎"),
            sex=Sex.MALE,
            born=date(1979, 12, 31),
            address=_TSUKUBA,
            substituted_in_name=(3,),
        ),
        municipality=IBARAKI_TSUKUBA,
        condition=Condition.ORDINARY,
        pin="5678",
    ),
    SampleCard(
        card_id="older",
        person=Person(name=full_name("見本", "一郎"), sex=Sex.MALE, born=date(1952, 2, 29), address=_SAPPORO),
        municipality=HOKKAIDO_SAPPORO,
        condition=Condition.OLDER_AUTHORITY,
    ),
    SampleCard(
        card_id="child",
        person=Person(name=full_name("見本", "児子"), sex=Sex.FEMALE, born=date(2015, 5, 5), address=_TSUKUBA),
        municipality=IBARAKI_TSUKUBA,
        condition=Condition.CHILD,
    ),
    SampleCard(
        card_id="revoked",
        person=Person(name=full_name("見本", "二郎"), sex=Sex.MALE, born=date(1990, 6, 15), address=_TOKYO),
        municipality=TOKYO_CHIYODA,
        condition=Condition.REVOKED,
    ),
    SampleCard(
        card_id="on-hold",
        person=Person(name=full_name("見本", "三郎"), sex=Sex.MALE, born=date(1991, 7, 16), address=_TSUKUBA),
        municipality=IBARAKI_TSUKUBA,
        condition=Condition.ON_HOLD,
    ),
    SampleCard(
        card_id="expired",
        person=Person(name=full_name("見本", "四郎"), sex=Sex.MALE, born=date(1992, 8, 17), address=_SAPPORO),
        municipality=HOKKAIDO_SAPPORO,
        condition=Condition.EXPIRED,
    ),
    SampleCard(
        card_id="policy",
        person=Person(name=full_name("見本", "五郎"), sex=Sex.MALE, born=date(1993, 9, 18), address=_TOKYO),
        municipality=TOKYO_CHIYODA,
        condition=Condition.WRONG_POLICY,
    ),
    SampleCard(
        card_id="unknown",
        person=Person(name=full_name("見本", "六子"), sex=Sex.FEMALE, born=date(1994, 10, 19), address=_TSUKUBA),
        municipality=IBARAKI_TSUKUBA,
        condition=Condition.UNKNOWN,
    ),
    SampleCard(
        card_id="untrusted",
        person=Person(name=full_name("見本", "七子"), sex=Sex.FEMALE, born=date(1995, 11, 20), address=_TOKYO),
        municipality=TOKYO_CHIYODA,
        condition=Condition.UNTRUSTED,
    ),
    SampleCard(
        card_id="locked",
        person=Person(name=full_name("見本", "八子"), sex=Sex.FEMALE, born=date(1996, 12, 21), address=_SAPPORO),
        municipality=HOKKAIDO_SAPPORO,
        condition=Condition.LOCKED,
    ),
)
