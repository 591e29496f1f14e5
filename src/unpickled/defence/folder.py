"""What is in a folder of weights, without following a link: its files, and whatever is not a plain file."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from io import FileIO
from pathlib import Path

from unpickled.defence.refusals import GuardError
from unpickled.weights import what_it_is

__all__ = ["Changed", "File", "Listing", "Odd", "list_folder", "open_file"]

_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class Changed(Exception):  # noqa: N818 - it never leaves this layer
    """A file is not, or no more, what the listing found."""


@dataclass(frozen=True, slots=True)
class File:
    """A plain file of a listing.

    Attributes:
        name: its path below the folder, with `/` between the parts.
        path: where to open it.
        stamp: device, inode, size and time of change, when it was listed.
    """

    name: str
    path: str
    stamp: tuple[int, int, int, int]

    @property
    def size(self) -> int:
        """Its size in bytes."""
        return self.stamp[2]


@dataclass(frozen=True, slots=True)
class Odd:
    """An entry that is no plain file, or that cannot be looked at."""

    name: str
    kind: str
    detail: str


@dataclass(frozen=True, slots=True)
class Listing:
    """All of a folder, both in the order of names."""

    files: tuple[File, ...]
    odd: tuple[Odd, ...]


def list_folder(folder: str | os.PathLike[str], *, but: Path | None = None) -> Listing:
    """List a folder to its ground. Hidden files count, empty folders do not, links are not followed.

    Args:
        folder: the folder; it may itself be named by way of a link.
        but: a plain file that is left out if it lies in the folder: the lock itself.

    Raises:
        GuardError: there is no such folder.
    """
    root = os.fspath(folder)
    left_out = _place(but) if but is not None else None
    files: list[File] = []
    odd: list[Odd] = []
    for name, path in _entries(root, odd):
        found = _look(name, path)
        if isinstance(found, Odd):
            odd.append(found)
        elif left_out is None or _place(Path(path)) != left_out:
            files.append(found)
    key = os.fsencode
    return Listing(
        tuple(sorted(files, key=lambda file: key(file.name))),
        tuple(sorted(odd, key=lambda one: key(one.name))),
    )


def open_file(file: File) -> FileIO:
    """Open a listed file, and make sure that it is still the same one.

    Raises:
        Changed: it is gone, or another thing has come to be there.
        OSError: it may not be read.
    """
    try:
        opened = os.open(file.path, _FLAGS)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Changed from error
    except OSError as error:
        if os.path.islink(file.path):  # noqa: PTH114 - a path of bytes that are no UTF-8 is fine here
            raise Changed from error
        raise
    stream = os.fdopen(opened, "rb", buffering=0)
    if stamp(os.fstat(opened)) != file.stamp:
        stream.close()
        raise Changed
    return stream


def stamp(found: os.stat_result) -> tuple[int, int, int, int]:
    """Return what tells one state of a file from another."""
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _place(path: Path) -> str:
    """Return a file's place with the links on the way to it followed, and not one in its own name."""
    return os.path.join(os.path.realpath(path.parent), path.name)  # noqa: PTH118


def _entries(root: str, odd: list[Odd]) -> Iterator[tuple[str, str]]:
    """Yield name and path of everything that is no folder; note the folders that cannot be read."""
    waiting = [("", root)]
    while waiting:
        prefix, folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    name = prefix + entry.name
                    if entry.is_dir(follow_symlinks=False) and not _is_junction(entry):
                        waiting.append((f"{name}/", entry.path))
                    else:
                        yield name, entry.path
        except OSError as error:
            if not prefix:
                raise _no_folder(root, error) from error
            odd.append(Odd(prefix.rstrip("/"), "unreadable", _reason(error)))


def _is_junction(entry: os.DirEntry[str]) -> bool:
    """Whether it is Windows' other kind of link; Python tells from 3.12 on."""
    asked = getattr(entry, "is_junction", None)
    return bool(asked and asked())


def _look(name: str, path: str) -> File | Odd:
    try:
        found = os.lstat(path)
    except OSError as error:
        return Odd(name, "unreadable", _reason(error))
    if stat.S_ISLNK(found.st_mode):
        return Odd(name, "symlink", "it is a link")
    kind = what_it_is(found.st_mode)
    return Odd(name, "special", f"it is {kind}") if kind else File(name, path, stamp(found))


def _no_folder(root: str, error: OSError) -> GuardError:
    if isinstance(error, FileNotFoundError):
        return GuardError(root, "there is no such folder", "Check the path.")
    if isinstance(error, NotADirectoryError):
        return GuardError(root, "it is a file", "Give the folder that it lies in.")
    return GuardError(root, f"the folder cannot be read: {_reason(error)}", "Ask its owner.")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
