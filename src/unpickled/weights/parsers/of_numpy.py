"""npy and npz: the headers of arrays, read by `numpy.lib.format`."""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Callable
from mmap import mmap
from pathlib import Path
from typing import Any, BinaryIO, cast

from numpy.lib import format as npy

from unpickled.weights import headers
from unpickled.weights.files import mapped
from unpickled.weights.parsers.found import Found, RefusedError
from unpickled.weights.parsers.of_archives import members, opened
from unpickled.weights.parsers.pickled import Place, names_told, note_rest, trace_pickles

__all__ = ["read_npy", "read_npz"]

_HEAD = 1 << 16
_OBJECTS = 64 << 20  # bytes of one array of objects in an archive


def read_npy(path: Path, found: Found) -> None:
    """Read one header; the name of the array is the file's."""
    with path.open("rb") as file, mapped(file) as view:
        _array(view[:_HEAD], len(view), path.stem, found, lambda: view)


def read_npz(path: Path, found: Found) -> None:
    """Read the header of each member."""
    with path.open("rb") as file, opened(file) as archive:
        for member in members(archive):
            _member(archive, member, found)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, found: Found) -> None:
    with archive.open(member) as stream:
        head = stream.read(_HEAD)
    name = member.filename.removesuffix(".npy")

    def whole() -> bytes:
        if member.file_size > _OBJECTS:
            raise RefusedError(
                f"its objects {name[:60]!r} are over the limit of {_OBJECTS:,} bytes"
            )
        with archive.open(member) as stream:
            return stream.read(_OBJECTS)

    if head.startswith(b"\x93NUMPY"):
        _array(head, member.file_size, name, found, whole)
    else:
        found.risk("closed", member.filename, "This member is no array.")


def _array(
    head: bytes, size: int, name: str, found: Found, whole: Callable[[], bytes | mmap]
) -> None:
    """Read a header; of an array of objects, trace the pickle behind it, too."""
    stream = io.BytesIO(head)
    version: tuple[int, int] = cast("Any", npy).read_magic(stream)
    if version not in {(1, 0), (2, 0), (3, 0)}:
        raise RefusedError(f"its version {version[0]}.{version[1]} is not known")
    if headers.npy(head) is None:
        raise RefusedError(
            f"the header of {name[:60]!r} is damaged, has a key twice, or is over the limit of {_HEAD:,} bytes"
        )
    # Version 3 is version 2 in UTF-8 instead of latin-1; numpy has no public reader for it.
    reader = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = _header(reader, stream)
    if dtype.hasobject:
        read = trace_pickles(whole(), Place(name, stream.tell()))
        text = "An array of Python objects: its data is a pickle, run by allow_pickle=True."
        found.risk("objects", name, f"{text} It imports {names_told(read)}.")
        found.tensor(name, str(dtype), shape, None)
        note_rest(read.end, size, name, found)
        return
    wanted = math.prod(shape) * dtype.itemsize
    found.tensor(name, str(dtype), shape, wanted)
    if stream.tell() + wanted > size:
        there = max(size - stream.tell(), 0)
        raise RefusedError(f"it is cut off: {name[:60]!r} has {there:,} of {wanted:,} bytes")
    note_rest(stream.tell() + wanted, size, name, found)


def _header(read: Any, stream: BinaryIO) -> tuple[tuple[int, ...], bool, Any]:
    return cast("tuple[tuple[int, ...], bool, Any]", read(stream, max_header_size=_HEAD))
