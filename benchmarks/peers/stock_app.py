"""A minimal Flask application around pysaml2, which gunicorn starts; its sessions are in memory."""

import json
import secrets
from pathlib import Path

from flask import Flask, abort, make_response, request
from flask.typing import ResponseReturnValue
from saml2.response import IncorrectlySigned

from benchmarks.peers.stock import a_stock

SETTINGS_FILE = "stock.json"
_COOKIE = "stock_session"


def make_app(folder: str) -> Flask:
    """By `SETTINGS_FILE` in `folder`: where it stands, and what it says of everybody."""
    settings = json.loads((Path(folder) / SETTINGS_FILE).read_text(encoding="utf-8"))
    stock = a_stock(Path(folder), sso_url=settings["sso_url"], attributes=settings["attributes"])
    app = Flask("stock", static_folder=None)
    sessions: set[str] = set()

    @app.get("/login")
    def log_in() -> ResponseReturnValue:
        handle = secrets.token_urlsafe()
        sessions.add(handle)
        answer = make_response("")
        answer.set_cookie(_COOKIE, handle)
        return answer

    @app.get("/sso")
    def sign_on() -> ResponseReturnValue:
        if request.cookies.get(_COOKIE) not in sessions:
            abort(401)
        sent = request.args
        try:
            asked = stock.by_redirect(sent["SAMLRequest"], sent["SigAlg"], sent["Signature"])
        except IncorrectlySigned:
            abort(403)
        return stock.answer(asked)

    return app
