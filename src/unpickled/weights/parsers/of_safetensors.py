"""safetensors: the length of the header, the header as JSON, then the numbers.

Format: the README of huggingface/safetensors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import safetensors

from unpickled.weights.parsers.architecture import decode
from unpickled.weights.parsers.found import Found, RefusedError, size_of

__all__ = ["read"]

_HEADER = 32 << 20  # bytes; 100,000 tensors have about 10 MB
_BITS = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "BOOL": 8, "C64": 64}


def read(path: Path, found: Found) -> None:
    """Read the header twice: our own look for what the library lets pass, then the library."""
    header = _header(path)
    for name, value in (header.pop("__metadata__", None) or {}).items():
        found.tell(name, value)
    with safetensors.safe_open(path, framework="np") as file:
        for name in file.keys():  # noqa: SIM118 - it is no dict
            part = file.get_slice(name)
            dtype, shape = str(part.get_dtype()), part.get_shape()
            found.tensor(name, dtype, shape, size_of(shape, _bits(dtype)))
    if found.total != len(header):
        raise RefusedError("its header and its tensors disagree")


def _header(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if length > _HEADER:
            raise RefusedError(f"its header of {length:,} bytes is over the limit of {_HEADER:,}")
        text = file.read(length)
    if len(text) < length:
        raise RefusedError(f"it ends within its header: {len(text):,} of {length:,} bytes")
    header = decode(text)
    if not isinstance(header, dict):
        raise RefusedError("its header is no JSON object")
    return header


def _bits(dtype: str) -> int:
    """F8_E4M3, BF16, I64, U8: the first digits are bits."""
    if dtype in _BITS:
        return _BITS[dtype]
    digits = dtype.split("_", maxsplit=1)[0].lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    return int(digits) if digits.isdigit() else 0
