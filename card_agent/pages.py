"""The agent's pages: which template shows which state, with which words."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from flask import render_template

from card_agent.answers import CardAnswer, Outcome, answer_fields, outcome_of
from card_agent.messages import NOTICE_MESSAGES, OUTCOME_MESSAGES, STATE_MESSAGES
from card_agent.pending import PendingRequest
from card_agent.places import Notice, Place
from card_agent.readers import CardState, Readers, Sighting, pick, state_of
from card_agent.settings import AgentSettings
from card_agent.transport import NoReader, NoReaderService
from foundation.texts import LANGUAGES, Message, load_texts

PIN_TRIES = 3


class Tone(StrEnum):
    """How a page's message is framed; `PLAIN` is a heading without a frame."""

    PLAIN = "plain"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """The message that is the page's `h1`."""

    message: Message
    tone: Tone


_CALM = (CardState.EMPTY, CardState.NO_READER)
_PULLED = (Notice.PULLED, Notice.UNANSWERED)


class Pages:
    """Renders every page; knows words and templates, decides nothing about requests."""

    def __init__(self, settings: AgentSettings, translations: Path) -> None:
        self._settings = settings
        self._texts = load_texts(translations)

    def running(self, language: str) -> str:
        said = self._said(language, "agent.running", Tone.PLAIN)
        return self._render("running.html", language, said, _other_at(language, "/?lang={}"))

    def refused(self, message_id: str, language: str, *, number: str, host: str = "") -> str:
        """An answer without a way on; there is no language link where the address has no page of its own."""
        said = self._said(language, message_id, Tone.ERROR, host=host)
        return self._render("refused.html", language, said, number=_grouped(number))

    def failed(self, language: str, number: str) -> str:
        said = self._said(language, "service.error", Tone.ERROR, id=_grouped(number))
        return self._render("refused.html", language, said, number=None)

    def confirm(self, waiting: PendingRequest, place: Place, readers: Readers) -> str:
        """The page for what lies in the readers now."""
        try:
            sightings = readers.look()
            sighting = pick(sightings, wanted=place.reader)
        except (NoReaderService, NoReader) as error:
            return self._state(waiting, place, state_of(error))
        if sighting is None:
            return self._choice(waiting, place, sightings)
        match sighting.state:
            case CardState.READY if sighting.tries_left > 0:
                page = self._pin(waiting, replace(place, reader=sighting.reader), sighting.tries_left)
            case CardState.READY:
                page = self._stop(waiting, place, Outcome.LOCKED)
            case CardState.NO_CERTIFICATE:
                page = self._stop(waiting, place, Outcome.UNUSABLE)
            case state:
                page = self._state(waiting, place, state)
        return page

    def done(self, waiting: PendingRequest, place: Place, answer: CardAnswer) -> str:
        """The hand-over. Its script presses the button, except where the citizen has not read the reason yet."""
        outcome = outcome_of(answer)
        said = self._said(
            place.language,
            OUTCOME_MESSAGES[outcome],
            Tone.WARNING if outcome is Outcome.EXPIRED else Tone.PLAIN,
            site=waiting.question.site.host,
            minutes=int(self._settings.challenge_lifetime.total_seconds() // 60),
        )
        return self._render(
            "handover.html",
            place.language,
            said,
            {other: replace(place, language=other).done for other in LANGUAGES if other != place.language},
            site=waiting.question.site,
            outcome=outcome,
            fields=answer_fields(waiting.question, answer),
        )

    def _state(self, waiting: PendingRequest, place: Place, state: CardState) -> str:
        if place.notice in _PULLED and state is CardState.EMPTY:
            said = self._said(place.language, NOTICE_MESSAGES[place.notice], Tone.ERROR)
        else:
            said = self._said(place.language, STATE_MESSAGES[state], Tone.INFO if state in _CALM else Tone.WARNING)
        return self._about("state.html", waiting, place, said, state=state)

    def _stop(self, waiting: PendingRequest, place: Place, outcome: Outcome) -> str:
        said = self._said(place.language, OUTCOME_MESSAGES[outcome], Tone.ERROR)
        return self._about("stop.html", waiting, place, said, outcome=outcome)

    def _choice(self, waiting: PendingRequest, place: Place, sightings: Sequence[Sighting]) -> str:
        said = self._said(place.language, "agent.reader.choose", Tone.PLAIN, n=len(sightings))
        chosen = next(seen.reader for seen in sightings if seen.state is CardState.READY or seen is sightings[-1])
        return self._about(
            "choose.html", waiting, place, said, sightings=sightings, chosen=chosen, state_messages=STATE_MESSAGES
        )

    def _pin(self, waiting: PendingRequest, place: Place, tries_left: int) -> str:
        return self._about(
            "pin.html",
            waiting,
            replace(place, ticket=secrets.token_urlsafe(32)),
            self._pin_said(place, tries_left),
            tries_left=tries_left,
            all_tries=PIN_TRIES,
            attempt=waiting.attempt,
        )

    def _pin_said(self, place: Place, tries_left: int) -> _Said:
        """The number of tries always comes from the card that lies there now, never from the address."""
        language, notice = place.language, place.notice
        if notice is Notice.MALFORMED:
            return self._said(language, "agent.pin.form", Tone.ERROR)
        if tries_left == 1:
            return self._said(language, "agent.pin.last", Tone.ERROR if notice is Notice.WRONG else Tone.WARNING)
        if notice is Notice.WRONG and tries_left == PIN_TRIES:
            notice = None  # another card lies there now
        if notice is None or notice is Notice.UNCONFIRMED:
            return self._said(language, "agent.pin.ask", Tone.PLAIN)
        return self._said(language, NOTICE_MESSAGES[notice], Tone.ERROR, n=tries_left)

    def _about(self, template: str, waiting: PendingRequest, place: Place, said: _Said, **shown: object) -> str:
        """A page about one question, with the asking site on it."""
        others = {language: replace(place, language=language).confirm for language in LANGUAGES}
        others.pop(place.language)
        return self._render(template, place.language, said, others, question=waiting.question, place=place, **shown)

    def _said(self, language: str, message_id: str, tone: Tone, **arguments: object) -> _Said:
        return _Said(message=self._texts[language].message(message_id, **arguments), tone=tone)

    def _render(
        self, template: str, language: str, said: _Said, others: dict[str, str] | None = None, **shown: object
    ) -> str:
        return render_template(
            template,
            t=self._texts[language],
            texts=self._texts,
            language=language,
            other_languages=others or {},
            said=said.message,
            tone=said.tone.value,
            phone=self._settings.card_loss_phone,
            minutes=int(self._settings.challenge_lifetime.total_seconds() // 60),
            **shown,
        )


def _other_at(language: str, address: str) -> dict[str, str]:
    return {other: address.format(other) for other in LANGUAGES if other != language}


def _grouped(number: str) -> str:
    """In groups of four, so that it can be read over the phone."""
    return "-".join(number[start : start + 4] for start in range(0, len(number), 4))
