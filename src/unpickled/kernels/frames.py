"""The messages between a kernel and whoever trusts it with nothing: a length, then JSON, read strictly and with bounds.

Both ends use this. A list is written with "l" as its first entry, bytes as `["b", base64]` and a file as `["f", name,
base64]`, so that plain data come back as what they were. JSON is held to RFC 8259: no NaN, no infinity, no key twice.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
import struct
from collections.abc import Callable
from typing import Any

from unpickled.checking import File, Plain

__all__ = ["LARGEST", "FrameError", "frame", "length_of", "pack", "read", "unpack"]

LARGEST = 28 << 20
"""Bytes of one message: four million characters, each escaped, and some room."""
_HEADER = struct.Struct("!I")
_STRING = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)
"""A string, or what begins as one and has no end: so each character is looked at once, whatever comes."""
_NOT_BRACKETS = re.compile(r"[^\[\]{}]+")
_COMMAS = 60_000
_DEPTH = 24
_DIGITS = 1_300


class FrameError(ValueError):
    """A message is not what two honest ends would say."""


def frame(message: dict[str, Any]) -> bytes:
    """Return a message as bytes.

    Raises:
        ValueError: it holds something that strict JSON cannot say, or more than `read` takes.
        TypeError: the same.
    """
    text = json.dumps(message, allow_nan=False, separators=(",", ":"))
    if len(text) > LARGEST:
        raise FrameError(f"a message of {len(text):,} bytes")
    _require_small(text)
    return _HEADER.pack(len(text)) + text.encode("ascii")


def length_of(header: bytes) -> int:
    """Return how many bytes follow a header of four.

    Raises:
        FrameError: more than a message may have.
    """
    length = int(_HEADER.unpack(header)[0])
    if length > LARGEST:
        raise FrameError(f"a message of {length:,} bytes")
    return length


def read(body: bytes) -> dict[str, Any]:
    """Return the message in a frame's body.

    Raises:
        FrameError: it is no strict JSON, no object, nested too deeply, or has too many parts.
    """
    try:
        text = body.decode("ascii")
        _require_small(text)
        message = json.loads(
            text,
            object_pairs_hook=_once,
            parse_constant=_refuse("a number that is none"),
            parse_int=_whole,
            parse_float=_finite,
        )
    except (UnicodeDecodeError, RecursionError, json.JSONDecodeError) as error:
        raise FrameError("a message that is no JSON") from error
    if not isinstance(message, dict):
        raise FrameError("a message that is no object")
    return message


def _require_small(text: str) -> None:
    """Look at what stands outside of strings, before anything is built from it."""
    bare = _STRING.sub('""', text)
    if bare.count(",") > _COMMAS:
        raise FrameError("a message of too many parts")
    depth = 0
    for bracket in _NOT_BRACKETS.sub("", bare)[: 4 * _COMMAS]:
        depth += 1 if bracket in "[{" else -1
        if depth > _DEPTH:
            raise FrameError("a message that is nested too deeply")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise FrameError("a message with a key twice")
    return made


def _refuse(what: str) -> Callable[[str], Any]:
    def refuse(_: str) -> Any:
        raise FrameError(f"a message with {what}")

    return refuse


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise FrameError("a message with too large a number")
    return int(text)


def _finite(text: str) -> float:
    value = float(text)
    if len(text) > _DIGITS or not math.isfinite(value):
        raise FrameError("a message with a number that is none")
    return value


def pack(value: Plain | File) -> Any:
    """Return plain data, or a file, as what JSON can say."""
    if isinstance(value, File):
        return ["f", value.name, base64.b64encode(value.data).decode("ascii")]
    if isinstance(value, bytes):
        return ["b", base64.b64encode(value).decode("ascii")]
    if isinstance(value, list):
        return ["l", *map(pack, value)]
    if isinstance(value, dict):
        return {key: pack(entry) for key, entry in value.items()}
    return value


def unpack(said: Any, *, files: bool = False) -> Any:
    """Return what was packed.

    Args:
        said: out of a message.
        files: whether it may be a `File`, as an argument may and an answer may not.

    Raises:
        FrameError: it was not packed by `pack`.
    """
    if isinstance(said, dict):
        return {key: unpack(entry) for key, entry in said.items()}
    if not isinstance(said, list):
        return said
    match said:
        case ["l", *entries]:
            return [unpack(entry) for entry in entries]
        case ["b", str(text)]:
            return _bytes(text)
        case ["f", str(name), str(text)] if files:
            return File(name, _bytes(text))
    raise FrameError("a message with an unknown kind of data")


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise FrameError("a message with bytes that are none") from error
