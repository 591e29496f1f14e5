"""npy and npz: the headers of arrays, read by `numpy.lib.format`."""

from __future__ import annotations

import io
import math
import zipfile
from pathlib import Path
from typing import Any, BinaryIO, cast

from numpy.lib import format as npy

from unpickled.weights import headers
from unpickled.weights.parsers.found import Found, RefusedError
from unpickled.weights.parsers.of_archives import members, opened

__all__ = ["read_npy", "read_npz"]

_HEAD = 1 << 16


def read_npy(path: Path, found: Found) -> None:
    """Read one header; the name of the array is the file's."""
    with path.open("rb") as file:
        _array(file.read(_HEAD), path.stat().st_size, path.stem, found)


def read_npz(path: Path, found: Found) -> None:
    """Read the header of each member."""
    with path.open("rb") as file, opened(file) as archive:
        for member in members(archive):
            _member(archive, member, found)


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, found: Found) -> None:
    with archive.open(member) as stream:
        head = stream.read(_HEAD)
    name = member.filename.removesuffix(".npy")
    if head.startswith(b"\x93NUMPY"):
        _array(head, member.file_size, name, found)
    else:
        found.risk("closed", member.filename, "This member is no array.")


def _array(head: bytes, size: int, name: str, found: Found) -> None:
    stream = io.BytesIO(head)
    version: tuple[int, int] = cast("Any", npy).read_magic(stream)
    if version not in {(1, 0), (2, 0), (3, 0)}:
        raise RefusedError(f"its version {version[0]}.{version[1]} is not known")
    if headers.npy(head) is None:
        raise RefusedError(
            f"the header of {name[:60]!r} is damaged, or over the limit of {_HEAD:,} bytes"
        )
    # Version 3 is version 2 in UTF-8 instead of latin-1; numpy has no public reader for it.
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = _header(read, stream)
    if dtype.hasobject:
        text = "An array of Python objects: its data is a pickle, run by allow_pickle=True."
        found.risk("objects", name, text)
        found.tensor(name, str(dtype), shape, None)
        return
    wanted = math.prod(shape) * dtype.itemsize
    found.tensor(name, str(dtype), shape, wanted)
    if stream.tell() + wanted > size:
        there = max(size - stream.tell(), 0)
        raise RefusedError(f"it is cut off: {name[:60]!r} has {there:,} of {wanted:,} bytes")


def _header(read: Any, stream: BinaryIO) -> tuple[tuple[int, ...], bool, Any]:
    return cast("tuple[tuple[int, ...], bool, Any]", read(stream, max_header_size=_HEAD))
