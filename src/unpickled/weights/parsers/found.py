"""What a parser gathers, cut to a size that can be shown, and how it refuses a file."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any, NamedTuple

from unpickled.weights.report import RiskKind

__all__ = ["Found", "RefusedError", "Storage", "size_of"]

_TENSORS = 50_000
_RISKS = 200
_ENTRIES = 1_000
_VALUE = 2_000  # characters of a metadata value
_NAME = 300


class RefusedError(Exception):
    """The file is not read any further; the message is part of a sentence for readers."""


class Storage(NamedTuple):
    """The numbers of one or more tensors of a PyTorch file: how many, and the bytes of each."""

    elements: int
    width: int

    @property
    def bytes(self) -> int:
        """Return the room that they take."""
        return self.elements * self.width


class Found:
    """Metadata, tensors and risks, each up to a limit; the rest is only counted."""

    def __init__(self) -> None:
        self.metadata: dict[str, str] = {}
        self.tensors: list[tuple[str, str, list[int], int | None]] = []
        self.total = 0
        self.risks: list[tuple[RiskKind, str, str]] = []
        self.storages: dict[str, Storage] = {}  # of a PyTorch pickle: where numbers are, by key
        self.order: list[
            str
        ] = []  # what the last pickle lists: in a legacy file the storages' keys
        self.kept: dict[
            str, tuple[str, list[int], int | None]
        ] = {}  # of an old tar: its tensors' types, shapes and bytes, by key

    def tell(self, name: str, value: object) -> None:
        """Add an entry of metadata."""
        if len(self.metadata) < _ENTRIES:
            self.metadata[_cut(str(name), _NAME)] = _cut(str(value), _VALUE)

    def tensor(self, name: str, dtype: str, shape: Iterable[int], size: int | None) -> None:
        """Add a tensor.

        Raises:
            RefusedError: its shape or size is none that a tensor can have.
        """
        dimensions = [int(number) for number in shape]
        if len(dimensions) > 64 or any(not -1 <= number < 1 << 63 for number in dimensions):
            raise RefusedError(f"the shape of {_cut(name, 60)!r} is impossible")
        if size is not None and not 0 <= size < 1 << 63:
            raise RefusedError(f"the size of {_cut(name, 60)!r} is impossible")
        self.total += 1
        if len(self.tensors) < _TENSORS:
            self.tensors.append((_cut(name, _NAME), _cut(dtype, 60), dimensions, size))

    def risk(self, kind: RiskKind, where: str, text: str) -> None:
        """Add something that stands out."""
        entry = (kind, _cut(where, _NAME), _cut(text, _VALUE))
        if len(self.risks) < _RISKS and entry not in self.risks:
            self.risks.append(entry)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data for JSON."""
        return {
            "metadata": list(self.metadata.items()),
            "tensors": self.tensors,
            "total": self.total,
            "risks": self.risks,
        }


def size_of(shape: Iterable[int], bits: int) -> int:
    """Return the bytes of a tensor of that shape and so many bits an element."""
    return (math.prod(shape) * bits + 7) // 8


def _cut(text: str, most: int) -> str:
    clean = text.encode("utf-8", "backslashreplace").decode("utf-8")  # no lone surrogates
    return clean if len(clean) <= most else f"{clean[: most - 1]}…"
