"""The revocation services over HTTP: OCSP (RFC 6960 appendix A), revocation lists, and the switch for their faults.

Requests are answered from the register as it stands, so a revocation is seen at once.
"""

import base64
import binascii
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from http import HTTPStatus
from pathlib import Path

from cryptography import x509
from flask import Blueprint, Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from foundation.clock import Clock
from testbed.crls import DEFAULT_LIFE, make_crl
from testbed.faults import CrlFault, FaultSwitch, OcspFault, faults_table, read_faults
from testbed.ocsp_responder import respond
from testbed.people import MUNICIPALITIES
from testbed.profiles import Authority, Generation, distribution_point
from testbed.state import Pki, open_pki

Hold = Callable[[float], None]

OVERSIZED_OCSP = 4 * 1024 * 1024
OVERSIZED_CRL = 64 * 1024 * 1024

_LARGEST_REQUEST = 64 * 1024
_OCSP_REQUEST = "application/ocsp-request"
_OCSP_RESPONSE = "application/ocsp-response"
_CRL = "application/pkix-crl"
_GARBAGE = b"<html>this is neither an OCSP answer nor a revocation list</html>"
_BLOCK = bytes(64 * 1024)


def revocation_app(
    state: Path, clock: Clock, faults: FaultSwitch, *, hold: Hold = time.sleep, crl_life: timedelta = DEFAULT_LIFE
) -> Flask:
    """The service over the PKI in `state`. `hold` waits the seconds of a late answer. Raises `StateError`.

    Late and trickling answers keep a thread busy: serve it with several.
    """
    pki = open_pki(state)
    app = Flask("testbed.revocation_service", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LARGEST_REQUEST
    # Standard base64 in a GET address may hold two slashes in a row.
    app.url_map.merge_slashes = False
    app.register_error_handler(HTTPException, _plain_error)
    app.register_blueprint(_ocsp_routes(pki, clock, faults, hold))
    app.register_blueprint(_crl_routes(pki, clock, faults, hold, crl_life))
    app.register_blueprint(_fault_routes(faults))
    return app


@dataclass(frozen=True, slots=True, kw_only=True)
class CrlLocation:
    """One list: who signs it, the directory name that certificates point at, and the path here."""

    authority: Authority
    generation: Generation
    directory_name: x509.Name
    path: str


def crl_locations() -> list[CrlLocation]:
    """Every list that the service has."""
    return [
        CrlLocation(
            authority=authority,
            generation=generation,
            directory_name=distribution_point(authority, place),
            path=f"/crl/{authority}/{generation}/{place.code}.crl",
        )
        for authority in Authority
        for generation in Generation
        for place in MUNICIPALITIES.values()
    ]


def _ocsp_routes(pki: Pki, clock: Clock, faults: FaultSwitch, hold: Hold) -> Blueprint:
    routes = Blueprint("ocsp", __name__)

    @routes.post("/ocsp")
    def by_post() -> Response:
        if request.mimetype != _OCSP_REQUEST:
            abort(HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
        return answer(request.get_data())

    @routes.get("/ocsp/<path:encoded>")
    def by_get(encoded: str) -> Response:
        try:
            return answer(base64.b64decode(encoded, validate=True))
        except binascii.Error:
            abort(HTTPStatus.BAD_REQUEST)

    def answer(question: bytes) -> Response:
        active = faults.now()
        wanted = partial(respond, pki, question, now=clock(), fault=active.ocsp)
        return _deliver(wanted, _OCSP_RESPONSE, active.ocsp, active.delay, hold)

    return routes


def _crl_routes(pki: Pki, clock: Clock, faults: FaultSwitch, hold: Hold, life: timedelta) -> Blueprint:
    routes = Blueprint("crl", __name__)

    @routes.get("/crl/<authority>/<generation>/<municipality>.crl")
    def fetch(authority: str, generation: str, municipality: str) -> Response:
        try:
            wanted = Authority(authority), Generation(generation), MUNICIPALITIES[municipality]
        except (ValueError, KeyError):
            abort(HTTPStatus.NOT_FOUND)
        active = faults.now()
        if active.crl is CrlFault.MISSING:
            abort(HTTPStatus.NOT_FOUND)
        list_now = partial(make_crl, pki, *wanted, now=clock(), life=life, fault=active.crl)
        return _deliver(list_now, _CRL, active.crl, active.delay, hold)

    return routes


def _fault_routes(faults: FaultSwitch) -> Blueprint:
    """A JSON body is demanded, so that no web page can switch faults by a form."""
    routes = Blueprint("faults", __name__)

    @routes.get("/faults")
    def show() -> Response:
        return jsonify(faults_table(faults.now()))

    @routes.post("/faults")
    def switch() -> Response:
        table = request.get_json()
        try:
            faults.set(read_faults(table))
        except ValueError as error:
            abort(HTTPStatus.BAD_REQUEST, str(error))
        return show()

    return routes


def _deliver(
    make: Callable[[], bytes], kind: str, fault: OcspFault | CrlFault | None, delay: timedelta, hold: Hold
) -> Response:
    """Send what `make` makes, in the way that a fault of HTTP alone asks for."""
    match fault:
        case OcspFault.HTTP_500 | CrlFault.HTTP_500:
            abort(HTTPStatus.INTERNAL_SERVER_ERROR)
        case OcspFault.GARBAGE | CrlFault.GARBAGE:
            response = Response(_GARBAGE, mimetype=kind)
        case OcspFault.OVERSIZED | CrlFault.OVERSIZED:
            response = _flood(kind)
        case OcspFault.TRICKLE | CrlFault.TRICKLE:
            response = _trickle(make(), kind, delay, hold)
        case OcspFault.LATE | CrlFault.LATE:
            hold(delay.total_seconds())
            response = Response(make(), mimetype=kind)
        case _:
            response = Response(make(), mimetype=kind)
    response.headers["Cache-Control"] = "no-store"
    return response


def _flood(kind: str) -> Response:
    """A body without a Content-Length that could warn the client."""
    size = OVERSIZED_OCSP if kind == _OCSP_RESPONSE else OVERSIZED_CRL
    return Response((_BLOCK for _ in range(size // len(_BLOCK))), mimetype=kind)


def _trickle(content: bytes, kind: str, delay: timedelta, hold: Hold) -> Response:
    def drops() -> Iterator[bytes]:
        for value in content:
            yield bytes((value,))
            hold(delay.total_seconds())

    return Response(drops(), mimetype=kind, headers={"Content-Length": str(len(content))})


def _plain_error(error: HTTPException) -> tuple[str, int, dict[str, str]]:
    return f"{error.code} {error.description}\n", error.code or 500, {"Content-Type": "text/plain; charset=utf-8"}
