"""Plain data: the only thing that passes from a learner's work to a check, strict in its types and bounded."""

from __future__ import annotations

import dataclasses
import enum
import math
import pathlib
from typing import Any, TypeAlias

from unpickled.errors import StudentError

__all__ = ["LARGEST", "Plain", "plain"]

Plain: TypeAlias = bool | int | float | str | bytes | list["Plain"] | dict[str, "Plain"] | None
"""None, truth values, numbers, text, bytes, and lists and dicts of these; the keys of a dict are text."""

LARGEST = 4 << 20  # characters and bytes together
_ENTRIES = 10_000
_DEPTH = 12
_BITS = 4_096  # of a whole number
_ATOMS = (type(None), bool, int, float, str, bytes)
_PATHS = (pathlib.PosixPath, pathlib.WindowsPath)
_KINDS = "None, True or False, a number, text, bytes, or a list or dict of these"


class _Room:
    """What one value may still use up."""

    def __init__(self) -> None:
        self.entries = _ENTRIES
        self.size = LARGEST

    def take(self, size: int = 0) -> None:
        self.entries -= 1
        self.size -= size
        if self.entries < 0 or self.size < 0:
            most = f"{_ENTRIES:,} entries and {LARGEST >> 20} MB"
            raise StudentError(f"it is too large: a check reads at most {most}", "Make it smaller.")


def plain(value: object) -> Plain:
    """Turn a value into plain data.

    Types count exactly, so that a subclass with methods of its own cannot pass for what it is not. A tuple becomes a
    list, a path its text, an enum's member its value; a dataclass and a named tuple become dicts of their fields.

    Raises:
        StudentError: it is something else, holds itself, is nested deeper than 12, or is too large.
    """
    try:
        return _plain(value, _Room(), 0)
    except (StudentError, KeyboardInterrupt):
        raise
    except BaseException as error:  # noqa: BLE001
        # A field may be a property of the learner's, which may raise anything at all.
        name = type(error).__name__
        raise StudentError(f"reading it raised {name}", f"Use {_KINDS}.", raised=name) from None


def _plain(value: Any, room: _Room, depth: int) -> Plain:
    if depth > _DEPTH:
        raise StudentError(f"it is nested deeper than {_DEPTH}", "Make it flatter.")
    kind = type(value)
    if _is_one_of(kind, _ATOMS):
        return _atom(value, room)
    room.take()
    if issubclass(kind, enum.Enum):
        return _plain(value.value, room, depth + 1)
    if _is_one_of(kind, _PATHS):
        return _plain(str(value), room, depth + 1)
    if _is_one_of(kind, (list, tuple)):
        return [_plain(item, room, depth + 1) for item in value]
    return {_key(key, room): _plain(item, room, depth + 1) for key, item in _fields(value, kind)}


def _is_one_of(kind: type, kinds: tuple[type, ...]) -> bool:
    """Compare by identity: a metaclass may have a notion of its own about what equals it."""
    return any(kind is one for one in kinds)


def _atom(value: Any, room: _Room) -> Plain:
    room.take(len(value) if type(value) in {str, bytes} else 8)
    if type(value) is float and not math.isfinite(value):
        raise StudentError(f"{value} is no number to reckon with", "Use a finite number.")
    if type(value) is int and value.bit_length() > _BITS:
        raise StudentError("it is too large a whole number", "Use a smaller one.")
    atom: Plain = value
    return atom


def _fields(value: Any, kind: type) -> list[tuple[object, object]]:
    """Return what a dict, a dataclass or a named tuple holds, as pairs."""
    if kind is dict:
        return list(value.items())
    if dataclasses.is_dataclass(kind):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(kind)]
    names = getattr(kind, "_fields", None)
    if issubclass(kind, tuple) and type(names) is tuple:
        return list(zip(names, tuple.__iter__(value), strict=True))
    raise StudentError(f"it is of type {_name(kind)}, which is not plain data", f"Use {_KINDS}.")


def _key(key: object, room: _Room) -> str:
    if type(key) is not str:
        raise StudentError(f"a key of it is of type {_name(type(key))}", "Let its keys be text.")
    room.take(len(key))
    return key


def _name(kind: type) -> str:
    return str(type.__getattribute__(kind, "__name__"))[:60]
