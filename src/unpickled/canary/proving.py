"""What a load would do, proved before it happens: which folders it would make, and that there is nothing else."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, TypeAlias, get_args

from unpickled.checking.arrays import objects_at, without_numbers
from unpickled.checking.harmless import Deeds, deeds, first_pickle
from unpickled.errors import CourseError
from unpickled.weights import identify, inspect, pieces
from unpickled.weights.archives import ZIP_ERRORS, open_zip

__all__ = ["LARGEST", "LOADERS", "Loader", "proved"]

Loader: TypeAlias = Literal[
    "pickle", "torch", "joblib", "numpy", "safetensors", "gguf", "onnx", "keras"
]
LOADERS: tuple[str, ...] = get_args(Loader)

LARGEST = 64 << 20
_FORMATS = {
    "pickle": {"pickle"},
    "torch": {"pickle", "torch-zip", "torch-legacy"},
    "joblib": {"pickle", "joblib", "joblib-compressed"},
    "numpy": {"npy", "npz"},
    "safetensors": {"safetensors"},
    "gguf": {"gguf"},
    "onnx": {"onnx"},
    "keras": {"hdf5", "keras-zip"},
}
_SQUEEZED = {  # what joblib itself takes for compressed, by its first bytes: it looks at no more
    "<zlib>": b"\x78",
    "<gzip>": b"\x1f\x8b",
    "<bz2>": b"BZ",
    "<xz>": b"\xfd7zXZ",
    "<lzma>": b"\x5d\x00",
}
_MEMBERS = 100


def proved(data: bytes, copy: Path, loader: Loader, home: Path) -> list[Path]:
    """Return the folders that a load would make, all of them in `home`.

    Args:
        data: the file's bytes.
        copy: a file of the same bytes that nobody else writes to: what will be loaded.
        loader: whose load.
        home: where folders may be made.

    Raises:
        CourseError: it would do anything else, or cannot be read to its end.
    """
    if loader not in _FORMATS:
        known = ", ".join(LOADERS)
        raise CourseError(str(loader), "there is no such loader", f"Choose from: {known}.")
    form = identify(copy)
    if form.id not in _FORMATS[loader]:
        closed = [one.problem for one in pieces(data) if one.kind == "closed" and not one.where]
        problem = f"it is not for this loader: {'; '.join([form.label, *closed])}"
        raise CourseError(copy.name, problem, "Nothing was loaded. Give it a file of its own kind.")
    told = list(_told(data, copy, loader, form.id))
    problems = [problem for one in told for problem in one.problems]
    if problems:
        raise _refusal(copy.name, problems[0])
    folders = {Path(folder) for one in told for folder in one.folders}
    for folder in folders:
        if not folder.is_absolute() or ".." in folder.parts or folder.parent.resolve() != home:
            raise _refusal(copy.name, f"it would make the folder {folder}")
    return sorted(folders)


def _told(data: bytes, copy: Path, loader: Loader, form: str) -> Iterator[Deeds]:
    """Yield what each pickle that the loader reads would do."""
    if loader == "joblib":
        yield _of_joblib(data)
    elif form == "npy":
        yield _of_array(data)
    elif form == "npz":
        yield from _of_archive(data)
    elif loader in ("pickle", "torch"):
        yield deeds(data, copy.name)
        if form == "pickle":
            yield first_pickle(data)  # whatever else there is, this one is loaded
    else:
        inspect(copy)  # no pickle in it: its header is sound, and what that says is read in bounds


def _of_joblib(data: bytes) -> Deeds:
    """Tell what the one pickle would do that `joblib.load` reads: unpacked as joblib unpacks, numbers left out."""
    found = list(pieces(data))
    if len(found) != 1 or found[0].kind != "pickle":
        return _problem("joblib's pickle cannot be unpacked")
    (piece,) = found
    if not data.startswith(_SQUEEZED.get(piece.where, b"\x80") if piece.where else b"\x80"):
        return _problem("joblib would read it in another way than it was read here")
    return first_pickle(without_numbers(bytes(piece.data)), arrays=True)


def _of_array(data: bytes) -> Deeds:
    """Tell what the pickle of an array of objects would do; numbers do nothing."""
    start = objects_at(data)
    if start is None:
        return _problem("its header is none of a plain array of numbers or objects")
    return first_pickle(data, start, arrays=True) if start else Deeds((), 0, (), 0)


def _of_archive(data: bytes) -> Iterator[Deeds]:
    try:
        with open_zip(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len({*names}) != len(names) or len(names) > _MEMBERS:
                yield _problem("it has a member twice, or too many of them")
                return
            room = LARGEST
            for name in names:
                member = _member(archive, name, room)
                room -= len(member)
                yield _of_array(member)
    except ZIP_ERRORS as error:
        yield _problem(f"it cannot be unpacked ({error})")


def _member(archive: zipfile.ZipFile, name: str, room: int) -> bytes:
    with archive.open(name) as stream:
        data = stream.read(room + 1)
    if len(data) > room:
        raise ValueError(f"more than {LARGEST >> 20} MB")
    return data


def _problem(text: str) -> Deeds:
    return Deeds((), 0, (text,), 0)


def _refusal(name: str, problem: str) -> CourseError:
    remedy = (
        "Nothing was loaded. Here only the harmless canary is: "
        "os.mkdir of one folder directly in lab.workspace()."
    )
    return CourseError(name, problem, remedy)
