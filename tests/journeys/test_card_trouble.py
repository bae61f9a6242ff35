"""Cards that are not in order, and readers without one: the citizen reads what happened and what to do."""

import pytest
from playwright.sync_api import expect

from testbed.acts import Act
from testbed.faults import Faults, FaultSwitch, OcspFault
from tests.support.visitor import MAIN_BUTTON, Visitor

pytestmark = pytest.mark.timeout(180)


def _tries(visitor: Visitor, card: str, pin: str = "1234") -> None:
    visitor.puts_in(card)
    visitor.opens("ministry")
    visitor.presses_login()
    visitor.goes_to_the_card()
    visitor.types_pin(pin)


@pytest.mark.parametrize(
    ("card", "words"),
    [
        ("revoked", "失効"),
        ("on-hold", "一時停止"),
        ("expired", "有効期限が切れています"),
        ("policy", "ここでは使えません"),
        ("untrusted", "ここでは使えません"),
        ("unknown", "いま確認できません"),
    ],
)
def test_card_is_refused_with_its_reason(visitor: Visitor, card: str, words: str) -> None:
    _tries(visitor, card)
    visitor.page.wait_for_url("**/refused/**")
    visitor.reads(words)


def test_refused_card_can_be_changed_for_a_good_one_in_the_same_login(visitor: Visitor) -> None:
    _tries(visitor, "revoked")
    visitor.page.wait_for_url("**/refused/**")
    visitor.puts_in("taro")
    visitor.goes_on()
    visitor.goes_to_the_card()
    visitor.types_pin("5678")
    visitor.arrives("ministry")


def test_card_that_was_reported_lost_is_refused(visitor: Visitor) -> None:
    visitor.desk.do(Act.RENEW, "child")
    visitor.desk.do(Act.LOSE, "child")
    try:
        _tries(visitor, "child")
        visitor.page.wait_for_url("**/refused/**")
        visitor.reads("失効")
    finally:
        visitor.desk.do(Act.RENEW, "child")


def test_silent_responder_is_replaced_by_the_list_and_the_site_is_told(visitor: Visitor, faults: FaultSwitch) -> None:
    faults.set(Faults(ocsp=OcspFault.HTTP_500))
    visitor.desk.do(Act.RENEW, "older")
    visitor.logs_in("older", "1234")
    expect(visitor.page.locator("main")).to_contain_text("CRL")


def test_wrong_pin_tells_how_many_tries_are_left_and_locks_after_the_third(visitor: Visitor) -> None:
    visitor.puts_in("hanako")
    try:
        _tries(visitor, "hanako", "0000")
        visitor.reads("あと2回")
        visitor.types_pin("0000")
        visitor.reads("あと1回")
        visitor.types_pin("0000")
        visitor.reads("ロック")
        expect(visitor.page.locator("input[name=pin]")).to_have_count(0)
        visitor.goes_on()
        visitor.page.wait_for_url("**/refused/**")
        visitor.reads("ロック")
    finally:
        visitor.desk.do(Act.UNLOCK, "hanako")


def test_missing_card_is_asked_for_and_found(visitor: Visitor) -> None:
    visitor.desk.do(Act.PULL, "")
    visitor.opens("ministry")
    visitor.presses_login()
    visitor.goes_to_the_card()
    visitor.reads("カードが置かれていません")
    visitor.puts_in("hanako")
    visitor.page.locator(MAIN_BUTTON).click()
    visitor.reads("暗証番号を入力してください")


def test_old_challenge_is_noticed_before_the_pin_and_renewed_by_one_press(visitor: Visitor) -> None:
    visitor.puts_in("taro")
    visitor.opens("ministry")
    visitor.presses_login()
    visitor.is_at("idp")
    visitor.page.locator("input[name=expires]").evaluate("field => { field.value = '1000000000' }")
    visitor.page.locator(MAIN_BUTTON).click()
    visitor.is_at("agent")
    visitor.reads("時間が過ぎました")
    visitor.goes_on()
    visitor.page.wait_for_url("**/login/**late*")
    expect(visitor.page.locator(".banner")).to_contain_text("時間が過ぎました")
    visitor.goes_to_the_card()
    visitor.reads("暗証番号を入力してください")
