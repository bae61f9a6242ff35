"""How values are written on pages: dates in Japan's time zone, numbers for enquiries, words that stay on one line."""

from collections.abc import Callable, Mapping
from datetime import datetime
from zoneinfo import ZoneInfo

from markupsafe import Markup, escape

DISPLAY_ZONE = ZoneInfo("Asia/Tokyo")
WEEKDAYS = {
    "ja": ("月", "火", "水", "木", "金", "土", "日"),
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
}
MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
UNBROKEN = ("（数字4桁）", "（英数字6〜16文字）", "お問い合わせ")


def format_date(moment: datetime, language: str) -> str:
    """`2026年11月20日（金）` or `Fri, 20 November 2026`. Raises `ValueError` for a naive moment."""
    local = _in_japan(moment)
    weekday = WEEKDAYS[language][local.weekday()]
    if language == "ja":
        return f"{local.year}年{local.month}月{local.day}日（{weekday}）"
    return f"{weekday}, {local.day} {MONTHS[local.month - 1]} {local.year}"


def format_moment(moment: datetime, language: str) -> str:
    """`2026年11月20日（金）14:05` or `Fri, 20 November 2026, 14:05 (Japan time)`. Raises as `format_date`."""
    clock = f"{_in_japan(moment):%H:%M}"
    date = format_date(moment, language)
    return f"{date}{clock}" if language == "ja" else f"{date}, {clock} (Japan time)"


def time_tag(moment: datetime, language: str) -> Markup:
    """The moment as a `<time>` element, to the minute."""
    machine = _in_japan(moment).isoformat(timespec="minutes")
    return Markup('<time datetime="{}">{}</time>').format(machine, format_moment(moment, language))


def grouped(number: str) -> str:
    """A number for enquiries in groups of four, so that it can be read over the phone: `8f3a-01bc-77d2`."""
    signs = "".join(sign for sign in number if sign.isalnum())
    return "-".join(signs[start : start + 4] for start in range(0, len(signs), 4))


def keep_together(text: str) -> Markup:
    """The text, escaped, with words that read badly when broken kept on one line."""
    marked = str(escape(text))
    for words in UNBROKEN:
        marked = marked.replace(words, f'<span class="together">{words}</span>')
    return Markup(marked)  # noqa: S704 - the text was escaped above; only constants were added


def _in_japan(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment shown on a page needs a time zone")
    return moment.astimezone(DISPLAY_ZONE)


FILTERS: Mapping[str, Callable[..., str]] = {
    "date": format_date,
    "moment": format_moment,
    "time_tag": time_tag,
    "grouped": grouped,
    "keep_together": keep_together,
}
