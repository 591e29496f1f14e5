"""Progress carried from one place to another: a file out of here, and what another place knew taken in.

The file is a progress file like any other (see `document`). Taking one in forgets nothing: of each exercise the better
of the two is kept, and answers that both places counted are not counted twice.
"""

from __future__ import annotations

import functools
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unpickled.errors import ProgressError
from unpickled.progress.bounds import shown
from unpickled.progress.document import LARGEST, NEWER, SCHEMA, Document, encode, parse
from unpickled.progress.store import Progress

__all__ = ["NAME", "TakenIn", "carry_out", "read_carried", "take_in", "write_carried", "write_new"]

NAME = "unpickled-progress.json"
_UPDATE = "Update the course here, or reload its site, and take the file in again."
_CLOCKS = "Set right the clock that is wrong. If it was the other one, answer something there, and save the file anew."
_REMEDY = "Choose a file that the course has saved: unpickled-progress.json"


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What came of taking a file in: how many exercises it has, and how many of them it changed here."""

    exercises: int
    changed: int

    def __str__(self) -> str:
        """Return it as a sentence."""
        several = "1 exercise" if self.exercises == 1 else f"{self.exercises} exercises"
        if not self.changed:
            return f"{several} in the file; nothing of it was new here."
        return f"{several} in the file; {self.changed} brought something new."


def carry_out(progress: Progress) -> bytes:
    """Return the progress as the bytes of a file to carry elsewhere.

    Raises:
        ProgressError: it is there and may not be read.
    """
    return encode({"schema": SCHEMA, "exercises": progress.entries()})


def take_in(progress: Progress, raw: bytes, *, place: str = NAME) -> TakenIn:
    """Add what a carried file knows.

    Args:
        progress: where to.
        raw: the file's bytes; anybody may have written them.
        place: what to call it.

    Raises:
        ProgressError: it is no progress file, not whole or from the future, or the progress cannot be written or would
            be too large. Nothing was changed.
    """
    document, damage = parse(raw)
    if damage:
        remedy = _UPDATE if damage == NEWER else _REMEDY
        raise ProgressError(place, f"it cannot be taken in: {damage}", remedy)
    known = {key: _plain(entry) for key, entry in document["exercises"].items()}
    latest = progress.latest()
    _check_clock(known, latest, place)
    return TakenIn(len(known), progress.add(known, functools.partial(better, latest=latest)))


def better(
    here: Mapping[str, Any] | None, there: Mapping[str, Any], *, latest: str = ""
) -> dict[str, Any]:
    """Return one exercise's record from two: done wins, then what changed last; counts are the larger ones.

    Args:
        here: the one that is known here, if any.
        there: the one that comes.
        latest: a moment that cannot have been yet; what bears a later one is the older of two.
    """
    if here is None:
        return dict(there)

    def rank(one: Mapping[str, Any]) -> tuple[bool, str]:
        when = one["when"]
        return one["state"] == "done", "" if latest and when > latest else when

    first, second = sorted((here, there), key=rank)
    most = {key: max(first[key], second[key]) for key in ("tries", "hints")}
    return {**first, **second, **most}


def write_carried(progress: Progress, path: str | os.PathLike[str]) -> None:
    """Write the file to carry; one that is there stays as it is.

    Raises:
        ProgressError: it is there, or cannot be written.
    """
    write_new(path, carry_out(progress))


def write_new(path: str | os.PathLike[str], data: bytes) -> None:
    """Write a file that is not there yet; half of one is taken away again.

    Raises:
        ProgressError: it is there, or cannot be written.
    """
    try:
        with Path(path).open("xb") as file:
            try:
                file.write(data)
                file.flush()
            except BaseException:
                Path(path).unlink(missing_ok=True)
                raise
    except FileExistsError as error:
        raise ProgressError(str(path), "it is there already", "Choose another name.") from error
    except OSError as error:
        problem = f"it cannot be written ({error.strerror})"
        raise ProgressError(str(path), problem, "Choose another place.") from error


def read_carried(path: str | os.PathLike[str]) -> bytes:
    """Read a file that was carried here, no more of it than one can have; a pipe or a device is not opened.

    Raises:
        ProgressError: it is no file, or cannot be read.
    """
    try:
        _require_file(Path(path).stat(), path)
        with open(path, "rb", opener=_at_once) as file:  # a pipe may have come in between
            _require_file(os.fstat(file.fileno()), path)
            return file.read(LARGEST + 1)
    except OSError as error:
        raise ProgressError(str(path), f"it cannot be read ({error.strerror})", _REMEDY) from error


def _require_file(found: os.stat_result, path: str | os.PathLike[str]) -> None:
    if not stat.S_ISREG(found.st_mode):
        problem = "it is no file that can be read, but a folder, a pipe or a device"
        raise ProgressError(str(path), problem, _REMEDY)


def _at_once(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _check_clock(known: Mapping[str, Document], latest: str, place: str) -> None:
    """Refuse a moment that is still to come: it would win over every later answer."""
    for key, entry in known.items():
        if entry["when"] > latest:
            problem = f"{shown(key)} was changed on {entry['when'][:10]}, which is still to come"
            raise ProgressError(place, f"it cannot be taken in: {problem}", _CLOCKS)


def _plain(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record is known to hold, and nothing else that a file may bring along."""
    known = ("state", "tries", "hints", "when", "version", "item")
    return {key: entry[key] for key in known if key in entry}
