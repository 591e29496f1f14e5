"""Everything inside a file that could be unpickled: found by content, through archives and compression.

A scanner's "nothing found" only counts for what the scanner looked at. This walk says what there was to look at.
It decodes containers only, with limits on depth, members and bytes, and never unpickles.
"""

from __future__ import annotations

import io
import os
import tarfile
import zipfile
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from mmap import mmap
from pathlib import Path
from typing import BinaryIO, Literal

from unpickled.weights import archives, headers
from unpickled.weights.files import mapped, open_regular
from unpickled.weights.identify import HEAD, describe
from unpickled.weights.opening import goes_on, opening
from unpickled.weights.squeezed import compression, unsqueeze

__all__ = ["Piece", "inside", "pieces"]

_DEPTH = 4
_BYTES = 128 << 20
_ARRAY = b"\x93NUMPY"
_TOO_LARGE = f"it unpacks to more than {_BYTES >> 20} MiB"
_LEGACY_PICKLES = 5  # magic, protocol, system, objects, storage keys; raw numbers follow
_ZIPS = frozenset({"zip", "npz", "torch-zip", "torchscript", "keras-zip"})
_MODELS = frozenset({"safetensors", "gguf", "onnx", "hdf5", "keras-zip"})
_SQUEEZED = frozenset({"gzip", "bz2", "xz", "lzma", "lz4", "zlib", "joblib-compressed"})
_MAIN = frozenset(
    {"data.pkl", "constants.pkl"}
)  # what PyTorch unpickles of its zips, whatever the case
_OF_TAR = frozenset({"pickle", "storages", "tensors"})  # and of its old tars
_CONTAINERS = _ZIPS | _SQUEEZED | {"tar", "torch-tar"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing inside a file that a loader could read.

    Attributes:
        where: path of archive members, joined by ` > `; empty for the file itself.
        kind: `pickle`; `array` (an npy without objects); `model` (a format that holds no pickle); `closed` (it
            could not be opened); `nothing` (nothing that any loader of weights reads).
        format: format id of the piece itself.
        data: the bytes of a pickle; empty for the other kinds. Valid only while the walk stands on this piece.
        start: offset in `data` of the first pickle.
        pickles: how many stacked pickles to read; 0 for all, up to the end of the data.
        problem: why a closed piece could not be opened.
        too_large: whether the problem is that it unpacks to more than the limit.
    """

    where: str
    kind: Literal["pickle", "array", "model", "closed", "nothing"]
    format: str
    data: bytes | mmap = field(default=b"", repr=False)
    start: int = 0
    pickles: int = 0
    problem: str = ""
    too_large: bool = False


@dataclass(slots=True)
class _Budget:
    """What the walk may still spend; shared by all levels of nesting."""

    bytes: int = _BYTES
    members: int = archives.MEMBERS
    known: Collection[str] = ()  # members of the file itself that are passed over


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file or member under the walk's eyes, as a file to seek in and as bytes to slice."""

    file: BinaryIO
    view: bytes | mmap
    name: str
    where: str
    depth: int

    def member(self, name: str, data: bytes) -> _Opened:
        """Step one level down, into the member of that name."""
        where = f"{self.where} > {name}" if self.where and name else self.where or name
        return _Opened(io.BytesIO(data), data, name, where, self.depth - 1)


def inside(path: str | os.PathLike[str], *, known: Collection[str] = ()) -> Iterator[Piece]:
    """Yield every piece of a file, at least one.

    Args:
        path: the file.
        known: members of it, if it is a zip or tar, that need not be looked into.

    Raises:
        ScanError: if the path is missing, may not be read, or is not a regular file.
    """
    with open_regular(path) as file, mapped(file) as view:
        yield from _look(_Opened(file, view, Path(path).name, "", _DEPTH), _Budget(known=known))


def pieces(data: bytes, name: str = "") -> Iterator[Piece]:
    """Yield every piece of `data`, as `inside` does for a file called `name`."""
    yield from _look(_Opened(io.BytesIO(data), data, name, "", _DEPTH), _Budget())


def _look(this: _Opened, budget: _Budget) -> Iterator[Piece]:
    found = describe(this.file, this.name).id
    where = this.where
    if found in {"pickle", "joblib"}:
        yield Piece(where=where, kind="pickle", format=found, data=this.view)
    elif found == "torch-legacy":
        count = _LEGACY_PICKLES
        yield Piece(where=where, kind="pickle", format=found, data=this.view, pickles=count)
    elif found == "npy":
        yield _array(this.view, where)
    elif found in _CONTAINERS and this.depth > 0:
        yield from _container(found, this, budget)
    elif found in _CONTAINERS | {"7z"}:
        problem = "it is nested too deep" if found != "7z" else "a 7-Zip archive is not opened"
        yield Piece(where=where, kind="closed", format=found, problem=problem)
    else:
        yield Piece(where=where, kind="model" if found in _MODELS else "nothing", format=found)


def _array(view: bytes | mmap, where: str) -> Piece:
    header = headers.npy(view[:HEAD])
    if header is None:
        return Piece(where=where, kind="closed", format="npy", problem="its header is damaged")
    start, objects = header
    if objects:
        return Piece(where=where, kind="pickle", format="npy", data=view, start=start)
    return Piece(where=where, kind="array", format="npy")


def _container(found: str, this: _Opened, budget: _Budget) -> Iterator[Piece]:
    """Yield what the members hold; a container of nothing is itself a piece that holds nothing."""
    empty = True
    for name, data, problem in _members(found, this, budget):
        inner = this.member(name, data)
        for piece in _in_member(found, inner, problem, budget):
            if piece.kind in {"pickle", "array", "closed"}:
                yield piece
                empty = False
    if found in _MODELS:
        yield Piece(where=this.where, kind="model", format=found)
    elif empty:
        yield Piece(where=this.where, kind="nothing", format=found)


def _in_member(found: str, inner: _Opened, problem: str, budget: _Budget) -> Iterator[Piece]:
    """Yield what one member holds: by its content, and as a pickle where a loader takes it for one by its name."""
    if problem:
        heavy = problem == _TOO_LARGE
        yield Piece(
            where=inner.where, kind="closed", format=found, problem=problem, too_large=heavy
        )
        return
    main, told = _is_main(found, inner.name), False
    for piece in _look(inner, budget) if inner.view else ():
        yield piece
        told |= piece.kind in {"pickle", "closed"} and piece.where == inner.where
        told |= piece.kind != "nothing" and not main
    if told or not (main or _is_named_pickle(inner.name)):
        return
    if inner.view:
        yield Piece(where=inner.where, kind="pickle", format="pickle", data=inner.view)
    else:
        yield Piece(where=inner.where, kind="closed", format=found, problem="it is empty")


def _is_main(found: str, name: str) -> bool:
    """Tell whether PyTorch unpickles this member of an archive for its name, whatever it begins with."""
    if found == "torch-tar":
        return name.removeprefix("./") in _OF_TAR
    return found in _ZIPS and name.rpartition("/")[2].lower() in _MAIN


def _is_named_pickle(name: str) -> bool:
    return name.lower().endswith((".pkl", ".pickle"))


_Member = tuple[str, bytes, str]  # name, bytes, problem


def _members(found: str, this: _Opened, budget: _Budget) -> Iterator[_Member]:
    if found in _SQUEEZED:
        return _unpacked(this.view, budget)
    known = () if this.where else budget.known
    if found in _ZIPS:
        return _zip_members(this.file, found, budget, known)
    return _tar_members(this.file, found, budget, known)


def _unpacked(view: bytes | mmap, budget: _Budget) -> Iterator[_Member]:
    name = compression(bytes(view[:16]))
    data, problem = unsqueeze(view, name, budget.bytes)
    budget.bytes -= len(data)
    yield f"<{name}>", data, problem


def _zip_members(
    file: BinaryIO, found: str, budget: _Budget, known: Collection[str]
) -> Iterator[_Member]:
    try:
        archive = archives.open_zip(file)
    except zipfile.BadZipFile as error:
        yield "", b"", str(error)
        return
    with archive:
        of_torch = found in {"torch-zip", "torchscript"} and not _is_package(archive.namelist())
        for member in archive.infolist():
            if (
                member.filename.endswith("/")
                or member.filename in known
                or (of_torch and _is_storage(archive, member))
            ):
                continue
            budget.members -= 1
            if budget.members < 0:
                yield "", b"", "it has too many members"
                return
            yield from _zip_member(archive, member, budget, found)


def _is_package(names: list[str]) -> bool:
    """Tell whether PyTorch's importer of packages opens it: that unpickles any member, of whatever name."""
    return any(name.lower().endswith(".data/extern_modules") for name in names)


def _is_storage(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bool:
    """Tell whether these are raw numbers of a torch file, which nobody unpickles; NumPy would, of objects."""
    inner = member.filename.lower().split("/", 1)[-1]
    if not inner.startswith(("data/", "constants/", ".data/")):
        return False
    try:
        with archive.open(member) as stream:
            return stream.read(len(_ARRAY)) != _ARRAY
    except Exception:  # noqa: BLE001 - decompressors raise what they like on hostile bytes
        return True


def _zip_member(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, budget: _Budget, found: str
) -> Iterator[_Member]:
    name = member.filename
    try:
        with archive.open(member) as stream:
            head = stream.read(HEAD)
            if not _worth_reading(head, member.file_size, found, name):
                return
            data = head if _plain_array(head) else head + stream.read(budget.bytes + 1)
    except archives.ZIP_ERRORS as error:
        yield name, b"", _damage(error)
        return
    except Exception as error:  # noqa: BLE001 - decompressors raise what they like on hostile bytes
        yield name, b"", f"it is damaged ({type(error).__name__})"
        return
    yield name, *_charge(data, budget)


def _damage(error: Exception) -> str:
    if isinstance(error, RuntimeError) and not isinstance(error, NotImplementedError):
        return "it is encrypted"
    if isinstance(error, zipfile.BadZipFile) and "CRC" in str(error):
        return "its checksum does not fit: it is damaged, or was saved without one"
    return "it is damaged"


def _charge(data: bytes, budget: _Budget) -> tuple[bytes, str]:
    if len(data) > budget.bytes:
        return b"", _TOO_LARGE
    budget.bytes -= len(data)
    return data, ""


def _worth_reading(head: bytes, size: int, found: str, name: str) -> bool:
    """Tell from a member's name and first bytes whether it is a pickle, an array or a container."""
    if _is_main(found, name) or _is_named_pickle(name):
        return True
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06", _ARRAY, b"7z\xbc\xaf")):
        return True
    known = bool(compression(head)) or archives.is_tar(head)
    return known or opening(head, size) is not None or goes_on(head, size)


def _plain_array(head: bytes) -> bool:
    """Tell whether this is an npy whose header promises numbers only: the numbers need not be read."""
    header = headers.npy(head)
    return header is not None and not header[1]


def _tar_members(
    file: BinaryIO, found: str, budget: _Budget, known: Collection[str]
) -> Iterator[_Member]:
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for member in archive:
                budget.members -= 1
                if budget.members < 0:
                    yield "", b"", "it has too many members"
                    return
                linked = member.islnk() or member.issym()
                if linked and (_is_main(found, member.name) or _is_named_pickle(member.name)):
                    yield member.name, b"", "it is a link"
                filled = member.isreg() or member.type not in tarfile.SUPPORTED_TYPES
                wanted = filled and member.name not in known
                stream = archive.extractfile(member) if wanted else None
                if stream is None:
                    continue
                head = stream.read(HEAD)
                if _worth_reading(head, member.size, found, member.name):
                    data = head if _plain_array(head) else head + stream.read(budget.bytes + 1)
                    yield member.name, *_charge(data, budget)
    except (
        tarfile.TarError,
        OSError,
        EOFError,
        ValueError,
        OverflowError,
        MemoryError,
        RecursionError,
    ):
        yield "", b"", "the archive is damaged"
