"""A safetensors file by its own words: the length of the header, the header as JSON, then every tensor's bytes.

Format: the README of huggingface/safetensors. Stricter than a reader need be, since it is a file that was just made.
"""

from __future__ import annotations

import json
import math
import mmap
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from unpickled.restricted.contents import SIZES, UnprovedError

__all__ = ["DTYPES", "Written", "WrittenTensor", "open_written"]

DTYPES = {
    "float64": "F64", "float32": "F32", "float16": "F16", "bfloat16": "BF16", "complex64": "C64",
    "int64": "I64", "int32": "I32", "int16": "I16", "int8": "I8",
    "uint64": "U64", "uint32": "U32", "uint16": "U16", "uint8": "U8", "bool": "BOOL",
    "float8_e4m3fn": "F8_E4M3", "float8_e4m3fnuz": "F8_E4M3FNUZ",
    "float8_e5m2": "F8_E5M2", "float8_e5m2fnuz": "F8_E5M2FNUZ",
}  # fmt: skip
"""The types that safetensors and torch both have: torch's name, and that of the format."""

_NAMES = {theirs: ours for ours, theirs in DTYPES.items()}
_METADATA = "__metadata__"


class WrittenTensor(NamedTuple):
    """One tensor of the file; `dtype` is torch's name for its type."""

    dtype: str
    shape: tuple[int, ...]
    data: memoryview


class Written(NamedTuple):
    """What the file holds."""

    tensors: dict[str, WrittenTensor]
    metadata: dict[str, str]


@contextmanager
def open_written(path: Path) -> Iterator[Written]:
    """Map a file and read its header.

    Raises:
        UnprovedError: it is not exactly as the format says.
    """
    with path.open("rb") as file:
        try:
            yield _read(memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)))
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise UnprovedError(
                f"what was written is no sound safetensors file: {error}"
            ) from error


def _read(view: memoryview) -> Written:
    start = 8 + int.from_bytes(view[:8], "little")
    header = json.loads(bytes(view[8:start]), object_pairs_hook=_once)
    metadata = header.pop(_METADATA, {})
    if not all(isinstance(text, str) for pair in metadata.items() for text in pair):
        raise ValueError("its metadata is not text")
    body, tensors = view[start:], {}
    for name, told in header.items():
        tensors[name] = _tensor(told, body)
    ranges = sorted(tuple(told["data_offsets"]) for told in header.values())
    if [0, *(end for _, end in ranges)] != [*(begin for begin, _ in ranges), len(body)]:
        raise ValueError("its tensors leave gaps, or lie on one another")
    return Written(tensors, metadata)


def _tensor(told: dict[str, Any], body: memoryview) -> WrittenTensor:
    dtype, shape, (begin, end) = _NAMES[told["dtype"]], tuple(told["shape"]), told["data_offsets"]
    if any(type(n) is not int or n < 0 for n in (*shape, begin, end)):
        raise ValueError("a number in its header is none")
    if end - begin != math.prod(shape) * SIZES[dtype] or end > len(body):
        raise ValueError("its header and its bytes disagree")
    return WrittenTensor(dtype, shape, body[begin:end])


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("its header has a key twice")
    return found
