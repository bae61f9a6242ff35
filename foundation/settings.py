"""TOML files become frozen dataclasses, or the program does not start.

Unknown, missing and ill-typed keys are refused with their path (`database.url`), all in one message.
"""

import dataclasses
import tomllib
import types
import typing
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar, cast

T = TypeVar("T")


class SettingsError(Exception):
    """The settings cannot be used; the message lists every fault with its path."""


def load(kind: type[T], file: Path) -> T:
    """Read `file` into the dataclass `kind`.

    A field of type `Path` is taken relative to the file's folder; one of type `timedelta` is written in seconds; an
    enumeration by its value; a dataclass is a table, a tuple of dataclasses an array of tables. Raises `SettingsError`.
    """
    try:
        raw = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not valid TOML: {error}") from error
    return from_table(kind, raw, folder=file.parent, name=str(file))


def from_table(kind: type[T], raw: Mapping[str, object], *, folder: Path, name: str) -> T:
    """As `load`, from a table already read; `name` stands at the head of the error message."""
    reader = _Reader(folder.resolve())
    value = reader.table(kind, raw, "")
    if reader.faults:
        raise SettingsError(f"{name}: " + "; ".join(reader.faults))
    return cast(T, value)


class _Reader:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.faults: list[str] = []

    def table(self, kind: type, raw: Mapping[str, object], path: str) -> object:
        hints = typing.get_type_hints(kind)
        fields = {field.name: field for field in dataclasses.fields(kind)}
        self.faults += [f"{path}{key}: unknown key" for key in raw if key not in fields]
        values: dict[str, object] = {}
        for name, field in fields.items():
            if name in raw:
                values[name] = self.value(hints[name], raw[name], path + name)
            elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
                self.faults.append(f"{path}{name}: missing")
        if self.faults:
            return None
        try:
            return kind(**values)
        except ValueError as error:
            self.faults.append(f"{path or 'settings'}: {error}")
            return None

    def value(self, kind: Any, raw: object, path: str) -> object:  # noqa: ANN401 (a type annotation at run time)
        kind = getattr(kind, "__supertype__", kind)  # A NewType is its base type at run time.
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin in (types.UnionType, typing.Union):
            return self.value(next(a for a in arguments if a is not type(None)), raw, path)
        if origin is tuple:
            if isinstance(raw, Sequence) and not isinstance(raw, str):
                return tuple(self.value(arguments[0], item, f"{path}[{i}]") for i, item in enumerate(raw))
            return self.fault(path, "a list", raw)
        if dataclasses.is_dataclass(kind) and isinstance(kind, type):
            if isinstance(raw, Mapping):
                return self.table(kind, raw, f"{path}.")
            return self.fault(path, "a table", raw)
        return self.scalar(kind, raw, path)

    def scalar(self, kind: type, raw: object, path: str) -> object:
        if kind is Path and isinstance(raw, str):
            return (self.folder / raw).resolve()
        if kind is timedelta and isinstance(raw, int | float) and not isinstance(raw, bool):
            return timedelta(seconds=raw)
        if issubclass(kind, Enum) and isinstance(raw, str):
            by_value = {str(member.value): member for member in kind} | {m.name.lower(): m for m in kind}
            return by_value[raw] if raw in by_value else self.fault(path, "one of " + ", ".join(by_value), raw)
        if type(raw) is kind:
            return raw
        names = {
            timedelta: "a number of seconds",
            Path: "a path",
            str: "text",
            int: "a whole number",
            bool: "true or false",
        }
        return self.fault(path, names.get(kind, kind.__name__), raw)

    def fault(self, path: str, wanted: str, raw: object) -> object:
        self.faults.append(f"{path}: must be {wanted}, not {raw!r}")
        return None
