"""What the shop's Python says in both languages; the rest stands in its templates."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

LANGUAGES = ("ja", "en")
JAPAN = ZoneInfo("Asia/Tokyo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One language of a page that says one thing."""

    heading: str
    body: str


MESSAGES = {
    "stopped": {
        "ja": Message(
            heading="ログインしませんでした", body="ログインは行われませんでした。もう一度お試しいただけます。"
        ),
        "en": Message(heading="You are not logged in", body="The login did not take place. You can try again."),
    },
    "failed": {
        "ja": Message(
            heading="ログインできませんでした",
            body="ログインの結果を確かめられませんでした。お手数ですが、最初からもう一度お試しください。",
        ),
        "en": Message(
            heading="We could not log you in",
            body="The result of the login could not be verified. Please begin once more.",
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

OPERATOR = {"ja": "見本ショップ株式会社（架空の会社です）", "en": "Sample Shop Ltd. (not a real company)"}


HOW_CHECKED = {
    "card-pin": {"ja": "マイナンバーカードと暗証番号", "en": "My Number Card with its PIN"},
}
"""Words for the last part of the authentication context; one that is not here is shown as it came."""


def facts(language: str, *, logged_in_at: datetime, acr: str) -> list[tuple[str, str]]:
    """What the login service said about the login."""
    local = logged_in_at.astimezone(JAPAN)
    how = HOW_CHECKED.get(acr.rpartition("/")[2], {}).get(language, acr)
    if language == "ja":
        return [
            ("カードで確かめた時刻", f"{local:%Y}年{local.month}月{local.day}日 {local:%H:%M}（日本時間）"),
            ("確かめ方", how),
        ]
    return [
        ("Card read at", f"{local.day} {local:%B %Y, %H:%M} (Japan time)"),
        ("How it was checked", how),
    ]


def choose_language(accepted: str | None, chosen: object) -> str:
    """The visitor's choice, else the browser's best of both, else Japanese."""
    if chosen in LANGUAGES:
        return str(chosen)
    return accepted or LANGUAGES[0]
