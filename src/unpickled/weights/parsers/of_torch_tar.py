"""PyTorch's first format, a tar: pickles with raw numbers between them, which are stepped over by their lengths.

Layout: `legacy_load` in `torch.serialization` of torch 2.13, which still reads it. Of `storages` it reads how many
there are, of each a pickle (key, place, type) and how many elements (8 bytes) and these, and then a pickle of views;
of `tensors` how many, and of each a pickle (key, storage, type) and its dimensions, shape, strides and offset.
"""

from __future__ import annotations

import math
import mmap
import struct
import tarfile
from pathlib import Path
from typing import Any

from unpickled.pickles import Import
from unpickled.weights.parsers.found import Found, RefusedError, Storage
from unpickled.weights.parsers.of_archives import tar_members
from unpickled.weights.parsers.pickled import (
    Place,
    Read,
    names_told,
    note_rest,
    tell_pickle,
    tell_pieces,
    trace_pickles,
)
from unpickled.weights.parsers.tensors import TYPES, entries, width_of

__all__ = ["read"]

_MOST = 200_000  # storages, or tensors
_DIMENSIONS = 64


def read(path: Path, found: Found) -> None:
    """Read `storages` and `tensors`, then the object, and tell whatever other pickles there are."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        known = {member.name: member for member in tar_members(file)}
        found.tell("members", ", ".join(known))
        names = {name.removeprefix("./"): name for name in known}
        for name in ("storages", "tensors", "pickle"):
            if name not in names or not known[names[name]].isreg():
                raise RefusedError(f"it has no file {name!r}, which torch reads first")
        kinds = _storages(_Stretch(view, known[names["storages"]]), found)
        _tensors(_Stretch(view, known[names["tensors"]]), kinds, found)
        last = known[names["pickle"]]
        end = last.offset_data + last.size
        tell_pickle(view, Place(last.name, last.offset_data, end=end), found)
    read_here = {names[name] for name in ("storages", "tensors", "pickle")}
    tell_pieces(path, found, known=read_here)


class _Stretch:
    """A member as a run of pickles and numbers."""

    def __init__(self, view: mmap.mmap, member: tarfile.TarInfo) -> None:
        if member.issparse():
            raise RefusedError(f"its member {member.name[:60]!r} has holes")
        self._view, self.name = view, member.name
        self.at, self.end = member.offset_data, member.offset_data + member.size
        self._read = Read()

    def pickle(self) -> Any:
        """Trace the next pickle; returns what it leaves."""
        found = trace_pickles(self._view, Place(self.name, self.at, end=self.end))
        self._read.names.update(found.names)
        self.at = found.end
        return found.roots[0]

    def many(self) -> int:
        """Read how many of something follow."""
        count = self.pickle()
        if type(count) is not int or not 0 <= count <= _MOST:
            raise RefusedError(
                f"its member {self.name[:60]!r} does not say how many there are in it"
            )
        return count

    def numbers(self, count: int) -> tuple[int, ...]:
        """Read numbers of 8 bytes."""
        start = self.at
        self.skip(8 * count)
        return struct.unpack_from(f"<{count}q", self._view, start)

    def skip(self, length: int) -> None:
        """Step over bytes."""
        if not 0 <= length <= self.end - self.at:
            raise RefusedError(f"it is cut off in {self.name[:60]!r}, or a length there is false")
        self.at += length

    @property
    def names(self) -> str:
        """What its pickles import, as far as they were read."""
        return names_told(self._read)

    def told(self, found: Found) -> None:
        """Tell what its pickles import, and whether something follows the last."""
        text = f"Pickles: loading them runs what they name. They import {self.names}."
        found.risk("pickle", self.name, text)
        note_rest(self.at, self.end, self.name, found)


def _storages(part: _Stretch, found: Found) -> dict[str, str]:
    """Step over the storages; returns the types of their elements, by key."""
    kinds: dict[str, str] = {}
    for _ in range(part.many()):
        told = part.pickle()
        kind = told[2] if type(told) is tuple and len(told) == 3 else None
        if type(kind) is not Import:
            raise RefusedError(
                f"one of its storages is described by no key, place and type; its pickles import {part.names}"
            )
        plain = kind.name.removesuffix("Storage").lower()
        dtype = TYPES.get(plain, plain)
        width = width_of(dtype)
        if not width:
            raise RefusedError(f"one of its storages is of the unknown type {kind.text[:60]!r}")
        (elements,) = part.numbers(1)
        part.skip(elements * width)
        kinds[str(told[0])] = dtype
        found.storages[str(told[0])] = Storage(elements, width)
    for _, view in entries(part.pickle()):
        if type(view) is tuple and len(view) == 4:
            kinds[str(view[0])] = kinds.get(str(view[1]), "unknown")
    part.told(found)
    return kinds


def _tensors(part: _Stretch, kinds: dict[str, str], found: Found) -> None:
    """Read the descriptions of the tensors."""
    for _ in range(part.many()):
        told = part.pickle()
        if type(told) is not tuple or len(told) != 3:
            raise RefusedError(
                f"one of its tensors is described by no key, storage and type; its pickles import {part.names}"
            )
        dimensions = part.numbers(1)[0] & 0xFFFFFFFF  # 4 bytes count, and 4 do not
        if dimensions > _DIMENSIONS:
            raise RefusedError(f"one of its tensors has {dimensions:,} dimensions")
        shape = list(part.numbers(dimensions))
        part.skip(8 * dimensions + 8)  # strides and offset
        dtype = kinds.get(str(told[1]), "unknown")
        width = width_of(dtype)
        if any(number < 0 for number in shape):
            raise RefusedError("one of its tensors has an impossible shape")
        found.kept[str(told[0])] = dtype, shape, math.prod(shape) * width if width else None
    part.told(found)
