import pytest
from flask import Flask

from benchmarks.figures import BenchmarkFailed
from benchmarks.stopwatch import Step, Stopwatch, install
from idp.adapters.db.engine import create_database_engine, reader, unsynced_writer, writer


@pytest.fixture
def app() -> Flask:
    app = Flask("sample")

    @app.get("/login/<login>")
    def ask(login: str) -> tuple[str, int]:
        return (login, 200) if login != "gone" else ("", 410)

    @app.get("/login/<login>/release")
    def release(login: str) -> str:
        return login

    @app.get("/saml/sso")
    def sso() -> tuple[str, int]:
        return "", 303

    return app


@pytest.fixture
def stopwatch(app: Flask) -> Stopwatch:
    return install(app)


@pytest.mark.parametrize(
    ("path", "step"),
    [("/login/abc", Step.CHALLENGE), ("/login/abc/release", Step.RELEASE), ("/saml/sso?SAMLRequest=x", Step.BEGUN)],
)
def test_request_is_timed_as_its_step(app: Flask, stopwatch: Stopwatch, path: str, step: Step) -> None:
    app.test_client().get(path)
    taken = stopwatch.take()
    assert list(taken) == [step]
    assert taken[step].cpu > 0
    assert taken[step].wall > 0


def test_answer_reaches_the_client_whole(app: Flask, stopwatch: Stopwatch) -> None:
    assert app.test_client().get("/login/abc").text == "abc"
    assert stopwatch.take()


def test_times_are_handed_out_once(app: Flask, stopwatch: Stopwatch) -> None:
    app.test_client().get("/login/abc")
    stopwatch.take()
    assert stopwatch.take() == {}


def test_refused_request_is_no_measurement(app: Flask, stopwatch: Stopwatch) -> None:
    with pytest.raises(BenchmarkFailed, match="/login answered with status 410"):
        app.test_client().get("/login/gone")
    assert stopwatch.take() == {}


def test_transactions_are_counted_by_what_they_wait_for(app: Flask, stopwatch: Stopwatch) -> None:
    engine = create_database_engine("sqlite://")

    @app.get("/oidc/userinfo")
    def userinfo() -> str:
        for mode, times in ((reader, 1), (writer, 2), (unsynced_writer, 3)):
            for _ in range(times):
                with mode(engine).begin() as connection:
                    connection.exec_driver_sql("SELECT 1")
        return ""

    with stopwatch.counting(engine) as counted:
        app.test_client().get("/oidc/userinfo")
    asked = counted[Step.USERINFO]
    assert (asked.statements, asked.reads, asked.synced, asked.unsynced) == (6, 1, 2, 3)
