"""Which words tell which fact: closed tables from states, notices and refusals to message ids."""

from dataclasses import dataclass
from http import HTTPStatus

from card_agent.answers import Outcome
from card_agent.origins import NotNavigation, NotOwnForm, OriginHidden, OriginUnknown
from card_agent.pending import OtherBrowser, OtherPage, RequestUnknown
from card_agent.places import Notice
from card_agent.questions import QuestionDamaged
from card_agent.readers import CardState

STATE_MESSAGES = {
    CardState.NO_SERVICE: "agent.reader.service",
    CardState.NO_READER: "agent.reader.none",
    CardState.EMPTY: "agent.card.none",
    CardState.BUSY: "agent.reader.busy",
    CardState.OTHER_CARD: "agent.card.other",
    CardState.UNREADABLE: "agent.card.unreadable",
    CardState.NO_CERTIFICATE: "agent.card.noauth",
    CardState.READY: "agent.card.ready",
}

NOTICE_MESSAGES = {
    Notice.WRONG: "agent.pin.wrong",
    Notice.MALFORMED: "agent.pin.form",
    Notice.UNCONFIRMED: "agent.pin.last",
    Notice.PULLED: "agent.card.pulled",
    Notice.UNANSWERED: "agent.pin.unanswered",
    Notice.BUSY: "agent.reader.busy",
    Notice.UNREADABLE: "agent.card.unreadable",
}

OUTCOME_MESSAGES = {
    Outcome.SIGNED: "login.handover",
    Outcome.CANCELLED: "login.stopped",
    Outcome.EXPIRED: "agent.late",
    Outcome.LOCKED: "agent.pin.locked",
    Outcome.UNUSABLE: "agent.card.noauth",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """How a request that is not served is answered."""

    status: int
    message_id: str


REFUSALS: dict[type[Exception], Refusal] = {
    OriginUnknown: Refusal(status=403, message_id="agent.site.unknown"),
    OriginHidden: Refusal(status=403, message_id="agent.site.hidden"),
    NotOwnForm: Refusal(status=403, message_id="request.invalid"),
    NotNavigation: Refusal(status=403, message_id="request.invalid"),
    QuestionDamaged: Refusal(status=400, message_id="agent.request.damaged"),
    RequestUnknown: Refusal(status=404, message_id="request.invalid"),
    OtherBrowser: Refusal(status=403, message_id="request.otherbrowser"),
    OtherPage: Refusal(status=403, message_id="request.invalid"),
}


def http_message(status: int) -> str:
    """The words for a status that the framework itself answers: 404, 405, 413 and the like."""
    return "agent.request.damaged" if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE else "request.invalid"
