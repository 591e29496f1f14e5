"""The audit log: one JSON line a load, each with the hash of the line before, so that what is changed or missing shows.

A line is on the disk before anybody gets what was loaded. What a killed process left of its last line is moved aside,
byte by byte, and the next line says so.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from unpickled.defence.refusals import GuardError
from unpickled.defence.seals import canonical
from unpickled.defence.writing import cannot_write, sync_folder
from unpickled.errors import ScanError
from unpickled.weights.files import open_regular

__all__ = ["START", "Chain", "Fault", "Follower", "append", "verify_log"]

START = "0" * 64
"""The hash before the first line."""

_LONGEST = 1 << 20
_PATIENCE = 60
_LOOK = "Look: unpickled guard audit verify"
_HASH = re.compile("[0-9a-f]{64}")
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Fault:
    """One line that is not what was written, or not where it was.

    Attributes:
        line: its number.
        problem: what is wrong.
    """

    line: int
    problem: str


@dataclass(frozen=True, slots=True)
class Chain:
    """What a log is.

    Attributes:
        lines: how many lines it has.
        head: the hash of the last; note it elsewhere, and lines that are missing at the end show as well.
        faults: what is wrong, the first first.
        unfinished: numbers of the lines that begin a load whose end is not there: it was killed, or is under way.
    """

    lines: int
    head: str
    faults: tuple[Fault, ...]
    unfinished: tuple[int, ...] = ()


def append(path: Path, record: dict[str, Any]) -> str:
    """Write one line, and have it safe on the disk.

    Args:
        path: the log; it is made if it is not there.
        record: what the line says; `n`, `prev` and `hash` are added.

    Returns:
        The line's hash.

    Raises:
        GuardError: the end of the log is no line of ours, another writer does not end, or the system refuses. The log
            is as it was.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 - readers need none

    try:
        log = os.open(
            path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o644
        )
        try:
            if not stat.S_ISREG(os.fstat(log).st_mode):
                raise GuardError(str(path), "it is no plain file", "Name another log.")
            with FileLock(path.with_name(f".{path.name}.lock"), timeout=_PATIENCE):
                return _append(log, path, record)
        finally:
            os.close(log)
    except Timeout:
        raise GuardError(str(path), "another program is writing to it", "Try again.") from None
    except OSError as error:
        raise cannot_write(path, error) from error


def verify_log(path: Path, *, head: str | None = None) -> Chain:
    """Read a log from its first line to its last.

    Args:
        path: the log.
        head: the hash of a line that has to be there, as it was noted before; None where none was.

    Raises:
        GuardError: it cannot be read, or what was noted is no hash.
    """
    if head is not None and not _HASH.fullmatch(head):
        problem = f"{head[:80]!r} is no line's hash, which has 64 digits of 0-9 and a-f"
        raise GuardError("the noted hash", problem, "Give what `audit verify` said as the head.")
    follower = Follower()
    faults, seen = [], head in (None, START)
    begun: dict[str, int] = {}
    for number, record, problem in follower.new(path, whole=True):
        if problem:
            faults.append(Fault(number, problem))
        if record is not None:
            seen = seen or record["hash"] == head
            begun.pop(str(record.get("begun")), None)
            if record.get("outcome") == "begun":
                begun[record["hash"]] = number
    if not seen:
        problem = "the line that was noted is not there: lines are missing"
        faults.append(Fault(follower.lines, problem))
    return Chain(follower.lines, follower.head, tuple(faults), tuple(begun.values()))


@dataclass(slots=True)
class Follower:
    """A reader that goes on where it stopped, and holds each line against the one before.

    Attributes:
        lines: how many lines it has read.
        head: the hash of the last; empty after a line that cannot be read.
    """

    lines: int = 0
    head: str = START
    _last: int = (
        0  # the number that the last line gives itself: after a gap it is not how many were read
    )
    _at: int = 0
    _read: Any = field(default_factory=hashlib.sha256)  # over all bytes before _at

    def new(
        self, path: Path, *, whole: bool = False
    ) -> Iterator[tuple[int, dict[str, Any] | None, str]]:
        """Yield number, record and fault of each line that was not read yet; the fault is empty where there is none.

        Args:
            path: the log.
            whole: whether the log is said to be at rest: then a last line without an end is a fault, and not one that
                is being written.

        Raises:
            GuardError: it cannot be read.
        """
        with _opened(path) as file:
            file.seek(self._at)
            while line := file.readline(_LONGEST):
                if not whole and not line.endswith(b"\n") and len(line) < _LONGEST:
                    return
                self._at += len(line)
                self._read.update(line)
                yield self._held(line)

    def changed(self, path: Path, *, deep: bool) -> str:
        """Return what became of the lines that were read; empty if they are as they were.

        Args:
            path: the log.
            deep: whether to read them again; else only the log's length is looked at.

        Raises:
            GuardError: it cannot be read.
        """
        with _opened(path) as file:
            left, again = self._at, hashlib.sha256()
            if file.seek(0, os.SEEK_END) < left:
                return "the log has become shorter: lines are missing"
            file.seek(0)
            while deep and left and (piece := file.read(min(left, _CHUNK))):
                again.update(piece)
                left -= len(piece)
        same = not deep or again.digest() == self._read.digest()
        return "" if same else "the log was changed where it had been read already"

    def _held(self, line: bytes) -> tuple[int, dict[str, Any] | None, str]:
        self.lines += 1
        before, due, record = self.head, self._last + 1, _record(line)
        if record is None:
            self.head = ""
            return self.lines, None, _broken(line)
        self.head, self._last = str(record["hash"]), int(record["n"])
        if hash_of(record) != self.head:
            return self.lines, record, "it was edited"
        if before and (record["prev"], record["n"]) != (before, due):
            return self.lines, record, "a line before it is missing, added or elsewhere"
        return self.lines, record, ""


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with open_regular(path) as file:
            yield file
    except ScanError as error:
        raise GuardError(error.place, error.problem, error.remedy) from error


def hash_of(record: dict[str, Any]) -> str:
    """Return the hash of what a line says, the hash itself left out."""
    return hashlib.sha256(canonical({k: v for k, v in record.items() if k != "hash"})).hexdigest()


def _append(log: int, path: Path, record: dict[str, Any]) -> str:
    size = os.lseek(log, 0, os.SEEK_END)
    start, tail = _tail(log, size)
    if tail and not tail.endswith(b"\n"):
        record = {**record, "cut": _set_aside(log, path, tail, start)}
        size = start
        start, tail = _tail(log, size)
    last: dict[str, Any] | None = _record(tail) if tail else {"hash": START, "n": 0}
    if last is None:
        raise GuardError(str(path), "its last line is none of this log's", _LOOK)
    line = {**record, "n": int(last["n"]) + 1, "prev": last["hash"]}
    line["hash"] = hash_of(line)
    data = memoryview(canonical(line) + b"\n")
    if len(data) > _LONGEST:
        raise GuardError(str(path), "the line would be too long", "Shorten the path.")
    try:
        _write(log, data)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(log, size)
        raise
    if not size:
        sync_folder(path.parent)
    return str(line["hash"])


def _write(file: int, data: memoryview) -> None:
    while data:
        data = data[os.write(file, data) :]
    os.fsync(file)


def _tail(log: int, size: int) -> tuple[int, bytes]:
    """Return where the last line starts, and its bytes."""
    start = max(size - 2 * _LONGEST, 0)
    os.lseek(log, start, os.SEEK_SET)
    data = b""
    while len(data) < size - start and (more := os.read(log, size - start - len(data))):
        data += more
    at = data.rfind(b"\n", 0, len(data) - 1) + 1
    return start + at, data[at:]


def _set_aside(log: int, path: Path, tail: bytes, start: int) -> str:
    """Move half a line into a file beside the log; returns its SHA-256."""
    digest = hashlib.sha256(tail).hexdigest()
    aside = path.with_name(f"{path.name}.cut-{digest[:16]}")
    kept = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
    try:
        _write(kept, memoryview(tail))
    finally:
        os.close(kept)
    os.ftruncate(log, start)
    return digest


def _record(line: bytes) -> dict[str, Any] | None:
    """Return what a line says, if it is written as this log writes it."""
    try:
        record = json.loads(line)
        whole = canonical(record) + b"\n" == line
        known = isinstance(record["hash"], str) and isinstance(record["prev"], str)
        return record if whole and known and type(record["n"]) is int else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _broken(line: bytes) -> str:
    return "it was edited, or is no line of this log" if line.endswith(b"\n") else "it is cut"
