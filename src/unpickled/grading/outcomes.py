"""What became of each submission, kept beside the gradebook: nbgrader has no place for "failed, because …"."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from unpickled.grading.places import CourseFolder
from unpickled.grading.setting_up import write_text

__all__ = ["Outcome", "forget", "load_outcomes", "note", "to_review"]

FILE = "outcomes.json"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one submission.

    Attributes:
        student, assignment: whose and what.
        state: "graded", "review" (a person has to look), "failed" (it could not be graded) or "running".
        reason: why, for a person; empty for "graded".
        score, maximum: points, with what is still to review as proposed; 0 where it failed.
        late: seconds after the due date.
    """

    student: str
    assignment: str
    state: str
    reason: str = ""
    score: float = 0.0
    maximum: float = 0.0
    late: float = 0.0


def load_outcomes(course: CourseFolder) -> dict[tuple[str, str], Outcome]:
    """Return the outcomes by assignment and student; none where the file is missing or damaged."""
    try:
        rows = json.loads((course.path / FILE).read_text(encoding="utf-8"))
        made = [Outcome(**row) for row in rows]
    except (OSError, ValueError, TypeError):
        return {}
    return {(one.assignment, one.student): one for one in made}


def note(course: CourseFolder, outcome: Outcome) -> None:
    """Write one outcome into the file, in place of an earlier one; the file is replaced whole."""
    known = load_outcomes(course)
    known[outcome.assignment, outcome.student] = outcome
    _save(course.path / FILE, known)


def forget(course: CourseFolder, assignment: str, student: str) -> None:
    """Take one outcome out of the file."""
    known = load_outcomes(course)
    if known.pop((assignment, student), None):
        _save(course.path / FILE, known)


def to_review(submission: Any) -> str:
    """Name every cell of a submission (nbgrader's) that a person has to look at."""
    cells = [
        row.name
        for notebook in submission.notebooks
        for row in notebook.grades
        if row.needs_manual_grade
    ]
    return f"a person has to look at {', '.join(sorted(cells))}"


def _save(path: Path, known: dict[tuple[str, str], Outcome]) -> None:
    rows = [asdict(known[key]) for key in sorted(known)]
    write_text(path, json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
