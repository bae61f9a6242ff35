"""Render a page in the reader's language, and hand the browser over to a site."""

from dataclasses import dataclass

from flask import Response, g, make_response, redirect, render_template, request

from foundation.texts import Message, Texts, choose_language
from idp.domain.errors import IdpError
from idp.domain.login import LoginRequest, PendingLogin
from idp.domain.service_provider import ServiceProvider
from idp.protocols.contract import FormPost, Redirect, Reply
from idp.web.services import Services

LANGUAGE_COOKIE = "language"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """A service provider as a page names it: from the register, never from the message."""

    name: str
    operator: str
    url: str


def site_of(service_provider: ServiceProvider) -> Site:
    """`service_provider` in the reader's language."""
    language = reader_language()
    return Site(
        name=service_provider.name.in_language(language),
        operator=service_provider.operator.in_language(language),
        url=service_provider.home_url,
    )


def return_origin(services: Services, asked: LoginRequest) -> str:
    """Where the site takes its answer: browsers apply form-action to the redirects that follow a form, too."""
    site = services.register.get(asked.service_provider)
    return services.adapter(site.protocol).return_origin(asked.reply)


def reader_language() -> str:
    """The choice in the address, else the remembered one, else the browser's."""
    if "language" not in g:
        chosen = _language_in_address() or request.cookies.get(LANGUAGE_COOKIE)
        g.language = choose_language(request.headers.get("Accept-Language", ""), chosen)
    return str(g.language)


def _language_in_address() -> str | None:
    """A long query of a site's is not taken apart for a parameter that is not in it."""
    return request.args.get("lang") if b"lang=" in request.query_string else None


def texts(services: Services) -> Texts:
    """The reader's catalogue."""
    return services.texts[reader_language()]


def page(
    services: Services, template: str, status: int = 200, *, can_be_fetched_again: bool = True, **context: object
) -> Response:
    """`template` as a response; what every page needs is added here.

    A page that hands over cannot be fetched again, not even in the other language: its login is used up.
    """
    response = _finished(_render(services, template, can_be_fetched_again=can_be_fetched_again, **context), status)
    if _language_in_address() == (language := reader_language()):
        response.set_cookie(
            LANGUAGE_COOKIE, language, secure=services.settings.is_secure, httponly=True, samesite="Lax"
        )
    return response


def _render(services: Services, template: str, *, can_be_fetched_again: bool, **context: object) -> str:
    language = reader_language()
    other = "en" if language == "ja" else "ja"
    # Only a page of ours that was fetched can be fetched again in the other language; an unknown path may be anything,
    # even another site's address behind two slashes.
    place = request.path if request.method == "GET" and request.url_rule else "/"
    return render_template(
        template,
        t=services.texts[language],
        language=language,
        language_url=f"{place}?lang={other}" if can_be_fetched_again else None,
        service_name=services.settings.service_name.in_language(language),
        **context,
    )


def _finished(body: str, status: int = 200) -> Response:
    response = make_response(body, status)
    response.headers["Content-Language"] = reader_language()
    return response


def see_other(url: str) -> Response:
    """RFC 9110 section 15.4.4: the next page is fetched by GET; a form is never sent on."""
    return make_response(redirect(url, code=303))


def send_reply(services: Services, reply: Reply, site: ServiceProvider, *, refused: IdpError | None = None) -> Response:
    """Hand the browser over to the site, without waiting for the citizen; `refused` is what the reply tells it."""
    match reply:
        case Redirect(url=url):
            return see_other(url)
        case FormPost():
            return _handover(services, reply, site, refused)


def send_refusal(services: Services, login: PendingLogin, error: IdpError) -> Response:
    """Tell citizen and site that nothing comes of `login`, which is used up."""
    site = services.site(login.request)
    reply = services.adapter(site.protocol).refuse(error, login.request.reply)
    match reply:
        case Redirect(url=url):
            return see_other(url)
        case FormPost():
            return _stopped(services, texts(services).message(error.code), site_of(site), reply)


def _handover(services: Services, reply: FormPost, site: ServiceProvider, refused: IdpError | None) -> Response:
    _allow_form(reply)
    language = reader_language()
    name = site.name.in_language(language)

    def render(action: str, fields: str) -> str:
        t = services.texts[language]
        message = t.message(refused.code) if refused else t.message("login.handover", site=name)
        return _render(
            services, "handover.html", can_be_fetched_again=False, message=message, action=action, fields=fields
        )

    about = (language, name, refused.code if refused else "")
    return _finished(services.handover_pages.fill(about, reply, render))


def _stopped(services: Services, message: Message, site: Site, reply: FormPost) -> Response:
    _allow_form(reply)
    return page(
        services,
        "stopped.html",
        can_be_fetched_again=False,
        message=message,
        site=site,
        action=reply.action,
        fields=reply.fields,
    )


def _allow_form(reply: FormPost) -> None:
    """A site may answer the post by a redirect to another origin of its own, and Chromium applies form-action to it.

    So the scheme is allowed, not the one origin. Such a page holds no text from outside.
    """
    g.form_action = [f"{reply.action.split(':', 1)[0]}:"]
