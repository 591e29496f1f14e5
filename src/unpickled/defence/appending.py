"""The audit log's writer: a line is on the disk before anybody gets what was loaded.

What a killed process left of its last line, or an editor put behind it that is blank, is moved aside, byte by byte, and
the next line says so. A file that is no such log is left as it is.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from unpickled.defence.log import LONGEST, MOST, START, hash_of, record_of
from unpickled.defence.refusals import GuardError
from unpickled.defence.seals import canonical
from unpickled.defence.writing import cannot_write, sync_folder, write_whole

__all__ = ["append"]

_PATIENCE = 60.0
_PAUSE = 0.01
_PLAIN = getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
_LOOK = "Put it aside, and name another log; unpickled guard audit verify tells what is wrong."
_FIRSTS = tuple(f'{{"{name}":"'.encode() for name in ("begun", "cut", "digest", "event"))
"""How a line begins: its keys are sorted."""


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
        TypeError: a value is no text, and nobody could go on behind such a line.
    """
    if not all(isinstance(text, str) for text in record.values()):
        raise TypeError("a line of the log holds texts")
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


def _append(log: int, path: Path, record: Mapping[str, str]) -> str:
    size = os.lseek(log, 0, os.SEEK_END)
    tail, rest = _end(log, size)
    last: dict[str, Any] | None = record_of(tail) if tail else {"hash": START, "n": 0}
    if last is None or last["n"] + 1 >= MOST or (rest and not tail and not _begins(rest)):
        raise GuardError(str(path), "its last line is none of this log's", _LOOK)
    if rest:
        size -= len(rest)
        record = {**record, "cut": _set_aside(log, path, rest, size)}
    line = {**record, "n": last["n"] + 1, "prev": last["hash"]}
    line["hash"] = hash_of(line)
    data = memoryview(canonical(line) + b"\n")
    if len(data) > LONGEST:
        raise GuardError(str(path), "the line would be too long", "Shorten the path.")
    try:
        _write(log, data)
    except OSError:
        with contextlib.suppress(OSError):
            os.ftruncate(log, size)
        raise
    if not size:
        sync_folder(path.resolve().parent)
    return str(line["hash"])


def _write(file: int, data: memoryview) -> None:
    while data:
        data = data[os.write(file, data) :]
    os.fsync(file)


def _end(log: int, size: int) -> tuple[bytes, bytes]:
    """Return the last line that has an end and is not blank, and what follows it."""
    start = max(size - 2 * LONGEST, 0)
    os.lseek(log, start, os.SEEK_SET)
    data = b""
    while len(data) < size - start and (more := os.read(log, size - start - len(data))):
        data += more
    ended = data[: data.rfind(b"\n") + 1]
    text = len(ended.rstrip())
    at = ended.index(b"\n", text) + 1 if text else 0
    if start and not at:
        return data, b""
    return data[data.rfind(b"\n", 0, text) + 1 : at], data[at:]


def _begins(half: bytes) -> bool:
    """Whether a file's only line, which has no end, is the beginning of one of ours, and not a text of somebody's."""
    if not any(half.startswith(first) or first.startswith(half) for first in _FIRSTS):
        return False
    try:
        json.loads(half)
    except ValueError:
        return True
    except RecursionError:
        return False
    return record_of(half + b"\n") is not None


def _set_aside(log: int, path: Path, half: bytes, start: int) -> str:
    """Move half a line into a new file beside the log; returns its SHA-256."""
    digest = hashlib.sha256(half).hexdigest()
    aside = path.with_name(f"{path.name}.cut-{digest[:16]}")
    if os.path.lexists(aside):  # somebody has put something there, or was killed right here
        aside = aside.with_name(f"{aside.name}-{secrets.token_hex(8)}")
    write_whole(aside, half)
    os.ftruncate(log, start)
    return digest
