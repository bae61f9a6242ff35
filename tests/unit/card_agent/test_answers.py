import base64

from card_agent.answers import Outcome, Signed, Unsigned, answer_fields
from card_agent.questions import read_question
from tests.support.agent_browser import NONCE_TEXT, SITE, question_fields
from tests.support.fake_reader import NOW

QUESTION = read_question({name: [value] for name, value in question_fields().items()}, site=SITE, now=NOW)


def test_a_signed_answer_carries_certificate_and_signature() -> None:
    assert answer_fields(QUESTION, Signed(certificate=b"\xfb\xff", signature=b"\x00" * 256)) == {
        "format": "jpki-auth:1",
        "nonce": NONCE_TEXT,
        "outcome": "signed",
        "algorithm": "RS256",
        "unverified_certificate": "+/8=",
        "signature": base64.b64encode(bytes(256)).decode("ascii"),
    }


def test_an_unsigned_answer_carries_its_outcome_only() -> None:
    fields = answer_fields(QUESTION, Unsigned(outcome=Outcome.LOCKED))
    assert fields == {"format": "jpki-auth:1", "nonce": NONCE_TEXT, "outcome": "locked"}
