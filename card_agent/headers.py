"""The headers of every answer: nothing may frame, cache, script or read the agent's pages."""

from flask import Response

from card_agent.settings import Site

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
    "form-action {form_action}; frame-ancestors 'none'; base-uri 'none'"
)


def protect(response: Response, *, hand_over_to: Site | None) -> Response:
    """Set the protective headers.

    `hand_over_to` is set for the hand-over page alone. Its form goes to that site, whose answer may lead on, by a
    redirect, to a service provider that the agent cannot know; browsers apply `form-action` to that redirect too. So
    the page names the site's scheme beside the site. Elsewhere forms come back to the agent only.

    The agent's own forms need their `Origin`, which `same-origin` keeps; the hand-over tells the site ours (`origin`).
    There are no CORS headers on purpose.
    """
    form_action = "'self'" if hand_over_to is None else _targets(hand_over_to)
    response.headers["Content-Security-Policy"] = _POLICY.format(form_action=form_action)
    response.headers["Referrer-Policy"] = "same-origin" if hand_over_to is None else "origin"
    response.headers["X-Frame-Options"] = "DENY"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "no-store"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return response


def _targets(site: Site) -> str:
    scheme = site.origin.partition("://")[0]
    return f"'self' {site.origin} {scheme}:"
