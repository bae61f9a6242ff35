"""A citizen logs in, in real processes, with a real browser and a card behind the real smart-card service."""

import pytest
from playwright.sync_api import expect

from testbed.acts import Act
from tests.support.visitor import Visitor, Visitors

pytestmark = pytest.mark.timeout(180)


def test_first_login_asks_for_consent_and_the_next_one_does_not(new_visitor: Visitors) -> None:
    visitor = new_visitor()
    visitor.puts_in_a_new("hanako")
    visitor.opens("ministry")
    visitor.presses_login()
    visitor.goes_to_the_card()
    visitor.types_pin("1234")
    visitor.page.wait_for_url("**/enrolment/**")
    visitor.agrees()
    visitor.is_in("ministry")
    identifier = visitor.identifier()

    again = new_visitor()
    again.opens("ministry")
    again.presses_login()
    again.goes_to_the_card()
    again.types_pin("1234")
    again.is_in("ministry")
    assert again.identifier() == identifier


def test_second_site_is_entered_without_the_card_and_knows_another_identifier(visitor: Visitor) -> None:
    visitor.logs_in("taro", "5678")
    at_ministry = visitor.identifier()
    visitor.desk.do(Act.PULL, "")
    visitor.opens("shop")
    visitor.presses_login()
    visitor.is_in("shop")
    assert visitor.identifier() != at_ministry


def test_login_can_begin_at_the_private_site(visitor: Visitor) -> None:
    visitor.logs_in("taro", "5678", site="shop")
    visitor.opens("ministry")
    visitor.presses_login()
    visitor.is_in("ministry")


def test_everything_works_without_scripts(new_visitor: Visitors) -> None:
    visitor = new_visitor(scripts=False)
    visitor.puts_in_a_new("older")
    visitor.opens("ministry")
    visitor.presses_login()
    visitor.goes_to_the_card()
    visitor.types_pin("1234")
    visitor.goes_on()
    visitor.page.wait_for_url("**/enrolment/**")
    visitor.agrees()
    visitor.page.wait_for_url("**/release")
    visitor.goes_on()
    visitor.is_in("ministry")


def test_card_of_the_older_authority_logs_in(visitor: Visitor) -> None:
    visitor.logs_in("older", "1234", site="shop")


def test_declining_registration_leads_back_to_the_site_with_its_reason(visitor: Visitor) -> None:
    visitor.puts_in_a_new("child")
    visitor.opens("shop")
    visitor.presses_login()
    visitor.goes_to_the_card()
    visitor.types_pin("1234")
    visitor.page.wait_for_url("**/enrolment/**")
    visitor.goes_back()
    visitor.is_at("shop")
    expect(visitor.page.locator("main")).not_to_contain_text("access_denied")


def test_stopping_at_the_agent_leads_back_to_the_site(visitor: Visitor) -> None:
    visitor.puts_in("hanako")
    visitor.opens("shop")
    visitor.presses_login()
    visitor.goes_to_the_card()
    visitor.stops_at_the_agent()
    visitor.is_at("shop")


def test_leaving_and_registering_again_makes_a_new_person(visitor: Visitor) -> None:
    visitor.logs_in("child", "1234")
    before = visitor.identifier()
    visitor.page.goto(f"{visitor.stack.plan.origin('idp')}/registration")
    visitor.goes_on()
    visitor.page.wait_for_url("**/registration/ended")
    visitor.page.context.clear_cookies()
    visitor.logs_in("child", "1234")
    assert visitor.identifier() != before


def test_logout_at_the_provider_ends_single_sign_on(visitor: Visitor) -> None:
    visitor.logs_in("taro", "5678")
    visitor.opens("idp")
    visitor.page.locator("form[action='/logout'] button").click()
    visitor.page.wait_for_url("**/logged-out*")
    visitor.opens("shop")
    visitor.presses_login()
    visitor.page.wait_for_url("**/login/**")
    visitor.reads("見本ショップ")


def test_english_browser_reads_english_from_the_first_page_to_the_last(new_visitor: Visitors) -> None:
    visitor = new_visitor(locale="en-GB")
    visitor.puts_in("taro")
    visitor.opens("ministry")
    visitor.presses_login()
    visitor.is_at("idp")
    visitor.reads("Log in to Sample Ministry filing site")
    visitor.goes_to_the_card()
    visitor.reads("Enter your PIN")


def test_language_link_keeps_the_place(visitor: Visitor) -> None:
    visitor.puts_in("taro")
    visitor.opens("ministry")
    visitor.presses_login()
    visitor.is_at("idp")
    visitor.page.locator("a.language").click()
    visitor.reads("Log in to Sample Ministry filing site")
    visitor.goes_to_the_card()
    visitor.reads("Enter your PIN")
