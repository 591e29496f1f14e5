"""The stretches of formats that are a header and then numbers: safetensors, npy, GGUF.

Formats: the safetensors README, NEP 1 (npy), the GGUF specification (docs/gguf.md of ggml).
"""

from __future__ import annotations

import json
from typing import Any

from unpickled.weights.headers import npy
from unpickled.weights.layout.survey import BrokenError, Survey

__all__ = ["lay_out_gguf", "lay_out_npy", "lay_out_safetensors"]

_JSON = 1 << 20  # bytes of a safetensors header that are read for the tensors' places
_TENSORS = 150  # told apart
_ENTRIES = 150  # of GGUF metadata and of its tensors; more of them are one field
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY = 8, 9


def lay_out_safetensors(survey: Survey) -> None:
    """Note the length, the JSON, and the numbers of each tensor."""
    length = survey.number("length of the JSON that follows", 8)
    survey.close("length of the header")
    survey.file.seek(survey.at)
    header = survey.file.read(length) if length <= _JSON else b""
    survey.text("JSON", length)
    survey.close("header: JSON", "text")
    start = survey.at
    for begin, end, name in _places(header)[:_TENSORS]:
        if start + begin < survey.at or end < begin:
            raise BrokenError(f"the numbers of {name} overlap those before")
        survey.gap(start + begin, "bytes that no tensor claims")
        survey.whole("data", f"numbers of {name}", end - begin)
    if survey.at < survey.size:
        survey.whole("data", "numbers", survey.size - survey.at)


def _places(header: bytes) -> list[tuple[int, int, str]]:
    """Read where each tensor's numbers begin and end, in order; nothing from a header that is none."""
    try:
        entries: dict[str, Any] = json.loads(header)
        found = [
            (int(entry["data_offsets"][0]), int(entry["data_offsets"][1]), name[:80])
            for name, entry in entries.items()
            if name != "__metadata__"
        ]
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return []
    return sorted(found)


def lay_out_npy(survey: Survey) -> None:
    """Note magic, version, header and data of an array."""
    head = survey.peek(1 << 16)
    survey.magic("magic", 6)
    major = survey.peek(1)
    survey.number("version, first part", 1)
    survey.number("version, second part", 1)
    length = survey.number("length of the header", 2 if major == b"\x01" else 4)
    survey.text("header: a Python dict as text", length)
    survey.close("npy header", "text")
    told = npy(head)
    objects = bool(told and told[1])
    label = "the array's objects, as a pickle" if objects else "numbers"
    survey.whole("pickle" if objects else "data", label, survey.size - survey.at)


def lay_out_gguf(survey: Survey) -> None:
    """Note the counts, the metadata, the descriptions of the tensors, and the numbers."""
    survey.magic("magic", 4)
    version = survey.number("version", 4)
    if version not in {2, 3}:
        raise BrokenError(f"version {version:,} is not told apart here")
    tensors, entries = survey.number("tensors", 8), survey.number("metadata entries", 8)
    survey.close("header")
    for _ in range(min(entries, _ENTRIES)):
        key = _string(survey, "key")
        _value(survey, survey.number("type", 4), key)
    if entries > _ENTRIES:
        raise BrokenError(
            f"only the first {_ENTRIES} of {entries:,} metadata entries are told apart"
        )
    survey.close("metadata", "text")
    for _ in range(min(tensors, _ENTRIES)):
        _string(survey, "name")
        dimensions = survey.number("dimensions", 4)
        survey.field("number", "shape", 8 * dimensions)
        survey.number("type", 4)
        survey.number("where its numbers are", 8)
    survey.close("descriptions of the tensors", "text")
    if tensors <= _ENTRIES:
        survey.whole("data", "padding and numbers", survey.size - survey.at)
    else:
        survey.whole("data", "more descriptions, and numbers", survey.size - survey.at)


def _string(survey: Survey, label: str) -> str:
    return survey.text(label, survey.number(f"length of the {label}", 8))[:80]


def _value(survey: Survey, kind: int, key: str) -> None:
    if kind == _STRING:
        survey.text(f"value of {key}", survey.number("length of the value", 8))
    elif kind == _ARRAY:
        inner, count = survey.number("type of the entries", 4), survey.number("entries", 8)
        survey.field("data", f"values of {key}", _array_bytes(survey, inner, count))
    elif kind in _WIDTHS:
        survey.number(f"value of {key}", _WIDTHS[kind])
    else:
        raise BrokenError(f"there is no value of type {kind:,}")


def _array_bytes(survey: Survey, inner: int, count: int) -> int:
    """Measure an array; one of strings is walked, as far as is reasonable."""
    if inner in _WIDTHS:
        return _WIDTHS[inner] * count
    if inner != _STRING or count > 300_000:
        raise BrokenError("its array is not told apart here")
    at = survey.at
    for _ in range(count):
        survey.file.seek(at)
        at += 8 + int.from_bytes(survey.file.read(8), "little")
        if at > survey.size:
            raise BrokenError("the file ends inside an array of strings")
    return at - survey.at
