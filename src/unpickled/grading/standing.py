"""How a class stands: for every student and assignment what was handed in, when, what it earned, what is to be done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from unpickled.grading.outcomes import Outcome, outcomes_in, to_review
from unpickled.grading.places import CourseFolder, unknown_to_gradebook
from unpickled.grading.stock import gradebook

__all__ = ["STATES", "Standing", "standings"]

STATES = ("graded", "review", "failed", "waiting", "missing")
"""Graded; to be looked at by a person; could not be graded; handed in and not graded yet; not handed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One student's standing in one assignment; points are None where nothing was graded.

    Attributes:
        state: one of `STATES`.
        reason: why it is not simply graded.
        submitted, due: times as text in UTC; empty for none.
        late: seconds after the due date.
        raw, penalty, score, maximum: points; `score` is `raw` less `penalty`, not below 0.
        evidence: what the submission did beside answering.
    """

    assignment: str
    student: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""
    lms_user_id: str = ""
    state: str = "missing"
    reason: str = ""
    submitted: str = ""
    due: str = ""
    late: float = 0.0
    raw: float | None = None
    penalty: float | None = None
    score: float | None = None
    maximum: float = 0.0
    evidence: tuple[str, ...] = ()


def standings(course: CourseFolder, assignment: str = "") -> list[Standing]:
    """Return the standing of everybody in the roster or with a submission, by assignment and student.

    Raises:
        GradingError: there is no such assignment.
    """
    names = (course.require(assignment),) if assignment else course.ids()
    rows = []
    with gradebook(course) as book:
        known = outcomes_in(book.db)
        students = {student.id: student for student in book.students}
        for name in names:
            given = _assignment(book, name)
            if given is None:
                if assignment or course.students(name):
                    raise unknown_to_gradebook(name)
                continue  # one that an instructor is still writing
            done = {submission.student_id: submission for submission in given.submissions}
            for identity in sorted({*students, *course.students(name)}):
                outcome = known.get((name, identity))
                row = _standing(course, given, identity, done.get(identity), outcome)
                rows.append(_with_person(row, students.get(identity)))
    return rows


def _assignment(book: Any, name: str) -> Any:
    from nbgrader.api import MissingEntry  # noqa: PLC0415 - sqlalchemy is slow to import

    try:
        return book.find_assignment(name)
    except MissingEntry:
        return None


def _standing(
    course: CourseFolder, given: Any, student: str, submission: Any, outcome: Outcome | None
) -> dict[str, Any]:
    folder = course.submitted(given.name, student)
    stamp = folder / "timestamp.txt"
    row: dict[str, Any] = {
        "assignment": given.name,
        "student": student,
        "due": _time(given.duedate),
        "maximum": float(given.max_score or 0.0),
        "evidence": outcome.evidence if outcome else (),
    }
    if folder.is_dir():
        row["submitted"] = (
            stamp.read_text(errors="replace").strip()[:40] if stamp.is_file() else "yes"
        )
    graded = (course.path / "autograded" / student / given.name).is_dir()
    if submission is None or not (graded or (outcome and outcome.state == "failed")):
        if folder.is_dir():
            failed = outcome is not None and outcome.state == "failed"
            row["state"] = "failed" if failed else "waiting"
            row["reason"] = outcome.reason if outcome else "not graded yet"
        return row
    penalty = float(submission.late_submission_penalty or 0.0)
    raw = float(submission.score or 0.0)
    failed = outcome is not None and outcome.state == "failed" and not graded
    review = bool(submission.needs_manual_grade)
    return row | {
        "state": "failed" if failed else "review" if review else "graded",
        "reason": outcome.reason if outcome and failed else to_review(submission) if review else "",
        "late": float(submission.total_seconds_late or 0.0),
        "raw": raw,
        "penalty": penalty,
        "score": max(0.0, raw - penalty),
    }


def _with_person(row: dict[str, Any], student: Any) -> Standing:
    fields = ("first_name", "last_name", "email", "lms_user_id")
    row |= {name: getattr(student, name, None) or "" for name in fields}
    return Standing(**row)


def _time(when: Any) -> str:
    return when.strftime("%Y-%m-%d %H:%M:%S UTC") if when else ""
