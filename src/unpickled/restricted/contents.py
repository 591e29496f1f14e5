"""A PyTorch file opened without torch: the object that its pickle describes, and the bytes of its storages.

Layouts: `torch.serialization` of torch 2.13, `_save` and `_legacy_save`.
"""

from __future__ import annotations

import mmap
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from unpickled.errors import TraceError
from unpickled.pickles.values import Dict, additions
from unpickled.restricted.described import Described
from unpickled.restricted.tree import describe, items, read_pickles
from unpickled.weights import archives

__all__ = ["SIZES", "Contents", "UnprovedError", "open_model"]

SIZES = {
    "float64": 8, "float32": 4, "float16": 2, "bfloat16": 2, "complex64": 8, "complex128": 16,
    "int64": 8, "int32": 4, "int16": 2, "int8": 1, "uint64": 8, "uint32": 4, "uint16": 2, "uint8": 1,
    "bool": 1, "float8_e4m3fn": 1, "float8_e4m3fnuz": 1, "float8_e5m2": 1, "float8_e5m2fnuz": 1,
    "float8_e8m0fnu": 1,
}  # fmt: skip
"""Bytes of an element, by the name of its type in torch."""

_PICKLE = 256 << 20  # bytes
_LEGACY = 5  # pickles: magic number, protocol, system, the object, the keys of the storages
_MAGIC, _PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
_LOCAL = struct.Struct("<4s5H3L2H")
_Bytes = bytes | memoryview


class UnprovedError(Exception):
    """The proof cannot be made; the message is part of a sentence for readers."""


class Contents(NamedTuple):
    """A model file.

    Attributes:
        root: the object: dicts, lists, `Described` tensors and `Single` values.
        storage: returns the bytes that the file keeps under a key; none where there is no such key.
    """

    root: Any
    storage: Callable[[str], _Bytes]

    def numbers(self, tensor: Described) -> _Bytes:
        """Return the bytes of the storage, or of the part of it, in which a tensor's numbers are.

        Raises:
            UnprovedError: the file does not have them.
        """
        named = tensor.storage
        assert named is not None  # noqa: S101 - a tensor without a problem has one
        width = SIZES[named.dtype]
        start, end = named.start * width, (named.start + named.elements) * width
        found = self.storage(named.key)
        if len(found) < end:
            problem = f"{len(found):,} of {end:,} bytes are there"
            raise UnprovedError(f"its storage {named.key[:40]!r} is cut off: {problem}")
        return found[start:end]


@contextmanager
def open_model(path: Path) -> Iterator[Contents]:
    """Read the pickle of a zip or legacy file; storages are mapped, not read.

    Raises:
        UnprovedError: it is damaged, ambiguous, or written in a way that is not understood here.
    """
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        try:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            if mapped[:4] == b"PK\x03\x04":
                found = _zipped(stack.enter_context(archives.open_zip(file)), mapped)
            else:
                found = _legacy(mapped)
        except (TraceError, RecursionError) as error:
            raise UnprovedError(f"its pickle cannot be followed: {error}") from error
        except archives.ZIP_ERRORS as error:
            raise UnprovedError(f"it cannot be read: {error}") from error
        yield found


def _zipped(archive: zipfile.ZipFile, mapped: mmap.mmap) -> Contents:
    listed = archive.infolist()
    members = {member.filename: member for member in listed}
    if not listed or len({name.casefold() for name in members}) < len(listed):
        raise UnprovedError("its archive is empty, or has a member twice")
    root = listed[0].filename.partition("/")[0]
    pickle, order = members.get(f"{root}/data.pkl"), members.get(f"{root}/byteorder")
    if pickle is None or pickle.file_size > _PICKLE:
        raise UnprovedError("its data.pkl is missing or too large")
    summed = any(member.CRC for member in listed)  # torch can be told to write none
    if order is not None and _member(archive, order, mapped, summed=summed) != b"little":
        raise UnprovedError("its numbers are in the order of a big-endian machine")
    found = read_pickles(bytes(_member(archive, pickle, mapped, summed=summed)), 1)
    sound: set[str] = set()

    @lru_cache(maxsize=1)
    def storage(key: str) -> _Bytes:
        member = members.get(f"{root}/data/{key}")
        if member is None:
            return b""
        found = _member(archive, member, mapped, summed=summed and key not in sound)
        sound.add(key)
        return found

    return Contents(describe(found.tops[0], found.storages), storage)


def _member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, mapped: mmap.mmap, *, summed: bool
) -> _Bytes:
    """Return a member's bytes; where they are only stored, as they lie in the file.

    Torch checks no sum, so a bit that was flipped on the way would be carried over: `summed` is whether to look.
    """
    place = f"its member {member.filename[:80]!a}"
    if member.compress_type != zipfile.ZIP_STORED:
        try:
            return archive.read(member)
        except (*archives.ZIP_ERRORS, zlib.error) as error:
            raise UnprovedError(f"{place} cannot be unpacked: {error}") from error
    start = member.header_offset + _LOCAL.size
    header = mapped[member.header_offset : start]
    if len(header) == _LOCAL.size and header.startswith(b"PK\x03\x04"):
        start += sum(_LOCAL.unpack(header)[9:])
        found = memoryview(mapped)[start : start + member.file_size]
        if len(found) == member.file_size:
            if summed and zlib.crc32(found) != member.CRC:
                raise UnprovedError(
                    f"{place} is damaged (its CRC-32 does not fit): get the file again"
                )
            return found
    raise UnprovedError(f"{place} is not where the directory says")


def _legacy(mapped: mmap.mmap) -> Contents:
    """Read five pickles, and find the storages behind them: of each the number of its elements, then these."""
    found = read_pickles(mapped, _LEGACY)
    magic, protocol, system, top, keys = found.tops
    if magic != _MAGIC or protocol != _PROTOCOL or not _is_little(system):
        raise UnprovedError("it does not begin as torch.save writes it on a little-endian machine")
    places: dict[str, _Bytes] = {}
    at, view = found.end, memoryview(mapped)
    for key in items(keys):
        named = found.storages.get(key) if type(key) is str else None
        if named is None or at + 8 > len(view):
            raise UnprovedError("its list of storages does not fit the rest of it")
        end = at + 8 + int.from_bytes(view[at : at + 8], "little") * SIZES[named.dtype]
        places[named.key] = view[at + 8 : end]
        at = end
    return Contents(describe(top, found.storages), lambda key: places.get(key, b""))


def _is_little(system: Any) -> bool:
    flat = (
        [one for _, values, _ in additions(system) for one in values]
        if type(system) is Dict
        else []
    )
    return ("little_endian", True) in zip(flat[::2], flat[1::2], strict=False)
