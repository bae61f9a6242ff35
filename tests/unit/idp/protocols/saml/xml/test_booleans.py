"""Truth as XML Schema writes it."""

import pytest

from idp.protocols.saml.xml.booleans import read_boolean


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("true", True),
        ("1", True),
        ("false", False),
        ("0", False),
        (" \t\r\n1 ", True),
        ("\u00a01", None),
        ("True", None),
        ("yes", None),
        ("", None),
        (None, None),
    ],
)
def test_boolean_is_read_as_the_schema_says(written: str | None, meant: bool | None) -> None:  # noqa: FBT001 (pytest)
    assert read_boolean(written) is meant
