"""Truth as XML Schema writes it."""

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def read_boolean(written: str | None) -> bool | None:
    """An xs:boolean (XML Schema 2, 3.2.2), with the white space that its type takes off; None for anything else."""
    return None if written is None else _BOOLEANS.get(written.strip(" \t\r\n"))
