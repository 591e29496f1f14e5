"""The one writer of a gradebook: a submission's scores, comments, penalty and outcome in one transaction.

The graded notebook is first written aside, into a hidden folder that marks the submission as unfinished. Then the
transaction is committed, then the folder moves into its place. Whoever is killed in between leaves the mark, and the
next run grades that submission anew; nothing is entered twice, since rows are found by their names.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from unpickled.checking import File
from unpickled.grading.anew import digests_in, keep
from unpickled.grading.outcomes import Outcome, note, outcomes_in, with_points
from unpickled.grading.places import CourseFolder, GradingError
from unpickled.grading.reading import handed_in
from unpickled.grading.scores import write_scores
from unpickled.grading.tables import require_indexes
from unpickled.grading.working import scores_of
from unpickled.kernels import storable

__all__ = ["Ledger"]


@dataclass(slots=True)
class Ledger:
    """A gradebook during one run.

    Attributes:
        course: the course folder.
        book: nbgrader's gradebook, open.
        late: nbgrader's step for late penalties, with its plugin.
        permissions: mode of graded files.
    """

    course: CourseFolder
    book: Any
    late: Any
    permissions: int
    _cells: list[Any] = field(default_factory=list)
    _digests: dict[tuple[str, str], str] = field(default_factory=dict)

    def keep_cells(self, names: Iterable[str]) -> None:
        """Keep the assignments' cells at hand for the run: every grade's and comment's name is its cell's."""
        require_indexes(self.book.db)
        self.book.db.commit()
        self.book.db().expire_on_commit = False
        for name in names:
            for notebook in self.book.find_assignment(name).notebooks:
                self._cells += [
                    *notebook.grade_cells,
                    *notebook.solution_cells,
                    *notebook.task_cells,
                ]

    def known(self) -> dict[tuple[str, str], Outcome]:
        """Return the outcomes so far, without their points."""
        self._digests = digests_in(self.book.db)
        return outcomes_in(self.book.db)

    def is_done(self, assignment: str, student: str, digest: str) -> bool:
        """Tell whether a submission is graded, in the gradebook and on the disk, and was not handed in anew since.

        Args:
            assignment: its name.
            student: whose it is.
            digest: of what is handed in now.
        """
        place = self._place(assignment, student)
        if not place.is_dir() or _aside(place).exists() or not self.submission(assignment, student):
            return False
        if self._digests.get((assignment, student), digest) != digest:
            return False
        new = handed_in(self.course.submitted(assignment, student))
        old = handed_in(place)
        return new is None or (old is not None and new <= old)

    def submission(self, assignment: str, student: str) -> Any:
        """Return nbgrader's record of a submission, or None."""
        from nbgrader.api import MissingEntry  # noqa: PLC0415 - slow to import

        try:
            return self.book.find_submission(assignment, student)
        except MissingEntry:
            return None

    def enter(
        self,
        assignment: str,
        student: str,
        result: Mapping[str, Any],
        files: Sequence[File],
        digest: str,
    ) -> Outcome:
        """Enter a submission that was graded.

        Args:
            assignment: its name.
            student: whose it is.
            result: from `working.work`.
            files: what lies beside its notebooks.
            digest: of what was handed in.
        """
        place = self._place(assignment, student)
        write_aside(_aside(place), result["notebooks"], files, self.permissions)
        submission = self._record(assignment, student)
        if unknown := result["scores"].keys() - {one.name for one in submission.notebooks}:
            raise GradingError(
                assignment, f"the gradebook's record has no notebook {min(unknown)}", ""
            )
        for notebook in submission.notebooks:
            if notebook.name in result["scores"]:
                write_scores(self.book.db, notebook, scores_of(result["scores"][notebook.name]))
            else:
                _give_nothing(notebook, review=False)
        keep(self.book.db, assignment, student, digest)
        evidence = tuple(result["evidence"])
        outcome = Outcome(student, assignment, "graded", evidence=evidence)
        outcome = self._close(submission, outcome)
        move_in(_aside(place), place)
        return outcome

    def fail(self, assignment: str, student: str, reason: str) -> Outcome:
        """Enter a submission that could not be graded: no points, and why; an older grading is void."""
        submission = self._record(assignment, student)
        for notebook in submission.notebooks:
            _give_nothing(notebook, review=True)
        outcome = Outcome(student, assignment, "failed", storable(reason))
        outcome = self._close(submission, outcome)
        place = self._place(assignment, student)
        for folder in (_aside(place), place):
            shutil.rmtree(folder, ignore_errors=True)
        return outcome

    def name_failed(self, assignment: str, student: str, reason: str) -> Outcome:
        """Keep why something that cannot be in the gradebook has no grade."""
        outcome = Outcome(student, assignment, "failed", reason)
        note(self.book.db, outcome)
        self.book.db.commit()
        return outcome

    def renew(self, assignment: str, student: str, before: Outcome | None, digest: str) -> Outcome:
        """Return the outcome of a submission that is done, with the penalty that the due date now asks for."""
        keep(self.book.db, assignment, student, digest)
        submission = self.submission(assignment, student)
        return self._close(submission, before or Outcome(student, assignment, "graded"))

    def _record(self, assignment: str, student: str) -> Any:
        """Return nbgrader's record of a submission, made where there is none, with the time it was handed in."""
        submission = self.submission(assignment, student)
        if submission is None:
            submission = self._made(assignment, student)
        else:
            self.book.db.expire(submission)  # a form grader may have written meanwhile
        stamp = _time(self.course.submitted(assignment, student))
        if stamp:
            submission.timestamp = stamp
        return submission

    def _made(self, assignment: str, student: str) -> Any:
        """Add a submission with its notebooks, grades and comments, as `Gradebook.add_submission` does, uncommitted."""
        from nbgrader import api  # noqa: PLC0415 - slow to import

        db = self.book.db
        if db.get(api.Student, student) is None:
            db.add(api.Student(id=student))
        given = self.book.find_assignment(assignment)
        made = api.SubmittedAssignment(assignment=given, student_id=student)
        for notebook in given.notebooks:
            own = api.SubmittedNotebook(notebook=notebook, assignment=made)
            for cell in (*notebook.grade_cells, *notebook.task_cells):
                api.Grade(cell_id=cell.id, notebook=own)
            for cell in (*notebook.solution_cells, *notebook.task_cells):
                api.Comment(cell_id=cell.id, notebook=own)
        db.add(made)
        db.flush()
        return made

    def _close(self, submission: Any, outcome: Outcome) -> Outcome:
        """Reckon the penalty, write the outcome and commit; returns the outcome with its points."""
        db = self.book.db
        if outcome.state != "failed":
            db.flush()
            for notebook in submission.notebooks:
                self._penalize(submission, notebook)
        db.flush()
        db.expire(submission)  # its scores are reckoned by the database
        outcome = with_points(outcome, submission)
        note(db, outcome)
        db.commit()
        return outcome

    def _penalize(self, submission: Any, notebook: Any) -> None:
        """Give a notebook the penalty that nbgrader's late plugin gives it now, as its own step does."""
        penalty = None
        if submission.total_seconds_late > 0:
            self.book.db.refresh(notebook, ["score"])
            seconds, score = submission.total_seconds_late, notebook.score
            penalty = self.late.plugin_inst.late_submission_penalty(
                submission.student_id, score, seconds
            )
        if penalty is not None:
            penalty = min(max(penalty, 0), notebook.score)
        if notebook.late_submission_penalty != penalty:
            notebook.late_submission_penalty = penalty

    def _place(self, assignment: str, student: str) -> Path:
        return self.course.path / "autograded" / student / assignment


def write_aside(
    aside: Path, notebooks: Mapping[str, str], files: Sequence[File], permissions: int
) -> None:
    """Write a graded submission into a folder of its own, which stands for "unfinished" as long as it is there."""
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    texts = [File(f"{name}.ipynb", text.encode()) for name, text in notebooks.items()]
    for file in (*files, *texts):
        path = aside / file.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.data)
        path.chmod(permissions)


def move_in(aside: Path, place: Path) -> None:
    """Put a graded submission into its place."""
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    aside.rename(place)
    shutil.rmtree(old, ignore_errors=True)


def _aside(place: Path) -> Path:
    return place.with_name(f".{place.name}.unfinished")


def _give_nothing(notebook: Any, *, review: bool) -> None:
    for row in notebook.grades:
        row.auto_score = 0.0
        row.needs_manual_grade = review


def _time(folder: Path) -> datetime | None:
    try:
        return handed_in(folder)
    except (OSError, ValueError):
        return None
