from idp.domain.errors import CardExpired, CardUnchecked, IdpError, RequestInvalid, RequestRejected, SiteUnknown, leaves
from tests.support.builders import NOW


def test_error_speaks_by_its_code_alone() -> None:
    assert str(CardUnchecked(minutes=5)) == "card.unchecked"
    assert str(RequestInvalid("the nonce has another length")) == "request.invalid"


def test_error_carries_the_facts_of_its_text() -> None:
    assert CardUnchecked(minutes=5).minutes == 5
    assert CardExpired(date=NOW).date == NOW
    assert RequestInvalid("why").why == "why"
    assert SiteUnknown("why").why == "why"
    assert CardUnchecked(minutes=5).why == ""


def test_leaves_are_found_by_their_code() -> None:
    found = leaves()
    assert found["request.invalid"] is RequestInvalid
    assert found["card.expired"] is CardExpired
    assert RequestRejected not in found.values()
    assert all(issubclass(leaf, IdpError) and leaf.code == code for code, leaf in found.items())
