"""Where checks come from: a lab's `checks.py` for the visible ones, the text of a locked cell for the hidden ones."""

from __future__ import annotations

import runpy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unpickled.checking.port import Check, Outcome, Student, judge
from unpickled.errors import CourseError

__all__ = ["Visible", "defined", "visible"]


@dataclass(frozen=True, slots=True)
class Visible:
    """The visible checks of a lab.

    Attributes:
        checks: by exercise.
        points: by exercise, what its visible check gives, and its hidden one.
    """

    checks: Mapping[str, Check]
    points: Mapping[str, tuple[float, float]]

    def judge(self, exercise: str, student: Student) -> Outcome:
        """Run an exercise's check.

        Raises:
            CourseError: there is no such exercise.
        """
        if exercise not in self.checks or exercise not in self.points:
            raise CourseError(exercise, "checks.py knows no such exercise", "Fetch the lab anew.")
        return judge(self.checks[exercise], student, maximum=self.points[exercise][0])


def visible(path: Path) -> Visible:
    """Read a lab's `checks.py`, which defines `CHECKS` and `POINTS`.

    Raises:
        CourseError: it is not there.
    """
    if not path.is_file():
        raise CourseError(
            path.name, "it is not beside the notebook", "Fetch the lab's folder anew."
        )
    given = runpy.run_path(str(path))
    return Visible(given["CHECKS"], given.get("POINTS", {}))


def defined(source: str) -> Check:
    """Return the check that an author's text defines as `check`; the text runs under names of its own."""
    names: dict[str, Any] = {"__name__": "hidden"}
    exec(compile(source, "<hidden check>", "exec"), names)  # noqa: S102 - an author's text, out of a locked cell
    check: Check = names["check"]
    return check
