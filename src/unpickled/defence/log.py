"""The audit log: one JSON line a load, each with the hash of the line before, so that what is changed or missing shows.

`appending` writes it; here it is read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from unpickled.defence.refusals import GuardError
from unpickled.defence.seals import canonical
from unpickled.errors import ScanError
from unpickled.weights.files import open_regular

__all__ = [
    "LONGEST",
    "MOST",
    "START",
    "Chain",
    "Fault",
    "Follower",
    "hash_of",
    "record_of",
    "verify_log",
]

START = "0" * 64
"""The hash before the first line."""

LONGEST = 1 << 20
"""Bytes of a line."""

MOST = 1 << 63
"""Lines of a log; no line has that number."""
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
    _tail: bytes = b""  # the last line that was read, as it was

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
            while line := file.readline(LONGEST):
                if not whole and not line.endswith(b"\n") and len(line) < LONGEST:
                    return
                self._at += len(line)
                self._read.update(line)
                self._tail = line
                yield self._held(line)

    def changed(self, path: Path, *, deep: bool) -> str:
        """Return what became of the lines that were read; empty if they are as they were.

        Args:
            path: the log.
            deep: whether to read them all again; else only the last, which another log in this one's place has not.

        Raises:
            GuardError: it cannot be read.
        """
        with _opened(path) as file:
            left, again = self._at, hashlib.sha256()
            if file.seek(0, os.SEEK_END) < left:
                return "the log has become shorter: lines are missing"
            file.seek(left - len(self._tail))
            same = file.read(len(self._tail)) == self._tail
            file.seek(0)
            while deep and left and (piece := file.read(min(left, _CHUNK))):
                again.update(piece)
                left -= len(piece)
        same = same and (not deep or again.digest() == self._read.digest())
        return "" if same else "the log was changed where it had been read already"

    def _held(self, line: bytes) -> tuple[int, dict[str, Any] | None, str]:
        self.lines += 1
        before, due, record = self.head, self._last + 1, record_of(line)
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


def record_of(line: bytes) -> dict[str, Any] | None:
    """Return what a line says, if it is written as this log writes it: texts, and for `n` a line's number."""
    try:
        record = json.loads(line)
        whole = canonical(record) + b"\n" == line and {"hash", "n", "prev"} <= record.keys()
        typed = all(type(value) is (int if name == "n" else str) for name, value in record.items())
        return record if whole and typed and 0 < record["n"] < MOST else None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _broken(line: bytes) -> str:
    return "it was edited, or is no line of this log" if line.endswith(b"\n") else "it is cut"
