"""The audit log: one JSON line a load, each with the hash of the line before, so that what is changed or missing shows.

A line is on the disk before anybody gets what was loaded. What a killed process left of its last line is moved aside,
byte by byte, and the next line says so. A file that is no such log is left as it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from unpickled.defence.refusals import GuardError
from unpickled.defence.seals import canonical
from unpickled.defence.writing import cannot_write, sync_folder, write_whole
from unpickled.errors import ScanError
from unpickled.weights.files import open_regular

__all__ = ["START", "Chain", "Fault", "Follower", "append", "verify_log"]

START = "0" * 64
"""The hash before the first line."""

_LONGEST = 1 << 20
_PATIENCE = 60.0
_PAUSE = 0.01
_PLAIN = getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_LOOK = "Look: unpickled guard audit verify"
_HASH = re.compile("[0-9a-f]{64}")
_CHUNK = 1 << 20
_FIRSTS = tuple(f'{{"{name}":'.encode() for name in ("begun", "cut", "digest", "event"))
"""How a line begins: its keys are sorted."""


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


def append(path: Path, record: Mapping[str, str]) -> str:
    """Write one line, and have it safe on the disk.

    Args:
        path: the log; it is made if it is not there.
        record: what the line says, in texts; `n`, `prev` and `hash` are added.

    Returns:
        The line's hash.

    Raises:
        GuardError: the file is no log of ours, another writer does not end, or the system refuses. The file is as it
            was.
    """
    try:
        log = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | _PLAIN, 0o644)
        try:
            if not stat.S_ISREG(os.fstat(log).st_mode):
                raise GuardError(str(path), "it is no plain file", "Name another log.")
            with _alone(log, path):
                return _append(log, path, record)
        finally:
            os.close(log)
    except OSError as error:
        raise cannot_write(path, error) from error


@contextlib.contextmanager
def _alone(log: int, path: Path) -> Iterator[None]:
    """Keep other writers out: the lock is on the file itself, which can have more than one name."""
    try:
        import fcntl  # noqa: PLC0415 - not on Windows
    except ImportError:
        from filelock import FileLock  # noqa: PLC0415 - only there

        with FileLock(path.resolve().with_name(f".{path.name}.lock"), timeout=_PATIENCE):
            yield
        return
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
            break
        except BlockingIOError:
            if time.monotonic() > end:
                problem = "another program is writing to it"
                raise GuardError(str(path), problem, "Try again.") from None
            time.sleep(_PAUSE)
    try:
        yield
    finally:
        fcntl.flock(log, fcntl.LOCK_UN)  # a fork of this process may hold it open


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
        self.head, self._last = record["hash"], record["n"]
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


def _append(log: int, path: Path, record: Mapping[str, str]) -> str:
    size = os.lseek(log, 0, os.SEEK_END)
    start, tail = _tail(log, size)
    half = b"" if tail.endswith(b"\n") else tail
    if half:
        _, tail = _tail(log, start)
    last: dict[str, Any] | None = _record(tail) if tail else {"hash": START, "n": 0}
    if last is None or (half and not tail and not _begins(half)):
        raise GuardError(str(path), "its last line is none of this log's", _LOOK)
    if half:
        record = {**record, "cut": _set_aside(log, path, half, start)}
        size = start
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


def _begins(half: bytes) -> bool:
    """Whether a file's only line, which has no end, is the beginning of one of ours, and not a text of somebody's."""
    if not any(half.startswith(first) or first.startswith(half) for first in _FIRSTS):
        return False
    try:
        json.loads(half)
    except ValueError:
        return True
    return _record(half + b"\n") is not None


def _set_aside(log: int, path: Path, half: bytes, start: int) -> str:
    """Move half a line into a new file beside the log; returns its SHA-256."""
    digest = hashlib.sha256(half).hexdigest()
    aside = path.with_name(f"{path.name}.cut-{digest[:16]}")
    if os.path.lexists(
        aside
    ):  # it was killed right here before, or somebody has put something there
        aside = aside.with_name(f"{aside.name}-{secrets.token_hex(8)}")
    write_whole(aside, half)
    os.ftruncate(log, start)
    return digest


def _record(line: bytes) -> dict[str, Any] | None:
    """Return what a line says, if it is written as this log writes it: texts, and a number for `n`."""
    try:
        record = json.loads(line)
        whole = canonical(record) + b"\n" == line and {"hash", "n", "prev"} <= record.keys()
        typed = all(type(value) is (int if name == "n" else str) for name, value in record.items())
        return record if whole and typed else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _broken(line: bytes) -> str:
    return "it was edited, or is no line of this log" if line.endswith(b"\n") else "it is cut"
