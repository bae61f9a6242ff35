"""Pages and programs that are not the identity provider, against the agent."""

import http.client
import logging
import os
import re
import secrets
import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from werkzeug.test import TestResponse

from tests.support.agent_browser import (
    NAVIGATION,
    SETTINGS,
    SITE,
    AgentBrowser,
    question_fields,
)
from tests.support.fake_reader import PIN, FakeReader, FakeTransport, a_card, is_verify

ROOT = Path(__file__).parents[2]
SECONDS = 15.0
LONG_RANDOM_WORD = re.compile(r"[A-Za-z0-9+/_=-]{40,}")  # handles and signatures may hold any four digits


@pytest.fixture
def reader() -> FakeReader:
    return FakeReader(a_card())


@pytest.fixture
def browser(reader: FakeReader) -> AgentBrowser:
    return AgentBrowser(FakeTransport(reader))


# ---- who may ask ----


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://login.example.jp.evil.example",
        "http://login.example.jp",
        "https://login.example.jp:8443",
        "http://127.0.0.1:8471",
    ],
)
def test_a_foreign_site_gets_no_card_and_no_way_on(browser: AgentBrowser, reader: FakeReader, origin: str) -> None:
    page = browser.ask(origin=origin)
    assert page.response.status_code == 403
    assert page.heading == "Your card will not be used for this site"
    assert "<form" not in page.text
    assert "Set-Cookie" not in page.response.headers
    assert reader.apdus == []


@pytest.mark.parametrize("origin", [None, "null"])
def test_a_site_that_hides_is_refused(browser: AgentBrowser, reader: FakeReader, origin: str | None) -> None:
    page = browser.ask(origin=origin)
    assert page.response.status_code == 403
    assert page.heading == "The asking site cannot be confirmed"
    assert reader.apdus == []


def test_the_name_of_a_foreign_site_is_shown_as_text_only(browser: AgentBrowser) -> None:
    page = browser.ask(origin="https://<script>alert(1)</script>.example")
    assert b"<script>alert" not in page.response.data
    assert page.response.status_code == 403


@pytest.mark.parametrize("host", ["evil.example:8471", "localhost:8471", "127.0.0.1", "[::1]:8471", "127.0.0.1:80"])
@pytest.mark.parametrize("path", ["/", "/confirm/x", "/static/roles.css"])
def test_a_rebound_name_reaches_nothing(browser: AgentBrowser, host: str, path: str) -> None:
    response = browser.client.get(path, base_url=f"http://{host}", headers=NAVIGATION)
    assert response.status_code == 421
    assert response.mimetype == "text/plain"


def test_a_rebound_name_cannot_ask(browser: AgentBrowser, reader: FakeReader) -> None:
    response = browser.client.post(
        "/login", base_url="http://evil.example:8471", headers={"Origin": SITE.origin}, data=question_fields()
    )
    assert response.status_code == 421
    assert reader.apdus == []


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Dest": "empty"},
        {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "iframe"},
        {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "embed"},
    ],
)
def test_scripts_and_frames_of_the_site_itself_are_refused(browser: AgentBrowser, headers: dict[str, str]) -> None:
    response = browser.client.post(
        "/login",
        base_url=SETTINGS.own_origin,
        headers={"Origin": SITE.origin} | headers,
        data=question_fields(),
    )
    assert response.status_code == 403
    assert "Set-Cookie" not in response.headers


def test_a_preflight_is_not_granted(browser: AgentBrowser) -> None:
    headers = {
        "Origin": SITE.origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Private-Network": "true",
    }
    response = browser.client.options("/login", base_url=SETTINGS.own_origin, headers=headers)
    assert response.status_code == 405
    assert not [name for name in response.headers.keys() if name.startswith("Access-Control")]  # noqa: SIM118 (pairs)


def test_an_oversized_question_is_refused_unread(browser: AgentBrowser) -> None:
    page = browser.ask(question_fields(padding="x" * 4096))
    assert page.response.status_code == 413
    assert page.heading == "The request cannot be read"


def test_a_site_cannot_put_words_on_the_page(browser: AgentBrowser) -> None:
    page = browser.ask(question_fields(message="Type your bank PIN", title="Bank"))
    assert page.heading == "Enter your PIN"
    assert "ank" not in page.text


# ---- who may drive the PIN form ----


@pytest.mark.parametrize("origin", [None, "null", SITE.origin, "http://127.0.0.1:9999", "http://localhost:8471"])
def test_the_pin_form_of_another_page_is_refused(browser: AgentBrowser, reader: FakeReader, origin: str | None) -> None:
    page = browser.ask()
    response = browser.post(page.form_address, page.fields | {"pin": PIN}, origin=origin)
    assert response.status_code == 403
    assert reader.verifications == []


def test_the_pin_page_lets_its_forms_go_nowhere_else(browser: AgentBrowser) -> None:
    assert "form-action 'self';" in browser.ask().response.headers["Content-Security-Policy"]


def test_a_question_belongs_to_the_browser_that_brought_it(reader: FakeReader) -> None:
    """A program on this computer brings its own question and leads the citizen's browser to it."""
    intruder = AgentBrowser(FakeTransport(reader))
    page = intruder.ask()
    citizen = intruder.app.test_client()
    for path in (page.path, page.path.replace("confirm", "done")):
        response = citizen.get(path, base_url=SETTINGS.own_origin, headers=NAVIGATION)
        assert response.status_code == 403
        assert b'id="pin"' not in response.data
    response = citizen.post(
        page.path,
        base_url=SETTINGS.own_origin,
        headers=NAVIGATION | {"Origin": SETTINGS.own_origin},
        data=page.fields | {"pin": PIN},
    )
    assert response.status_code == 403
    assert reader.verifications == []


def test_a_signature_is_shown_only_where_the_pin_was_typed(browser: AgentBrowser, reader: FakeReader) -> None:
    """Cookies know no ports: a program on this computer brings its own question, serves a page that hands its cookie to
    the citizen's browser, and leads there. Both have the cookie now, but only the citizen types the PIN.
    """
    intruders = browser.ask()
    done = intruders.path.replace("confirm", "done")
    citizens = browser.open(intruders.path)
    assert browser.send_pin(PIN).fields["outcome"] == "signed"
    seen = [browser.open(intruders.path).response]
    browser.page = intruders
    seen.append(browser.send_pin("0000").response)
    browser.page = intruders
    seen.append(browser.leave("cancelled").response)
    tickets = ("", intruders.fields["ticket"], secrets.token_urlsafe(32))
    seen += [browser.get(f"{done}?ticket={ticket}") for ticket in tickets]
    assert {response.status_code for response in seen} == {403}
    assert not any(b"signature" in response.data for response in seen)
    assert browser.get(f"{done}?ticket={citizens.fields['ticket']}").status_code == 200
    assert len(reader.verifications) == 1


def test_the_cookie_is_for_the_agent_alone(browser: AgentBrowser) -> None:
    response = browser.post("/login", question_fields(), origin=SITE.origin)
    cookie = response.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie


def test_a_guessed_handle_leads_nowhere(browser: AgentBrowser) -> None:
    assert browser.open(f"/confirm/{secrets.token_urlsafe(32)}").response.status_code == 404
    assert browser.open(f"/done/{secrets.token_urlsafe(32)}").response.status_code == 404


# ---- tries and repeats ----


def test_a_wrong_pin_is_never_sent_again_by_itself(browser: AgentBrowser, reader: FakeReader) -> None:
    page = browser.ask()
    browser.send_pin("0000")
    for _ in range(3):
        browser.open(page.path)
        browser.open(f"{page.path}?notice=wrong")
    assert len(reader.verifications) == 1


def test_a_form_pressed_twice_costs_one_try(browser: AgentBrowser, reader: FakeReader) -> None:
    page = browser.ask()
    browser.send_pin("0000")
    browser.page = page
    assert browser.send_pin("0000").path == page.path
    assert len(reader.verifications) == 1


def test_a_handle_is_signed_for_once(browser: AgentBrowser, reader: FakeReader) -> None:
    page = browser.ask()
    first = browser.send_pin(PIN)
    browser.page = page
    second = browser.send_pin(PIN, attempt="1")
    assert second.fields == first.fields
    assert len(reader.verifications) == 1
    assert browser.open(page.path).path.startswith("/done/")


def test_an_answer_cannot_be_cancelled_afterwards(browser: AgentBrowser) -> None:
    page = browser.ask()
    signed = browser.send_pin(PIN).fields
    browser.page = page
    assert browser.leave("cancelled").fields == signed


def test_an_old_challenge_is_not_signed(browser: AgentBrowser, reader: FakeReader) -> None:
    browser.ask()
    browser.now += timedelta(minutes=5)
    assert browser.send_pin(PIN).fields["outcome"] == "expired"
    assert reader.verifications == []


def test_a_flood_of_questions_stays_bounded(browser: AgentBrowser) -> None:
    first = browser.ask()
    for _ in range(SETTINGS.most_requests):
        last = browser.ask()
    assert browser.open(first.path).response.status_code == 404
    assert browser.open(last.path).heading == "Enter your PIN"


# ---- what may leave ----


def every_response(browser: AgentBrowser) -> list[TestResponse]:
    asking = browser.post("/login", question_fields(), origin=SITE.origin)
    page = browser.follow(asking)
    sent = browser.post(page.form_address, page.fields | {"pin": "1597"}, origin=SETTINGS.own_origin)
    wrong = browser.follow(sent)
    signed = browser.post(wrong.form_address, wrong.fields | {"pin": PIN}, origin=SETTINGS.own_origin)
    done = browser.follow(signed)
    refused = browser.post("/login", question_fields(), origin="https://evil.example")
    missing = browser.get("/nothing")
    static = browser.client.get("/static/roles.css", base_url=SETTINGS.own_origin)
    static.get_data()
    static.close()  # the file that it was read from
    return [asking, page.response, sent, wrong.response, signed, done.response, refused, missing, static]


def test_the_pin_form_is_answered_by_303_and_nothing_ever_by_307_or_308(browser: AgentBrowser) -> None:
    statuses = [response.status_code for response in every_response(browser)]
    assert statuses == [303, 200, 303, 200, 303, 200, 403, 404, 200]


def test_every_answer_is_protected(browser: AgentBrowser) -> None:
    for response in every_response(browser):
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "script-src 'self';" in policy
        assert "base-uri 'none'" in policy
        assert response.headers["X-Frame-Options"] == "DENY"
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Referrer-Policy"] in ("same-origin", "origin")
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def test_the_pin_is_in_no_page_address_or_log(browser: AgentBrowser, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    responses = every_response(browser)
    written = caplog.text + "".join(str(record.__dict__) for record in caplog.records)
    written += "".join(f"{response.headers}{response.request.url}" for response in responses)
    written += "".join(response.get_data(as_text=True) for response in responses)
    written = LONG_RANDOM_WORD.sub("", written)
    assert "did not sign: WrongPin" in caplog.text
    assert "1597" not in written
    assert PIN not in written


def test_a_failure_of_our_own_tells_a_number_and_no_details(
    browser: AgentBrowser, reader: FakeReader, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_: bytes) -> bytes:
        raise ZeroDivisionError

    browser.ask()
    reader.card = broken
    page = browser.send_pin("1597")
    assert page.response.status_code == 500
    assert page.heading == "Something went wrong on our side"
    assert "ZeroDivisionError" not in page.text
    assert "1597" not in caplog.text
    assert not reader.is_connected


def test_a_verified_pin_does_not_outlive_the_page(browser: AgentBrowser, reader: FakeReader) -> None:
    browser.ask()
    browser.send_pin(PIN)
    assert not reader.is_connected
    with reader.connect() as connection:
        connection.transmit(bytes.fromhex("00a4040c0ad392f000260100000001"))
        connection.transmit(bytes.fromhex("00a4020c020017"))
        assert connection.transmit(bytes.fromhex("802a008001aa00"))[-2:] == b"\x69\x82"


def test_only_the_login_key_is_ever_used(browser: AgentBrowser, reader: FakeReader) -> None:
    browser.ask()
    browser.send_pin(PIN)
    selected = {apdu[5:] for apdu in reader.apdus if apdu[:4] == b"\x00\xa4\x02\x0c"}
    assert selected == {b"\x00\x0a", b"\x00\x17", b"\x00\x18"}
    assert sum(is_verify(apdu) for apdu in reader.apdus) == 1


# ---- the real program on a real socket ----


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The agent as `python -m card_agent serve` starts it; yields its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = int(probe.getsockname()[1])
    settings = tmp_path_factory.mktemp("agent") / "agent.toml"
    settings.write_text(f'port = {free}\n[[sites]]\norigin = "{SITE.origin}"\n', encoding="utf-8")
    command = [sys.executable, "-m", "card_agent", "--language", "en", "serve", "--settings", str(settings)]
    nowhere = os.environ | {"PCSCLITE_CSOCK_NAME": str(settings.parent / "no-service")}
    with subprocess.Popen(command, cwd=ROOT, env=nowhere, stdout=subprocess.PIPE) as agent:  # noqa: S603 (our own)
        try:
            assert agent.stdout is not None
            with selectors.DefaultSelector() as selector:
                selector.register(agent.stdout, selectors.EVENT_READ)
                assert selector.select(SECONDS), "the agent does not start"
            assert b"PC/SC" in agent.stdout.readline()
            yield free
        finally:
            agent.kill()


def send(port: int, method: str, path: str, body: str = "", **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"} | named)
    response = connection.getresponse()
    response.read()
    connection.close()
    return response


QUESTION = urlencode(question_fields(expires="4102444800"))
NEAR = "1"


def test_the_running_agent_serves_its_own_host_only(port: int) -> None:
    assert send(port, "GET", "/").status == 200
    for host in ("evil.example", f"localhost:{port}", f"127.0.0.1.evil.example:{port}", "127.0.0.1"):
        assert send(port, "GET", "/", Host=host).status == 421


def test_the_running_agent_refuses_foreign_and_hidden_origins(port: int) -> None:
    assert send(port, "POST", "/login", QUESTION, Origin="https://evil.example").status == 403
    assert send(port, "POST", "/login", QUESTION, Origin="null").status == 403
    assert send(port, "POST", "/login", QUESTION).status == 403


def test_the_running_agent_takes_a_question_and_names_no_server(port: int) -> None:
    late = urlencode(question_fields(expires=NEAR))
    response = send(port, "POST", "/login", late, Origin=SITE.origin, Sec_Fetch_Mode="navigate")
    assert response.status == 303
    location = response.headers["Location"]
    assert location.startswith("/confirm/")
    assert response.headers["Server"] is None
    cookie = response.headers["Set-Cookie"].partition(";")[0]
    assert send(port, "GET", location, Cookie=cookie).status == 303
    assert send(port, "GET", location).status == 403


def test_the_running_agent_refuses_large_bodies(port: int) -> None:
    assert send(port, "POST", "/login", "x" * 5000, Origin=SITE.origin).status == 413


def test_the_running_agent_listens_on_loopback_only(port: int) -> None:
    """127.0.0.2 is this computer too: a socket bound to all addresses would answer there."""
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.2", port), timeout=SECONDS):
        pytest.fail("the agent answers on another address")


def test_a_second_agent_says_in_one_sentence_that_the_port_is_taken(port: int, tmp_path: Path) -> None:
    settings = tmp_path / "agent.toml"
    settings.write_text(f'port = {port}\n[[sites]]\norigin = "{SITE.origin}"\n', encoding="utf-8")
    command = [sys.executable, "-m", "card_agent", "--language", "en", "serve", "--settings", str(settings)]
    ended = subprocess.run(  # noqa: S603 (our own program)
        command, cwd=ROOT, capture_output=True, timeout=SECONDS, check=False, text=True
    )
    assert ended.returncode == 2
    assert ended.stderr == (
        f"Port {port} is used by another program. Stop that program, or change port in the settings.\n"
    )
