"""Feedback: a page for each graded submission, made by nbgrader's own step without what learners must not see."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from unpickled.grading.configuration import sound_for_feedback
from unpickled.grading.holding import its_own, only_one, refusals
from unpickled.grading.outcomes import load_outcomes
from unpickled.grading.places import CourseFolder
from unpickled.grading.stock import nbgrader_app

__all__ = ["Page", "give_feedback"]


@dataclass(frozen=True, slots=True)
class Page:
    """The feedback of one submission.

    Attributes:
        student, assignment: whose and on what.
        path: the page, or None where there is none.
        reason: why there is none.
    """

    student: str
    assignment: str
    path: Path | None
    reason: str = ""


def give_feedback(course: CourseFolder, submissions: Sequence[tuple[str, str]]) -> Iterator[Page]:
    """Write the feedback of submissions, anew where there was one; yields the result of each.

    Args:
        course: the course folder.
        submissions: as (assignment, student).

    Raises:
        GradingError: somebody else is at this course, its configuration would show hidden tests or cannot be used,
            or the course folder or its gradebook cannot be written to.
    """
    with only_one(course), refusals(course.path):
        sound_for_feedback(course)
        for assignment, student in submissions:
            yield _page(course, assignment, student)


def _page(course: CourseFolder, assignment: str, student: str) -> Page:
    folder = course.path / "feedback" / student / assignment
    if not (course.path / "autograded" / student / assignment).is_dir():
        shutil.rmtree(folder, ignore_errors=True)  # it is of an earlier submission
        return Page(student, assignment, None, _why(course, assignment, student))
    settings: dict[str, dict[str, object]] = {
        "CourseDirectory": {"assignment_id": assignment, "student_id": escape(student)},
        "PageOnly": {"force": True},
    }
    with nbgrader_app(course, **settings) as (app, log):
        from nbgrader.converters.base import NbGraderException  # noqa: PLC0415 - seconds to import

        from unpickled.grading.feedback_page import PageOnly  # noqa: PLC0415

        try:
            PageOnly(coursedir=app.coursedir, parent=app).start()
        except NbGraderException:
            return Page(student, assignment, None, log.reason())
        except OSError as error:
            if not its_own(error):
                raise
            return Page(student, assignment, None, f"it cannot be written: {error.strerror}")
        except Exception as error:  # noqa: BLE001 - one submission must not end the others
            return Page(student, assignment, None, f"{type(error).__name__}: {error!s:.200}")
    return Page(student, assignment, folder / f"{assignment}.html")


def _why(course: CourseFolder, assignment: str, student: str) -> str:
    """Return why a submission is not graded, as the last run of `grade` has noted it."""
    outcome = load_outcomes(course).get((assignment, student))
    return outcome.reason if outcome and outcome.reason else "it is not graded yet"
