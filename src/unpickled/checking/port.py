"""What a check asks, and what it answers: `Student`, `File` and `Outcome`."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Protocol, TypeAlias

from unpickled.checking.plain import Plain
from unpickled.errors import StudentError

__all__ = ["Check", "File", "Outcome", "Student", "inner_name", "judge"]


@dataclass(frozen=True, slots=True)
class File:
    """An argument of a call: a file that is put into the learner's side. The function gets its path as text.

    Attributes:
        name: one plain file name, without folders.
        data: what is in it.
    """

    name: str
    data: bytes


class Student(Protocol):
    """A learner's work, as far as a check may see it. Each question raises `StudentError` where it has no answer."""

    def value(self, name: str) -> Plain:
        """Return the value of a name in the learner's notebook."""

    def call(self, function: str, *args: Plain | File) -> Plain:
        """Call a function of the learner's with plain arguments, and return its result."""

    def file(self, name: str) -> bytes:
        """Return a file that the learner's notebook has written into its own folder."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found.

    Attributes:
        points: from 0 to `maximum`.
        maximum: what this check gives at most.
        feedback: sentences for the learner, the most important one first.
        review: whether a person should look at it.
    """

    points: float
    maximum: float
    feedback: tuple[str, ...]
    review: bool = False

    def __post_init__(self) -> None:
        if not (math.isfinite(self.maximum) and 0 <= self.points <= self.maximum):
            raise ValueError(f"{self.points} of {self.maximum} are no points to give")


Check: TypeAlias = Callable[[Student], Outcome]


def judge(check: Check, student: Student, maximum: float) -> Outcome:
    """Run a check; a `StudentError` that it lets pass is feedback, and no points.

    Args:
        check: the check.
        student: the work.
        maximum: the check's points in `lab.toml`.

    Raises:
        ValueError: the check gives another maximum than that, which is the author's mistake.
    """
    try:
        outcome = check(student)
    except StudentError as error:
        problem = f"{error.problem[:1].upper()}{error.problem[1:]}."
        return Outcome(0, maximum, (f"{problem} {error.remedy}".strip(),))
    if outcome.maximum != maximum:
        raise ValueError(f"the check gives at most {outcome.maximum}, and lab.toml says {maximum}")
    return outcome


def inner_name(name: str) -> str:
    """Return a name if it stays within the folder that it is taken from.

    Raises:
        StudentError: it is absolute, goes upwards, or is empty.
    """
    for kind in (PurePosixPath, PureWindowsPath):
        path = kind(name)
        if path.anchor or ".." in path.parts or not path.parts or "\0" in name:
            remedy = "Write the file beside the notebook."
            raise StudentError(f"{name!r:.80} is not in the notebook's folder", remedy)
    return name
