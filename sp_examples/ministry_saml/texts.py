"""What the site's Python says in both languages; the rest stands in its templates."""

import json
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sp_examples.ministry_saml.federation import SMARTCARD_PKI, Login

LANGUAGES = ("ja", "en")
JAPAN = ZoneInfo("Asia/Tokyo")
_WEEKDAYS = "月火水木金土日"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One language of a page that says one thing."""

    heading: str
    body: str


_ELSEWHERE = {
    "ja": Message(
        heading="ログインできませんでした",
        body="ログインサービスで、うまくいかないことがありました。しばらくしてから、もう一度お試しください。",
    ),
    "en": Message(
        heading="We could not log you in",
        body="Something went wrong at the login service. Please try again in a while.",
    ),
}

REFUSALS = {
    "AuthnFailed": {
        "ja": Message(
            heading="ログインできませんでした",
            body="カードでの確認ができませんでした。理由は、ログインサービスの画面に示されています。",
        ),
        "en": Message(
            heading="We could not log you in",
            body="Your card could not be confirmed. The page of the login service told you why.",
        ),
    },
    "RequestDenied": {
        "ja": Message(
            heading="ログインしませんでした", body="ログインは取りやめになりました。もう一度お試しいただけます。"
        ),
        "en": Message(heading="You are not logged in", body="The login was stopped. You can try again."),
    },
    "NoAuthnContext": {
        "ja": Message(
            heading="ログインできませんでした",
            body="このサイトに必要な確かめ方を、ログインサービスが用意していません。サイトの運営者にお知らせください。",
        ),
        "en": Message(
            heading="We could not log you in",
            body="The login service does not offer the kind of check this site needs. Please tell the site's operator.",
        ),
    },
}
"""By the last part of the SAML status; all others are `_ELSEWHERE`."""

MESSAGES = {
    "unproven": {
        "ja": Message(
            heading="ログインできませんでした",
            body="ログインの結果を確かめられませんでした。お手数ですが、最初からもう一度お試しください。",
        ),
        "en": Message(
            heading="We could not log you in",
            body="The result of the login could not be verified. Please begin once more.",
        ),
    },
    "other_browser": {
        "ja": Message(
            heading="このログインは続けられません",
            body="すでに済んだログインか、別のブラウザーで始めたログインです。最初からもう一度お試しください。",
        ),
        "en": Message(
            heading="This login cannot go on",
            body="It is finished already, or was begun in another browser. Please begin once more.",
        ),
    },
    "unreachable": {
        "ja": Message(
            heading="いまはログインできません",
            body="ログインサービスにつながりません。しばらくしてから、もう一度お試しください。",
        ),
        "en": Message(
            heading="You cannot log in right now",
            body="The login service cannot be reached. Please try again in a while.",
        ),
    },
    "not_found": {
        "ja": Message(heading="このページはありません", body="アドレスが違うか、ページがなくなりました。"),
        "en": Message(heading="There is no such page", body="The address is wrong, or the page is gone."),
    },
    "logged_out": {
        "ja": Message(
            heading="このサイトからログアウトしました",
            body="ログアウトしたのは、このサイトだけです。ログインサービスや、ほかのサイトのログインは続いています。"
            "共用のパソコンでは、ログインサービスでもログアウトし、最後にブラウザーを閉じてください。",
        ),
        "en": Message(
            heading="You are logged out of this site",
            body="Only of this site: your login at the login service and at other sites goes on. "
            "On a shared computer, log out at the login service too, and close the browser at the end.",
        ),
    },
}

OPERATOR = {"ja": "見本省(架空の官公庁です)", "en": "Sample Ministry (not a real authority)"}


def refusal(status: str, language: str) -> Message:
    """What the visitor reads when the login service said no."""
    return REFUSALS.get(status, _ELSEWHERE)[language]


def facts(language: str, login: Login) -> list[tuple[str, str]]:
    """What the login service said about the login."""
    is_japanese = language == "ja"
    entries = [
        ("カードで確かめた時刻" if is_japanese else "Card read at", written_time(login.logged_in_at, language)),
        ("確かめ方" if is_japanese else "How it was checked", _context(login.context, is_japanese=is_japanese)),
    ]
    if login.cert_status is not None:
        label = "証明書の失効の確認" if is_japanese else "Certificate checked for revocation"
        entries.append((label, _freshness(login.cert_status, language)))
    return entries


def written_time(instant: datetime, language: str) -> str:
    """Japan's time, with the day of the week."""
    local = instant.astimezone(JAPAN)
    if language == "ja":
        weekday = _WEEKDAYS[local.weekday()]
        return f"{local.year}年{local.month}月{local.day}日（{weekday}）{local:%H:%M}（日本時間）"
    return f"{local:%A}, {local.day} {local:%B %Y, %H:%M} (Japan time)"


def choose_language(accepted: str | None, chosen: object) -> str:
    """The visitor's choice, else the browser's best of both, else Japanese."""
    if chosen in LANGUAGES:
        return str(chosen)
    return accepted or LANGUAGES[0]


def _context(reference: str, *, is_japanese: bool) -> str:
    if reference != SMARTCARD_PKI:
        return reference
    return "マイナンバーカードと暗証番号" if is_japanese else "My Number Card with its PIN"


def _freshness(text: str, language: str) -> str:
    """The login service's JSON in words; as it is, if it has another form than we know."""
    try:
        status = json.loads(text)
        source = str(status["source"]).upper()
        checked_at = datetime.fromisoformat(status["checked_at"])
    except (ValueError, KeyError, TypeError):
        return text
    when = written_time(checked_at, language)
    return f"{when}、{source}で確認" if language == "ja" else f"{when}, by {source}"
