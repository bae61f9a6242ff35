from datetime import timedelta

import pytest

from card_agent.answers import Outcome, Signed, Unsigned
from card_agent.pending import FormStale, OtherBrowser, PendingRequest, PendingRequests, RequestUnknown
from card_agent.questions import read_question
from tests.support.agent_browser import SITE, question_fields
from tests.support.fake_reader import NOW

QUESTION = read_question({name: [value] for name, value in question_fields().items()}, site=SITE, now=NOW)
SIGNED = Signed(certificate=b"c", signature=b"s")


def some_requests(most: int = 3) -> PendingRequests:
    return PendingRequests(lifetime=timedelta(minutes=30), most=most)


def found(requests: PendingRequests, request: PendingRequest) -> PendingRequest:
    return requests.find(request.handle, browser=request.browser, now=NOW)


def test_a_request_is_found_by_handle_and_browser() -> None:
    requests = some_requests()
    request = requests.add(QUESTION, now=NOW)
    assert found(requests, request) is request


def test_another_browser_does_not_get_it() -> None:
    requests = some_requests()
    request, other = requests.add(QUESTION, now=NOW), requests.add(QUESTION, now=NOW)
    for browser in ("", other.browser, "番号"):
        with pytest.raises(OtherBrowser):
            requests.find(request.handle, browser=browser, now=NOW)


def test_the_oldest_is_forgotten_when_there_are_too_many() -> None:
    requests = some_requests(most=2)
    first, second, third = (requests.add(QUESTION, now=NOW) for _ in range(3))
    with pytest.raises(RequestUnknown):
        found(requests, first)
    assert found(requests, second) is second
    assert found(requests, third) is third


def test_a_request_is_forgotten_after_its_life() -> None:
    requests = some_requests()
    request = requests.add(QUESTION, now=NOW)
    with pytest.raises(RequestUnknown):
        requests.find(request.handle, browser=request.browser, now=NOW + timedelta(minutes=30))


def test_handles_and_browser_marks_are_long_and_differ() -> None:
    requests = some_requests(most=100)
    made = [requests.add(QUESTION, now=NOW) for _ in range(50)]
    marks = {request.handle for request in made} | {request.browser for request in made}
    assert len(marks) == 100
    assert min(map(len, marks)) == 43


def test_a_pin_form_is_used_up_by_its_first_use() -> None:
    request = some_requests().add(QUESTION, now=NOW)
    with request.one_attempt(0, now=NOW):
        pass
    with pytest.raises(FormStale), request.one_attempt(0, now=NOW):
        pytest.fail("the form was used twice")
    with request.one_attempt(1, now=NOW):
        pass


def test_no_form_is_used_after_the_answer() -> None:
    request = some_requests().add(QUESTION, now=NOW)
    request.settle(SIGNED)
    with pytest.raises(FormStale), request.one_attempt(0, now=NOW):
        pytest.fail("an answer stood")


def test_the_first_answer_stands() -> None:
    request = some_requests().add(QUESTION, now=NOW)
    request.settle(SIGNED)
    request.settle(Unsigned(outcome=Outcome.CANCELLED))
    assert request.answer(NOW) is SIGNED


def test_an_old_challenge_settles_the_request() -> None:
    request = some_requests().add(QUESTION, now=NOW)
    assert request.answer(NOW) is None
    assert request.answer(QUESTION.expires_at) == Unsigned(outcome=Outcome.EXPIRED)
    with pytest.raises(FormStale), request.one_attempt(0, now=QUESTION.expires_at):
        pytest.fail("the challenge is old")
