"""What goes back to the site: the fields of the hand-over form (docs/contracts/card-channel.md, section 2)."""

import base64
from dataclasses import dataclass
from enum import StrEnum

from card_agent.questions import Question
from jpki.challenge import FORMAT

ALGORITHM = "RS256"


class Outcome(StrEnum):
    """How the attempt ended."""

    SIGNED = "signed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    LOCKED = "locked"
    UNUSABLE = "unusable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """The card confirmed: its certificate (DER) and its signature over the statement."""

    certificate: bytes
    signature: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsigned:
    """The attempt ended without a signature."""

    outcome: Outcome


CardAnswer = Signed | Unsigned


def outcome_of(answer: CardAnswer) -> Outcome:
    return Outcome.SIGNED if isinstance(answer, Signed) else answer.outcome


def answer_fields(question: Question, answer: CardAnswer) -> dict[str, str]:
    """The form's fields in the order of the contract."""
    fields = {"format": FORMAT, "nonce": question.nonce_text, "outcome": outcome_of(answer).value}
    if isinstance(answer, Signed):
        fields |= {
            "algorithm": ALGORITHM,
            "unverified_certificate": base64.b64encode(answer.certificate).decode("ascii"),
            "signature": base64.b64encode(answer.signature).decode("ascii"),
        }
    return fields
