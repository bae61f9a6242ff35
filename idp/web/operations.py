"""Whether this process lives, and whether it can serve."""

from collections.abc import Callable

from flask import Blueprint, Response, jsonify, make_response

Probe = Callable[[], None]


def operations_pages(probes: dict[str, Probe]) -> Blueprint:
    """`/health/live` answers always; `/health/ready` runs every probe, which raises if its part is not there."""
    pages = Blueprint("operations", __name__)

    @pages.get("/health/live")
    def live() -> Response:
        """The process answers."""
        return jsonify(status="ok")

    @pages.get("/health/ready")
    def ready() -> Response:
        """Every part is there, or 503 with the names of those that are not."""
        missing = [name for name, probe in probes.items() if not _answers(probe)]
        return make_response(
            jsonify(status="unavailable" if missing else "ok", missing=missing), 503 if missing else 200
        )

    return pages


def _answers(probe: Probe) -> bool:
    try:
        probe()
    except Exception:  # noqa: BLE001 (whatever is wrong with the part, the answer is the same)
        return False
    return True
