"""Export: everybody's grades as CSV for people, or in the columns that Canvas and Moodle import.

In the two import layouts a cell is empty where no final score exists (nothing handed in, to review, failed): an empty
cell leaves a platform's grade as it is, a zero would overwrite it.
Canvas: https://community.canvaslms.com/t5/Instructor-Guide/How-do-I-import-grades-in-the-Gradebook/ta-p/807
Moodle: https://docs.moodle.org/en/Grade_import
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Sequence

from unpickled.grading.standing import Standing

__all__ = ["LAYOUTS", "as_csv"]

COLUMNS = (
    "assignment", "student_id", "last_name", "first_name", "email", "state", "reason", "duedate", "timestamp",
    "late_seconds", "raw_score", "late_submission_penalty", "score", "max_score",
)  # fmt: skip
Rows = Iterable[Sequence[object]]


def as_csv(layout: str, standings: Sequence[Standing], *, proposed: bool = False) -> str:
    """Return the grades as text of a CSV file.

    Args:
        layout: one of `LAYOUTS`.
        standings: everybody's.
        proposed: in the layouts for platforms, also scores that a person has still to look at.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for row in LAYOUTS[layout](standings, proposed):
        writer.writerow([_safe(value) for value in row])
    return text.getvalue()


def _plain(standings: Sequence[Standing], proposed: bool) -> Rows:  # noqa: ARG001 - one signature for all layouts
    yield COLUMNS
    for one in standings:
        yield (
            one.assignment, one.student, one.last_name, one.first_name, one.email, one.state, one.reason,
            one.due, one.submitted, one.late, one.raw, one.penalty, one.score, one.maximum,
        )  # fmt: skip


def _canvas(standings: Sequence[Standing], proposed: bool) -> Rows:
    worth = {one.assignment: one.maximum for one in standings}
    yield ("Student", "ID", "SIS User ID", "SIS Login ID", "Section", *worth)
    yield ("Points Possible", "", "", "", "", *worth.values())
    for student, by in _by_student(standings).items():
        one = next(iter(by.values()))
        name = ", ".join(filter(None, [one.last_name, one.first_name])) or student
        scores = (_final(by.get(assignment), proposed) for assignment in worth)
        yield (name, one.lms_user_id, "", student, "", *scores)


def _moodle(standings: Sequence[Standing], proposed: bool) -> Rows:
    worth = {one.assignment: one.maximum for one in standings}
    yield ("First name", "Last name", "ID number", "Username", "Email address", *worth)
    for student, by in _by_student(standings).items():
        one = next(iter(by.values()))
        scores = (_final(by.get(assignment), proposed) for assignment in worth)
        yield (one.first_name, one.last_name, one.lms_user_id, student, one.email, *scores)


LAYOUTS: dict[str, Callable[[Sequence[Standing], bool], Rows]] = {
    "csv": _plain,
    "canvas": _canvas,
    "moodle": _moodle,
}


def _by_student(standings: Sequence[Standing]) -> dict[str, dict[str, Standing]]:
    found: dict[str, dict[str, Standing]] = {}
    for one in standings:
        found.setdefault(one.student, {})[one.assignment] = one
    return found


def _final(one: Standing | None, proposed: bool) -> object:
    if one is None or one.score is None:
        return ""
    return one.score if one.state == "graded" or (proposed and one.state == "review") else ""


def _safe(value: object) -> object:
    """Return a value that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, float):
        return round(value, 4)
    if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"}:
        return f"'{value}"
    return value
