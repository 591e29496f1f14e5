"""Grade submissions, several at a time: each ends graded, to review, or failed with its reason.

nbgrader's directories, gradebook, resubmission rule (a newer `timestamp.txt` is graded again; here also files that have
changed) and late penalties stay in force. How it is done is in `engine`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from unpickled.grading.configuration import sound_for_grading
from unpickled.grading.holding import only_one, refusals
from unpickled.grading.machines import Address
from unpickled.grading.outcomes import Outcome
from unpickled.grading.places import CourseFolder, GradingError
from unpickled.sandbox import Excuse

__all__ = ["Key", "Manner", "default_jobs", "grade", "queue"]

Key = tuple[str, str]


def queue(
    course: CourseFolder, names: Sequence[str] = (), students: Sequence[str] = ()
) -> list[Key]:
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


def default_jobs() -> int:
    """Return how many submissions are graded at a time unless somebody says otherwise: one a processor."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How submissions are graded.

    Attributes:
        timeout: seconds for one cell; None for the configuration's.
        jobs: how many at a time; 0 for one a processor.
        without_wall: as in `sandbox.run`.
        scheduler: of the Dask cluster that does the work; None for this machine.
        tell: takes what a person should know of a run as a whole, a sentence at a time.
    """

    timeout: int | None = None
    jobs: int = 0
    without_wall: Excuse = "none"
    scheduler: Address | None = None
    tell: Callable[[str], None] = lambda _: None


_USUAL = Manner()


def grade(
    course: CourseFolder,
    submissions: Sequence[Key],
    manner: Manner = _USUAL,
    *,
    force: bool = False,
) -> Iterator[Outcome]:
    """Grade submissions; yields the outcome of each when it is in the gradebook, in the order in which they end.

    Args:
        course: the course folder.
        submissions: out of `queue`.
        manner: how.
        force: also those that are graded already and were not handed in anew.

    Raises:
        GradingError: somebody else is grading this course, its configuration or its checkout is not in order, or
            the course folder or its gradebook cannot be written to.
        SandboxError: there is no jail here for what has to be run, and no excuse.
    """
    from unpickled.grading.engine import run  # noqa: PLC0415 - nbgrader takes seconds to import

    with only_one(course), refusals(course.path):
        sound_for_grading(course, {name for name, _ in submissions})
        with run(course, manner, {name for name, _ in submissions}) as made:
            yield from made.grade(submissions, force=force)
