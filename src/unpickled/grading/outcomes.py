"""What became of each submission, in a table of our own in the gradebook: nbgrader has none for "failed, because …".

It is written in the transaction of the scores, so that a run which is killed leaves no outcome without its scores.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from unpickled.grading.places import CourseFolder
from unpickled.grading.stock import gradebook
from unpickled.grading.tables import require_table

__all__ = ["Outcome", "load_outcomes", "note", "outcomes_in", "to_review", "with_points"]

TABLE = (
    "CREATE TABLE IF NOT EXISTS unpickled_outcome (assignment VARCHAR(128) NOT NULL, student VARCHAR(255) NOT NULL, "
    "state VARCHAR(16) NOT NULL, reason TEXT NOT NULL, evidence TEXT NOT NULL, PRIMARY KEY (assignment, student))"
)
READ = "SELECT assignment, student, state, reason, evidence FROM unpickled_outcome"
WRITE = (
    "INSERT INTO unpickled_outcome (assignment, student, state, reason, evidence) "
    "VALUES (:assignment, :student, :state, :reason, :evidence) ON CONFLICT (assignment, student) DO UPDATE "
    "SET state = excluded.state, reason = excluded.reason, evidence = excluded.evidence"
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of one submission.

    Attributes:
        student, assignment: whose and what.
        state: "graded", "review" (a person has to look) or "failed" (it could not be graded).
        reason: why, for a person; empty for "graded".
        score, maximum: points, with what is still to review as proposed; 0 where it failed.
        late: seconds after the due date.
        evidence: what the submission did, beside answering, that an instructor may want to look at.
    """

    student: str
    assignment: str
    state: str
    reason: str = ""
    score: float = 0.0
    maximum: float = 0.0
    late: float = 0.0
    evidence: tuple[str, ...] = ()


def load_outcomes(course: CourseFolder) -> dict[tuple[str, str], Outcome]:
    """Return the outcomes in a course's gradebook by assignment and student, without their points."""
    with gradebook(course) as book:
        return outcomes_in(book.db)


def outcomes_in(db: Any) -> dict[tuple[str, str], Outcome]:
    """Return the outcomes in an open gradebook (its session), without their points."""
    from sqlalchemy import inspect, text  # noqa: PLC0415 - slow to import

    if not inspect(db.connection()).has_table("unpickled_outcome"):
        return {}
    rows = db.execute(text(READ)).all()
    made = [
        Outcome(
            row.student, row.assignment, row.state, row.reason, evidence=_evidence(row.evidence)
        )
        for row in rows
    ]
    return {(one.assignment, one.student): one for one in made}


def note(db: Any, outcome: Outcome) -> None:
    """Write one outcome, in place of an earlier one; the caller commits."""
    from sqlalchemy import text  # noqa: PLC0415 - slow to import

    require_table(db, TABLE)
    row = {
        "assignment": outcome.assignment,
        "student": outcome.student,
        "state": outcome.state,
        "reason": outcome.reason,
        "evidence": json.dumps(outcome.evidence),
    }
    db.execute(text(WRITE), row)


def with_points(outcome: Outcome, submission: Any) -> Outcome:
    """Return an outcome with what the gradebook now says of its submission (nbgrader's)."""
    penalty = submission.late_submission_penalty or 0.0
    review = bool(submission.needs_manual_grade)
    failed = outcome.state == "failed"
    return replace(
        outcome,
        state="failed" if failed else "review" if review else "graded",
        reason=outcome.reason if failed else to_review(submission) if review else "",
        score=max(0.0, float(submission.score - penalty)),
        maximum=float(submission.max_score),
        late=float(submission.total_seconds_late or 0.0),
    )


def to_review(submission: Any) -> str:
    """Name every cell of a submission (nbgrader's) that a person has to look at."""
    cells = [
        row.name
        for notebook in submission.notebooks
        for row in notebook.grades
        if row.needs_manual_grade
    ]
    return f"a person has to look at {', '.join(sorted(cells))}"


def _evidence(text: str) -> tuple[str, ...]:
    found = json.loads(text)
    return tuple(str(one) for one in found) if isinstance(found, list) else ()
