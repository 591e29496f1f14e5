"""Format headers that are read here by hand, each bounded: npy, safetensors, HDF5, ONNX.

Formats: NEP 1 and `numpy.lib.format` (npy), the safetensors README (8-byte length, then JSON), the HDF5 file
format specification (signature at 0 or at a power of two from 512), `onnx.proto` (fields of ModelProto).
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from typing import Any, BinaryIO

__all__ = ["hdf5", "npy", "onnx", "onnx_cut", "safetensors"]

_NPY_HEADER = 1 << 16
_JSON_PROBE = 1 << 20
_ONNX_FIELDS = {
    1: 0,
    2: 2,
    3: 2,
    4: 2,
    5: 0,
    6: 2,
    7: 2,
    8: 2,
    14: 2,
    20: 2,
    25: 2,
    26: 2,
}  # field: wire type
_PLAIN = re.compile(
    r"[<>|=]?(?:[?biufcSaUV]\d{0,9}|[Mm]8?(?:\[\w*\])?)|bool|(?:u?int|float|complex)\d{1,3}"
)
_HDF5 = b"\x89HDF\r\n\x1a\n"


def npy(head: bytes) -> tuple[int, bool] | None:
    """Read an npy header: where its data starts (bytes) and whether the dtype holds Python objects.

    Returns:
        None where the header is damaged, has a key twice, or is longer than 64 KiB.
    """
    if not head.startswith(b"\x93NUMPY") or len(head) < 12:
        return None
    width = 2 if head[6] == 1 else 4
    start = 8 + width
    end = start + int.from_bytes(head[8:start], "little")
    if end > min(len(head), _NPY_HEADER):
        return None
    try:
        header = _literal(head[start:end].decode("utf-8" if head[6] >= 3 else "latin-1").strip())
        return end, _has_objects(header["descr"])
    except (ValueError, SyntaxError, TypeError, KeyError, MemoryError, RecursionError):
        return None


def _literal(text: str) -> Any:
    """Read a dict literal in which no key comes twice: of two, a reader may take either.

    Raises:
        ValueError: one does, or it is no literal.
    """
    tree = ast.parse(text, mode="eval")
    found = ast.literal_eval(tree)
    if isinstance(tree.body, ast.Dict) and len(found) < len(tree.body.keys):
        raise ValueError("a key comes twice")
    return found


def _has_objects(descr: Any) -> bool:
    """Tell whether a dtype description may hold object fields; only what NumPy writes for numbers and texts may not.

    Codes: https://numpy.org/doc/stable/reference/arrays.dtypes.html. Records are lists of fields, and a shape makes a
    tuple of it, as `numpy.lib.format.dtype_to_descr` writes them.
    """
    if isinstance(descr, str):
        return not _PLAIN.fullmatch(descr)
    if isinstance(descr, list):
        return any(_has_objects(field[1]) for field in descr)
    return not isinstance(descr, tuple) or _has_objects(descr[0])


def safetensors(file: BinaryIO, size: int) -> bool:
    """Tell whether the file starts with a length that fits and a JSON object of that length."""
    file.seek(0)
    head = file.read(10)
    length = int.from_bytes(head[:8], "little")
    if len(head) < 10 or head[8:9] != b"{" or length + 8 > size or length < 2:
        return False
    if length > _JSON_PROBE:
        return head[9:10] in b'"} '
    file.seek(8)
    try:
        return isinstance(json.loads(file.read(length)), dict)
    except (ValueError, RecursionError):
        return False


def hdf5(file: BinaryIO, size: int) -> bool:
    """Tell whether an HDF5 signature stands at 0 or, after a user block, at 512, 1024, … (first 64 KiB)."""
    at = 0
    while at < min(size, 1 << 16):
        file.seek(at)
        if file.read(8) == _HDF5:
            return True
        at = at * 2 or 512
    return False


def onnx(file: BinaryIO, size: int) -> bool:
    """Tell whether the whole file reads as the fields of an ONNX ModelProto; weights are stepped over."""
    seen = set()
    for number in _fields(file, size):
        if number < 0:
            return False
        seen.add(number)
    return 7 in seen and 1 in seen


def onnx_cut(file: BinaryIO, size: int) -> str:
    """Tell how a ModelProto is cut short, as part of a sentence; empty where it is whole, or is no such thing."""
    at = 0
    seen: set[int] = set()
    for _ in range(4096):
        if at == size:
            return "" if 7 in seen or len(seen) < 2 else "its graph is not there"
        file.seek(at)
        head = file.read(20)
        tag, used = _varint(head)
        number, wire = tag >> 3, tag & 7
        value, more = _varint(head[used:])
        if used and _ONNX_FIELDS.get(number) != wire:
            return ""
        if not used or not more:
            return "it ends within a field" if at + len(head) == size and seen else ""
        at += used + more + (value if wire == 2 else 0)
        if at > size:
            there = size - at + value
            return f"of a field of {value:,} bytes {max(0, there):,} are there" if seen else ""
        seen.add(number)
    return ""


def _fields(file: BinaryIO, size: int) -> Iterator[int]:
    """Yield the top-level field numbers; -1 for what ModelProto does not have, or has in another shape."""
    at = 0
    for _ in range(4096):
        if at == size:
            return
        file.seek(at)
        head = file.read(20)
        tag, used = _varint(head)
        number, wire = tag >> 3, tag & 7
        value, more = _varint(head[used:])
        at += used + more + (value if wire == 2 else 0)
        if not used or not more or _ONNX_FIELDS.get(number) != wire or at > size:
            yield -1
            return
        yield number
    yield -1


def _varint(data: bytes) -> tuple[int, int]:
    """Decode one protobuf varint: value, bytes used (0 where it is cut off or too long)."""
    value = 0
    for used, byte in enumerate(data[:10], start=1):
        value |= (byte & 0x7F) << (7 * (used - 1))
        if byte < 0x80:
            return value, used
    return 0, 0
