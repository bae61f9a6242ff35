"""Put the pages together."""

from datetime import timedelta
from pathlib import Path

from flask import Flask

from idp.web.account import account_pages
from idp.web.card import card_pages
from idp.web.cookies import Cookies
from idp.web.enrolment import enrolment_pages
from idp.web.errors import explain_errors
from idp.web.formatting import FILTERS
from idp.web.login import login_pages
from idp.web.oidc import oidc_pages
from idp.web.operations import Probe, operations_pages
from idp.web.saml import saml_pages
from idp.web.security import protect
from idp.web.services import Services

STYLES_AGE = timedelta(minutes=10)
"""How long a browser may keep styles and icons without asking again: a login shows several pages within it."""

TRANSLATIONS = Path(__file__).parent / "translations"


def create_app(services: Services, probes: dict[str, Probe]) -> Flask:
    """The identity provider as a WSGI application."""
    app = Flask("idp.web", static_url_path="/static")
    # Two slashes are another address, not a misspelt one: a redirect would be made of `Host` and the proxy's scheme.
    app.url_map.merge_slashes = False
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = STYLES_AGE
    app.jinja_env.filters.update(FILTERS)
    cookies = Cookies(secure=services.settings.is_secure)
    explain_errors(app, services)
    protect(app, services.settings)
    for pages in (login_pages, card_pages, enrolment_pages, saml_pages, oidc_pages, account_pages):
        app.register_blueprint(pages(services, cookies))
    app.register_blueprint(operations_pages(probes))
    return app
