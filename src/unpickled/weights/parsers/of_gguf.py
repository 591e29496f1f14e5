"""GGUF: metadata and tensor descriptions.

The `gguf` package takes a step for each word of a vocabulary, many seconds in all, and goes on for ever where a
length lies. So the header is skimmed first, with every length checked, and copied with long arrays cut to their first
items; the package reads that copy, behind which a hole stands for the numbers.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

from __future__ import annotations

import mmap
import struct
from pathlib import Path
from typing import Any

from unpickled.weights.parsers.found import Found, RefusedError
from unpickled.weights.parsers.pickled import note_rest

__all__ = ["Skim", "read"]

_COUNT = 1_000_000  # tensors, or entries of metadata
_LEAST = (24, 13)  # bytes that a tensor or an entry takes, at least
_ITEMS = 8  # of an array, that are kept
_TEXT = 4 << 20  # bytes of one text
_DEPTH = 4
_WIDTHS = {0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8}
_STRING, _ARRAY, _UINT32 = 8, 9, 4
_ALIGNMENT = "general.alignment"
_COPY = Path("skimmed.gguf")  # in the child's private folder


def read(path: Path, found: Found) -> None:
    """Skim, then let the package read what is left."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        skim = Skim(view)
        header = skim.header()
        start, size = _aligned(skim.at, skim.alignment), len(view)
        behind = max(size - start, 0)
    with _COPY.open("wb") as copy:
        copy.write(header)
        copy.truncate(_aligned(len(header), skim.alignment) + behind)
    from gguf import GGUFReader  # noqa: PLC0415 - it takes longer to import than most files to skim

    try:
        reader = GGUFReader(_COPY)
    finally:
        _COPY.unlink()
    for name, field in reader.fields.items():
        if not name.startswith("GGUF."):
            value = field.contents() if field.types[0].name != "ARRAY" or field.data else []
            long = skim.arrays.get(name)
            found.tell(name, value if long is None else f"{long:,} items: {value}")
        if "chat_template" in name:
            found.risk("template", name, "A chat template: whoever runs the model executes it.")
    end = start
    for tensor in reader.tensors:
        numbers = int(tensor.data_offset) - reader.data_offset
        end = max(end, start + numbers + int(tensor.n_bytes))
        shape = [int(number) for number in tensor.shape]
        found.tensor(tensor.name, tensor.tensor_type.name, shape, int(tensor.n_bytes))
    with path.open("rb") as file:
        file.seek(end)
        if any(file.read(-end % skim.alignment)):  # up to there it is padded with zeros
            note_rest(end, size, "", found)
        else:
            note_rest(_aligned(end, skim.alignment), size, "", found)


def _aligned(at: int, alignment: int) -> int:
    return at + -at % alignment


class Skim:
    """One pass over a header.

    Attributes:
        at: where the pass stands, in bytes.
        alignment: of the numbers behind the header.
        arrays: how many items each array has.
    """

    def __init__(self, view: Any) -> None:
        self._view, self._end = view, len(view)
        self.at = 4
        self.alignment = 32
        self.arrays: dict[str, int] = {}
        self._order = "<"

    def header(self) -> bytes:
        """Return the header with arrays cut to their first items.

        Raises:
            RefusedError: a length or count cannot be true, a key comes twice, or something is over a limit.
        """
        start = self.at
        if not self._number("I") & 0xFFFF:
            self._order = ">"
        tensors, entries = self._number("Q"), self._number("Q")
        for what, least, count in zip(
            ("tensors", "entries"), _LEAST, (tensors, entries), strict=True
        ):
            if count > _COUNT:
                problem = f"its header promises {count:,} {what}, over the limit of {_COUNT:,}"
                raise RefusedError(problem)
            self._require(count * least)
        parts = [self._view[:4], self._view[start : self.at]]
        parts += [self._entries(entries), self._tensors(tensors)]
        return b"".join(parts)

    def _entries(self, count: int) -> bytes:
        parts = []
        seen = set()
        for _ in range(count):
            start = self.at
            name = self._text()
            if name in seen:
                raise RefusedError(f"its header has the key {name[:60]!r} twice")
            seen.add(name)
            kind = self._number("I")
            parts.append(self._view[start : self.at])
            start = self.at
            if kind == _ARRAY:
                total, kept = self._array(_DEPTH)
                self.arrays[name] = total
                parts.append(kept)
                continue
            self._skip(kind)
            parts.append(self._view[start : self.at])
            if name == _ALIGNMENT and kind == _UINT32:
                self.alignment = struct.unpack(f"{self._order}I", parts[-1])[0] or 1
        return b"".join(parts)

    def _tensors(self, count: int) -> bytes:
        start = self.at
        for _ in range(count):
            self._text()
            self._move(self._number("I") * 8 + 12)  # dimensions, type, offset
        return bytes(self._view[start : self.at])

    def _array(self, depth: int) -> tuple[int, bytes]:
        """Step over an array; returns its length, and itself with no more than the first items."""
        if not depth:
            raise RefusedError("its arrays are nested too deep")
        kind, count = self._number("I"), self._number("Q")
        kept = min(count, _ITEMS)
        head = struct.pack(f"{self._order}IQ", kind, kept)
        start = self.at
        if kind in _WIDTHS:
            self._move(count * _WIDTHS[kind])
            return count, head + self._view[start : start + kept * _WIDTHS[kind]]
        self._require(count * 8)
        if kind == _ARRAY:
            inner = [self._array(depth - 1)[1] for _ in range(count)]
            return count, head + b"".join(inner[:kept])
        if kind != _STRING:
            raise RefusedError(f"an array is of the unknown kind {kind}")
        cut = start
        for number in range(count):
            self._move(self._number("Q"))
            if number < kept:
                cut = self.at
        return count, head + self._view[start:cut]

    def _skip(self, kind: int) -> None:
        if kind == _STRING:
            self._text()
        elif kind in _WIDTHS:
            self._move(_WIDTHS[kind])
        else:
            raise RefusedError(f"an entry is of the unknown kind {kind}")

    def _text(self) -> str:
        length = self._number("Q")
        if _TEXT < length <= self._end:
            raise RefusedError(f"a text of {length:,} bytes is over the limit of {_TEXT:,}")
        start = self.at
        self._move(length)
        return str(self._view[start : self.at], "utf-8", "backslashreplace")

    def _number(self, code: str) -> int:
        start = self.at
        self._move(4 if code == "I" else 8)
        value: int = struct.unpack_from(self._order + code, self._view, start)[0]
        return value

    def _move(self, length: int) -> None:
        self._require(length)
        self.at += length

    def _require(self, length: int) -> None:
        if length > self._end - self.at:
            raise RefusedError("it ends within its header, or a length in it is false")
