"""Write a table as TOML: the standard library only reads it."""

import json
from collections.abc import Mapping, Sequence


def toml_text(table: Mapping[str, object]) -> str:
    """TOML for strings, numbers, truth values, lists, tables and arrays of tables. Raises `TypeError` for others."""
    return "\n".join(_lines(table, "")) + "\n"


def _lines(table: Mapping[str, object], path: str) -> list[str]:
    plain = [f"{key} = {_value(value)}" for key, value in table.items() if not _is_table(value)]
    nested: list[str] = []
    for key, value in table.items():
        name = f"{path}.{key}" if path else key
        if isinstance(value, Mapping):
            nested += ["", f"[{name}]", *_lines(value, name)]
        elif _is_table(value) and isinstance(value, Sequence):
            for item in value:
                nested += ["", f"[[{name}]]", *_lines(item, name)]
    return plain + nested


def _is_table(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, Mapping) for item in value)
    return isinstance(value, Mapping)


def _value(value: object) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_value(item) for item in value) + "]"
    if isinstance(value, str | bool | int | float):
        return json.dumps(value, ensure_ascii=False)
    raise TypeError(f"{type(value).__name__} is not written as TOML here")
