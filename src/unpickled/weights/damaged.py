"""What a file most likely was before it was cut or its header changed: for a message, never for a verdict.

`identify` calls such a file unknown, and so do the scanners. Here weaker signs will do, since nothing is opened on
their strength: a length before `{"`, the first fields of an ONNX model, a compressed stream without an end.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import BinaryIO, NamedTuple

from unpickled.weights import headers
from unpickled.weights.formats import KINDS
from unpickled.weights.identify import HEAD
from unpickled.weights.squeezed import compression, unsqueeze

__all__ = ["Damage", "damage"]

_OPENS = re.compile(rb'\{[ \t\r\n]*("|\}|\Z)')
_LENGTH = 8  # bytes before a safetensors header
_READ = 1 << 20  # bytes of a header that are tried as JSON
_FIRST = 0x08  # the tag of field 1, a varint: the version
_VERSIONS = range(1, 65)  # of ONNX's format; 13 in 2025
_SQUEEZED = frozenset({"gzip", "bz2", "xz", "lzma", "lz4", "zlib"})


class Damage(NamedTuple):
    """What a file most likely is, and what is wrong with it: together the end of a sentence."""

    label: str
    problem: str


def damage(file: BinaryIO, name: str, found: str) -> Damage | None:
    """Tell what a file most likely is for which `identify` has no weight format.

    Args:
        file: an open, seekable file.
        name: its name, which counts only where the content is too short to say anything.
        found: the id that `identify` gave.

    Returns:
        None where it is nothing in particular.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    head = file.read(HEAD)
    if found in _SQUEEZED:
        return _squeezed(head, size, found)
    if found != "unknown":
        return None
    return _safetensors(file, head, size, name) or _onnx(file, size) or _squeezed(head, size, "")


def _safetensors(file: BinaryIO, head: bytes, size: int, name: str) -> Damage | None:
    label = KINDS["safetensors"].label
    if size <= _LENGTH:
        if Path(name).suffix.lower() != ".safetensors":
            return None
        return Damage(label, f"cut short before its header: {_bytes(size)}")
    if not _OPENS.match(head[_LENGTH : _LENGTH + 64]):
        return None
    length, there = int.from_bytes(head[:_LENGTH], "little"), size - _LENGTH
    told = f"its header's length is {length:,}"
    if length > there:
        return Damage(label, f"cut short or false: {told}, and there {_are(there)}")
    file.seek(_LENGTH)
    if length <= _READ and not _is_object(file.read(length)):
        return Damage(label, f"with a false header: {told}, and that much is no JSON object")
    return None


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _onnx(file: BinaryIO, size: int) -> Damage | None:
    """A model starts with the format's version, and other fields of ModelProto follow, the last of them cut."""
    file.seek(0)
    head = file.read(2)
    if len(head) < 2 or head[0] != _FIRST or head[1] not in _VERSIONS:
        return None
    cut = headers.onnx_cut(file, size)
    return Damage(KINDS["onnx"].label, f"cut short: {cut}") if cut else None


def _squeezed(head: bytes, size: int, found: str) -> Damage | None:
    """Compressed data that makes sense up to its last byte, and has no end; a long one is not read through."""
    kind = found or compression(head)
    if not kind or size > len(head):
        return None
    inner, problem = unsqueeze(head, kind, HEAD)
    if not problem.endswith("cut off"):
        return None
    told = f"{_bytes(size)} unpack to {_bytes(len(inner))}, and its end is not there"
    return Damage(f"{KINDS[kind].label} as joblib writes it", f"cut short: {told}")


def _bytes(count: int) -> str:
    return f"{count:,} byte" if count == 1 else f"{count:,} bytes"


def _are(count: int) -> str:
    return f"is {_bytes(count)}" if count == 1 else f"are {_bytes(count)}"
