"""Starting the house: again with its data, and with something in the way."""

import socket
from pathlib import Path

import pytest
from playwright.sync_api import Playwright

from testbed.plan import HOSTS
from testbed.processes import StackError
from testbed.stack import running_stack
from tests.support.chromium import a_browser
from tests.support.running_house import a_plan
from tests.support.visitor import a_visitor

pytestmark = pytest.mark.timeout(240)


def _quietly(line: str) -> None:
    del line


def test_second_start_keeps_citizens_cards_and_what_lies_on_the_reader(playwright: Playwright, tmp_path: Path) -> None:
    plan = a_plan(tmp_path / "state")
    identifiers = []
    for start in ("first", "second"):
        with (
            running_stack(plan, _quietly) as stack,
            a_browser(playwright, tmp_path / start, web_root=plan.web_root) as context,
        ):
            visitor = a_visitor(context, stack)
            if start == "first":
                visitor.puts_in("taro")
            visitor.opens("ministry")
            visitor.presses_login()
            visitor.goes_to_the_card()
            visitor.types_pin("5678")
            visitor.arrives("ministry")
            identifiers.append(visitor.identifier())
    assert identifiers[0] == identifiers[1]


def test_port_in_use_is_one_sentence_that_names_it(tmp_path: Path) -> None:
    plan = a_plan(tmp_path / "state")
    with socket.socket() as taken:
        taken.bind((HOSTS["ministry"], plan.ports["ministry"]))
        taken.listen()
        with pytest.raises(StackError) as refused, running_stack(plan, _quietly):
            pytest.fail("it started")
    assert str(plan.ports["ministry"]) in str(refused.value)
    assert "\n" not in str(refused.value)


def test_half_made_state_is_one_sentence_that_says_what_to_do(tmp_path: Path) -> None:
    plan = a_plan(tmp_path / "state", is_secure=False)
    (plan.state / "pki").mkdir(parents=True)
    (plan.state / "pki" / "pki.json").write_text("{}", encoding="utf-8")
    with pytest.raises(StackError) as refused, running_stack(plan, _quietly):
        pytest.fail("it started")
    assert "\n" not in str(refused.value)


def test_house_runs_without_a_smart_card_service(playwright: Playwright, tmp_path: Path) -> None:
    plan = a_plan(tmp_path / "state", is_secure=False)
    with running_stack(plan, _quietly, without_pcscd=True) as stack, a_browser(playwright, tmp_path / "b") as context:
        a_visitor(context, stack).logs_in("hanako", "1234", site="shop")
