import pytest

from idp.protocols.oidc.errors import OAuthRefusal
from idp.protocols.oidc.parameters import LONGEST_REQUEST, MOST_PARAMETERS, Parameters


def test_a_parameter_without_a_value_counts_as_omitted() -> None:
    parameters = Parameters([("a", ""), ("b", "x")])

    assert (parameters.get("a"), parameters.get("b"), list(parameters)) == (None, "x", ["b"])
    assert "a" not in parameters


def test_a_repeated_parameter_has_no_value_but_is_there() -> None:
    parameters = Parameters([("a", "x"), ("a", "x")])

    assert parameters.get("a") is None
    assert "a" in parameters
    with pytest.raises(OAuthRefusal):
        parameters.refuse_repeated()


def test_a_repetition_without_a_value_is_a_repetition() -> None:
    with pytest.raises(OAuthRefusal):
        Parameters([("a", ""), ("a", "x")]).refuse_repeated()


def test_the_limits_are_inclusive() -> None:
    assert Parameters([("a", "x" * (LONGEST_REQUEST - 1))]).get("a")
    assert len(list(Parameters([(f"p{number}", "x") for number in range(MOST_PARAMETERS)]))) == MOST_PARAMETERS


@pytest.mark.parametrize("pairs", [[("a", "x" * LONGEST_REQUEST)], [("a", "あ" * (LONGEST_REQUEST // 3 + 1))]])
def test_length_is_counted_in_bytes(pairs: list[tuple[str, str]]) -> None:
    with pytest.raises(OAuthRefusal, match="too long"):
        Parameters(pairs)
