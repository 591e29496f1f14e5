"""Bounded reading of a file that nobody vouches for: regular files only, and never more bytes than asked."""

from __future__ import annotations

import errno
import mmap
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from unpickled.errors import ScanError

__all__ = ["NotAFileError", "mapped", "open_regular", "reading_problem", "what_it_is"]

_READ_WHOLE = 16 << 20  # bytes; a mapped file that shrinks meanwhile would end the process
_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)
_COPY = "Copy what it holds to an ordinary file on a disk that works, and name that."
_REASONS = {
    errno.ENOENT: ("there is no such file", "Check the path."),
    errno.ENOTDIR: ("there is no such file", "Check the path."),
    errno.ELOOP: ("the link leads back to itself", "Name the file itself."),
    errno.EACCES: ("you may not read it", "Ask its owner, or change its permissions."),
    errno.EPERM: ("you may not read it", "Ask its owner, or change its permissions."),
    errno.ENAMETOOLONG: ("the name is too long for this system", "Check the path."),
}


class NotAFileError(ScanError):
    """The path is no regular file, so it was left alone: a folder, a pipe, a device, a link out of the tree."""


def what_it_is(mode: int) -> str:
    """Name the kind of thing that a `stat` mode stands for; empty for a regular file."""
    if stat.S_ISREG(mode):
        return ""
    return next((name for test, name in _KINDS if test(mode)), "not a regular file")


def reading_problem(place: str, error: OSError) -> ScanError:
    """Turn what the system says about a path into one line for readers."""
    told = f"it cannot be read ({error.strerror or type(error).__name__})"
    problem, remedy = _REASONS.get(error.errno or 0, (told, _COPY))
    return ScanError(place, problem, remedy)


@contextmanager
def open_regular(path: str | os.PathLike[str]) -> Iterator[BinaryIO]:
    """Open a regular file for reading; a pipe, device, socket or folder is refused without being opened.

    What is opened is looked at again, and not waited for: a pipe may have come in between.

    Raises:
        ScanError: if it is missing, may not be read, or is not a regular file.
    """
    place = os.fspath(path)
    try:
        _require_regular(Path(path).stat(), place)
        with open(path, "rb", opener=_at_once) as file:
            _require_regular(os.fstat(file.fileno()), place)
            yield file
    except OSError as error:
        raise reading_problem(place, error) from error
    except ValueError as error:  # a NUL byte in the name
        raise ScanError(ascii(place), "no file can have this name", "Check the path.") from error


def _require_regular(found: os.stat_result, place: str) -> None:
    kind = what_it_is(found.st_mode)
    if kind:
        problem = f"it is {kind}, which is not opened"
        raise NotAFileError(place, problem, "Give the path of a file.")


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


@contextmanager
def mapped(file: BinaryIO) -> Iterator[bytes | mmap.mmap]:
    """View a whole open file as bytes: a small one is read; of a large one, what is looked at."""
    size = os.fstat(file.fileno()).st_size
    if size <= _READ_WHOLE:
        file.seek(0)
        yield file.read(_READ_WHOLE)
        return
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as view:
        yield view
