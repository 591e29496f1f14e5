"""Grade submissions through nbgrader, one at a time: each ends graded, to review, or failed with its reason.

nbgrader's own directories, gradebook, resubmission rule (a newer `timestamp.txt` is graded again) and late penalties
stay in force. The kernels run with the rights of whoever grades: see docs/for-instructors.md.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from glob import escape
from pathlib import Path
from typing import Any

from unpickled.grading.configuration import sound_for_grading
from unpickled.grading.holding import database_error, only_one, refusals
from unpickled.grading.lateness import renew_penalty
from unpickled.grading.outcomes import Outcome, load_outcomes, note, to_review
from unpickled.grading.places import CourseFolder, GradingError, sound_name
from unpickled.grading.reading import cell_names, problem_of
from unpickled.grading.stock import nbgrader_app

__all__ = ["grade", "queue"]


def queue(
    course: CourseFolder, names: Sequence[str] = (), students: Sequence[str] = ()
) -> list[tuple[str, str]]:
    """Return the submissions that there are, as (assignment, student).

    Args:
        course: where to look.
        names: assignments; all if empty.
        students: ids; everybody if empty.

    Raises:
        GradingError: an assignment is unknown, or somebody named has handed in nothing.
    """
    chosen = [course.require(name) for name in names] or course.ids()
    found = [(name, student) for name in chosen for student in course.students(name)]
    for student in students:
        if student not in {one for _, one in found}:
            remedy = "See who has: unpickled teach status"
            raise GradingError(student, "nobody of this id has handed anything in", remedy)
    return [(name, student) for name, student in found if not students or student in students]


def grade(
    course: CourseFolder,
    submissions: Sequence[tuple[str, str]],
    *,
    force: bool = False,
    timeout: int | None = None,
) -> Iterator[Outcome]:
    """Grade submissions in turn; yields the outcome of each when it is in the gradebook.

    Args:
        course: the course folder.
        submissions: out of `queue`.
        force: also those that are graded already and were not handed in anew.
        timeout: seconds for one cell, instead of the configuration's.

    Raises:
        GradingError: somebody else is grading this course, its configuration or its checkout is not in order, or
            the course folder or its gradebook cannot be written to.
    """
    with only_one(course), refusals(course.path):
        sound_for_grading(course, {name for name, _ in submissions})
        known = load_outcomes(course)
        for assignment, student in submissions:
            before = known.get((assignment, student))
            again = force or (before is not None and before.state in {"running", "failed"})
            started = Outcome(student, assignment, "running", "grading was interrupted")
            if again or not (course.path / "autograded" / student / assignment).is_dir():
                note(course, started)
            outcome = _grade_one(course, started, force=again, timeout=timeout)
            if outcome != before:
                note(course, outcome)
            yield outcome


def _grade_one(
    course: CourseFolder, started: Outcome, *, force: bool, timeout: int | None
) -> Outcome:
    assignment, student = started.assignment, started.student
    if not sound_name(student):
        reason = (
            f"the folder's name, {student!r}, cannot be a student's id: rename it, and grade again"
        )
        return replace(started, state="failed", reason=reason)
    settings: dict[str, dict[str, Any]] = {
        "CourseDirectory": {"assignment_id": assignment, "student_id": escape(student)},
        "Autograde": {"force": force},
    }
    if timeout:
        settings["Execute"] = {"timeout": timeout}
    with nbgrader_app(course, **settings) as (app, log):
        from nbgrader.converters import Autograde  # noqa: PLC0415 - seconds to import
        from nbgrader.converters.base import NbGraderException  # noqa: PLC0415

        folder = course.submitted(assignment, student)
        problem = problem_of(folder, course.notebook(assignment), _names(app, assignment))
        if not problem:
            try:
                auto = Autograde(coursedir=app.coursedir, parent=app)
                auto.force = auto.force or _is_lost(app, started)
                auto.start()
                renew_penalty(app, course, assignment, student)
            except NbGraderException:
                problem = f"nbgrader could not grade it: {log.reason()}"
            except (Exception, SystemExit) as error:  # noqa: BLE001 - one submission must not end the others
                problem = f"nbgrader could not grade it: {type(error).__name__}: {error!s:.200}"
        return _entered(app, course, started, problem)


def _names(app: Any, assignment: str) -> frozenset[str]:
    """Return the grade ids of an assignment's cells, as the gradebook has them."""
    from nbgrader.api import Gradebook  # noqa: PLC0415 - sqlalchemy is slow to import

    with Gradebook(app.coursedir.db_url, app.coursedir.course_id) as book:
        return cell_names(book.find_assignment(assignment))


def _is_lost(app: Any, started: Outcome) -> bool:
    """Tell whether the gradebook holds nothing of a submission, graded earlier or not."""
    from nbgrader.api import Gradebook, MissingEntry  # noqa: PLC0415 - sqlalchemy is slow to import

    with Gradebook(app.coursedir.db_url, app.coursedir.course_id) as book:
        try:
            book.find_submission(started.assignment, started.student)
        except MissingEntry:
            return True
    return False


def _entered(app: Any, course: CourseFolder, started: Outcome, problem: str) -> Outcome:
    """Return the outcome that the gradebook has; only a gradebook that cannot be used at all ends the class."""
    try:
        return _result(app, course, started, problem)
    except OSError:
        raise
    except Exception as error:
        if database_error(error):
            raise
        told = f"{type(error).__name__}: {error!s:.200}"
        reason = problem or f"its grade could not be read: {told}"
        return replace(started, state="failed", reason=reason)


def _result(app: Any, course: CourseFolder, started: Outcome, problem: str) -> Outcome:
    """Read what the gradebook says of a submission; enter it as one for a person where it could not be graded."""
    from nbgrader.api import Gradebook  # noqa: PLC0415 - sqlalchemy is slow to import

    assignment, student = started.assignment, started.student
    with Gradebook(app.coursedir.db_url, app.coursedir.course_id) as book:
        if problem:
            graded = course.path / "autograded" / student / assignment
            shutil.rmtree(graded, ignore_errors=True)
            _enter(app, book, course.submitted(assignment, student), started)
        submission = book.find_submission(assignment, student)
        penalty = submission.late_submission_penalty or 0.0
        done = replace(
            started,
            state="failed" if problem else "review" if submission.needs_manual_grade else "graded",
            reason=problem,
            score=max(0.0, float(submission.score - penalty)),
            maximum=float(submission.max_score),
            late=float(submission.total_seconds_late or 0.0),
        )
        if done.state == "review":
            return replace(done, reason=to_review(submission))
        return done


def _enter(app: Any, book: Any, folder: Path, started: Outcome) -> None:
    """Give a submission that could not be graded zero points, for a person to look at; an older grading is void."""
    book.update_or_create_student(started.student)
    try:
        stamp = app.coursedir.get_existing_timestamp(str(folder))
    except (Exception, SystemExit):  # noqa: BLE001 - nbgrader leaves the process over a wrong date
        stamp = None
    fields = {"timestamp": stamp} if stamp else {}
    submission = book.update_or_create_submission(started.assignment, started.student, **fields)
    for notebook in submission.notebooks:
        for grade_row in notebook.grades:
            grade_row.auto_score = 0.0
            grade_row.needs_manual_grade = True
    book.db.commit()
