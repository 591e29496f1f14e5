"""`model.lock`: one line a file with its SHA-256, its size and its name, read as strictly as it is written.

    # unpickled model.lock, version 1: sha256, bytes, path
    9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08  4  weights/model.safetensors

Sorted by the bytes of the name, so one folder has one lock and `diff` shows what changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from unpickled.defence.names import folded, spelled, unspelled
from unpickled.defence.reading import read_small
from unpickled.defence.refusals import GuardError
from unpickled.errors import CourseError

__all__ = ["Lock", "Pin", "clash", "parse_lock", "read_lock"]

_VERSION = 1
_HEAD = "# unpickled model.lock, version {}: sha256, bytes, path"
_ANY_HEAD = re.compile(r"# unpickled model\.lock, version ([0-9]{1,9})\b")
_LINE = re.compile(r"([0-9a-f]{64})  (0|[1-9][0-9]{0,18})  ([^\r]+)")
_ANEW = "Make it anew from a folder that you trust: unpickled guard pin"


@dataclass(frozen=True, slots=True)
class Pin:
    """What one file was when it was pinned: its name below the folder, its SHA-256 and its size in bytes."""

    name: str
    sha256: str
    size: int

    def __str__(self) -> str:
        """Return its line in a lock."""
        return f"{self.sha256}  {self.size}  {spelled(self.name)}"


@dataclass(frozen=True, slots=True)
class Lock:
    """The pins of a folder, in the order of their names."""

    pins: tuple[Pin, ...]

    @classmethod
    def of(cls, pins: Iterable[Pin]) -> Lock:
        """Put pins in order."""
        return cls(tuple(sorted(pins, key=lambda pin: _order(pin.name))))

    @property
    def size(self) -> int:
        """How many bytes the files are together."""
        return sum(pin.size for pin in self.pins)

    def to_bytes(self) -> bytes:
        """Return the lock as it is written."""
        lines = [_HEAD.format(_VERSION), *map(str, self.pins)]
        return "".join(f"{line}\n" for line in lines).encode()


def read_lock(path: Path) -> Lock:
    """Read a lock.

    Raises:
        GuardError: it is missing, too large, or is not such a lock from its first line to its last.
    """
    return parse_lock(read_small(path, _ANEW), str(path))


def parse_lock(data: bytes, place: str) -> Lock:
    """Read the bytes of a lock.

    Args:
        data: the whole file.
        place: what to call it in an error.

    Raises:
        GuardError: as `read_lock`; `place` gets the number of the line.
    """
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise GuardError(place, "it is no lock: its bytes are no text", _ANEW) from None
    head, newline, rest = text.partition("\n")
    _require_head(head, place)
    if not newline or (rest and not rest.endswith("\n")):
        problem = "it ends in the middle of a line: a part of it is missing"
        raise GuardError(place, problem, f"Fetch it again. {_ANEW}")
    pins = tuple(_pins(rest.split("\n")[:-1], place))
    if not pins:
        raise GuardError(place, "it pins no file, so it proves nothing", _ANEW)
    _require_order(pins, place)
    return Lock(pins)


def clash(names: Iterable[str]) -> tuple[str, str] | None:
    """Return two names that are one file, or a file and a folder, on systems where letter case does not count."""
    # With the letter that no path has between its parts, a file is right before what lies in a folder of its name.
    known = sorted((folded(name).replace("/", "\0"), at, name) for at, name in enumerate(names))
    for (first, at, name), (second, at_other, other) in pairwise(known):
        if second == first or second.startswith(f"{first}\0"):
            return (name, other) if at < at_other else (other, name)
    return None


def _require_head(head: str, place: str) -> None:
    if head == _HEAD.format(_VERSION):
        return
    if head == f"{_HEAD.format(_VERSION)}\r":
        problem = "its lines end with a carriage return, which pin does not write"
        remedy = (
            "Have git leave it as it is (model.lock -text, in .gitattributes), and fetch it again."
        )
        raise GuardError(f"{place}:1", problem, remedy)
    found = _ANY_HEAD.match(head)
    if found and int(found[1]) != _VERSION:
        problem = f"it is a lock of version {found[1]}, and this program knows version {_VERSION}"
        remedy = f"Use the release of unpickled that made it, or pin again. {_ANEW}"
        raise GuardError(f"{place}:1", problem, remedy)
    raise GuardError(f"{place}:1", "it is no lock: its first line is another", _ANEW)


def _pins(lines: list[str], place: str) -> Iterator[Pin]:
    for number, line in enumerate(lines, 2):
        found = _LINE.fullmatch(line)
        if not found:
            ending = " (it ends with a carriage return)" if line.endswith("\r") else ""
            problem = f"the line is not: sha256, two spaces, bytes, two spaces, path{ending}"
            raise GuardError(f"{place}:{number}", problem, _ANEW)
        try:
            yield Pin(unspelled(found[3]), found[1], int(found[2]))
        except CourseError as error:
            raise GuardError(f"{place}:{number}", error.problem, _ANEW) from None


def _require_order(pins: tuple[Pin, ...], place: str) -> None:
    for number, (before, after) in enumerate(pairwise(pins), 3):
        if before.name == after.name:
            problem = f"{spelled(after.name)} is there twice"
            raise GuardError(f"{place}:{number}", problem, _ANEW)
        if _order(before.name) > _order(after.name):
            problem = "the lines are not in the order of their names"
            raise GuardError(f"{place}:{number}", problem, _ANEW)
    same = clash([pin.name for pin in pins])
    if same:
        problem = f"{spelled(same[0])} and {spelled(same[1])} are one name on some systems"
        raise GuardError(place, problem, _ANEW)


def _order(name: str) -> bytes:
    return name.encode("utf-8", "surrogateescape")
