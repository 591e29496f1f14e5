"""The nbgrader step that writes points: code cells by the one number they show, quiz answers by the scorer.

Stock nbgrader gives full marks to a test cell that shows nothing, or something that is no number in range. Here one
that is written to show its points, as all of this course are, then has zero and a person's attention; one of another
kind, with asserts say, earns what stock nbgrader gives it. Quiz answers get a proposed score, feedback as a comment,
and stay in nbgrader's queue for manual grading where the scorer is not sure.
"""

from __future__ import annotations

import ast
import contextlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor
from nbgrader.utils import compute_checksum, determine_grade
from traitlets import Unicode

from unpickled.content import course_root
from unpickled.errors import CourseError
from unpickled.grading.places import checkout_of
from unpickled.grading.restoring import NOTE
from unpickled.grading.reviewing import answer_text, digest_of, unchanged
from unpickled.kernels import BROKEN
from unpickled.quizzes import load_quiz, score

__all__ = [
    "STUB",
    "Points",
    "SaveScores",
    "Scores",
    "judge_code",
    "judge_quiz",
    "score_cells",
    "write_scores",
]

STUB = "YOUR ANSWER HERE"
NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*\Z", re.ASCII)
CHECK = re.compile(r"\b(?:lab|checks)\s*\.\s*\w+\s*\(")
"""What a test cell of this course calls: it shows a number, and nothing else is a grade."""
PERSON = "A person will look at it."

Base: Any = NbGraderPreprocessor


@dataclass(frozen=True, slots=True)
class Points:
    """What a graded cell earns.

    Attributes:
        points: None where only a person can say.
        review: whether a person has to look.
        comment: for the learner; empty for none.
    """

    points: float | None
    review: bool = False
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Scores:
    """What the graded cells of one notebook earn.

    Attributes:
        judged: grade id, points, and a digest of the answer and its points, in the order of the cells.
        comments: by the grade id of the answer, what its learner will read; None for nothing.
    """

    judged: tuple[tuple[str, Points, str], ...]
    comments: Mapping[str, str | None]


def judge_code(outputs: Sequence[Any], maximum: float) -> Points:
    """Return the points of a test cell: the one number that it shows, or none.

    A cell that raised has failed: no points, nothing to look at. One whose check itself broke, or that neither raised
    nor showed exactly one number between 0 and `maximum`, is odd: no points, and a person looks.
    """
    raised = [output.get("ename") for output in outputs if output.get("output_type") == "error"]
    if BROKEN in raised:
        return _odd("could not be carried out")
    if raised:
        return Points(0.0)
    shown = [_text(output) for output in outputs if output.get("output_type") == "execute_result"]
    if len(shown) != 1:
        many = f"{len(shown)} results instead of one number" if shown else "no number of points"
        return _odd(f"showed {many}")
    if not NUMBER.match(shown[0]):
        return _odd("showed something that is no number of points")
    value = float(shown[0])
    if not (math.isfinite(value) and 0 <= value <= maximum + 1e-9):
        return _odd(f"showed {value:g} points, outside 0 to {maximum:g}")
    return Points(min(value, maximum))


def judge_quiz(
    root: Path | None, lesson: str, question: str, answer: str, maximum: float
) -> Points:
    """Score a typed answer by the quiz's criteria; without the quiz's files, leave it to a person."""
    try:
        quiz = load_quiz(lesson, root or course_root())
        asked = quiz.questions[question]
    except (CourseError, KeyError):
        return Points(None, review=True, comment=f"Not scored yet. {PERSON}")
    result = score(quiz, asked, answer.replace(STUB, " "))
    points = result.points / result.max * maximum if result.max else 0.0
    comment = f"{result.feedback} {PERSON}" if result.review else result.feedback
    return Points(points, result.review, comment)


def _odd(what: str) -> Points:
    return Points(0.0, review=True, comment=f"The check of this exercise {what}. {PERSON}")


def _text(output: Any) -> str:
    data = output.get("data")
    text = data.get("text/plain", "") if isinstance(data, dict) else ""
    return "".join(text) if isinstance(text, list) else str(text)


class SaveScores(Base):  # type: ignore[misc]  # nbgrader publishes no types
    """Write scores, comments and what a person has to look at into the gradebook, in one transaction."""

    course = Unicode(
        "", help="The course's checkout; found as `unpickled` finds it where empty."
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Score one notebook that was run; `resources["nbgrader"]` says whose.

        Raises:
            GradingError: the checkout that the configuration names is gone.
        """
        names = resources["nbgrader"]
        where = (names["notebook"], names["assignment"], names["student"])
        checkout_of(self.course)
        scores = score_cells(nb.cells, names["assignment"], self.course)
        with Gradebook(names["db_url"]) as book:
            write_scores(book.db, book.find_submission_notebook(*where), scores)
            book.db.commit()
        return nb, resources


def score_cells(cells: Sequence[Any], assignment: str, course: str) -> Scores:
    """Judge every graded cell of a notebook in turn, and say what its learner will read.

    Args:
        cells: of a notebook that was run.
        assignment: its name.
        course: the checkout with the quizzes; found as `unpickled` finds it where empty.
    """
    judged: list[tuple[str, Points, str]] = []
    comments: dict[str, str | None] = {}
    answer = ""
    for index, cell in enumerate(cells):
        known = cell.metadata.get("nbgrader", {})
        name = known.get("grade_id", "")
        if known.get("solution") or known.get("task"):
            answer = name
            comments[name] = "No response." if _unchanged(cell) else None
        if known.get("grade") or known.get("task"):
            found = _judge(cell, assignment, course, cells[index + 1 :])
            digest = digest_of([asdict(found), *answer_text(cells, name)])
            judged.append((name, found, digest))
            if answer and found.comment:
                earlier = comments.get(answer)
                comments[answer] = "\n\n".join(filter(None, [earlier, found.comment]))
    return Scores(tuple(judged), comments)


def write_scores(db: Any, notebook: Any, scores: Scores) -> None:
    """Write the scores of a submitted notebook (nbgrader's); the caller commits.

    What a person has decided stays; who decided is asked again only if the answer or its proposal has changed.
    """
    grades = {row.name: row for row in notebook.grades}
    known = unchanged(db, {grades[name].id: digest for name, _, digest in scores.judged})
    for name, found, _ in scores.judged:
        grade = grades[name]
        same = grade.id in known
        grade.auto_score = found.points
        grade.needs_manual_grade = not (same and grade.needs_manual_grade is False) and (
            found.review or found.points is None or grade.manual_score is not None
        )
    rows = {row.name: row for row in notebook.comments}
    for name, comment in scores.comments.items():
        rows[name].auto_comment = comment


def _judge(cell: Any, assignment: str, course: str, after: Sequence[Any]) -> Points:
    known = cell.metadata["nbgrader"]
    if known.get("task"):
        return Points(None)
    if not known.get("solution"):
        if cell.cell_type == "code":
            return _tested(cell, float(known["points"]))
        return Points(None)
    if note := cell.metadata.get(NOTE):
        written = _written(cell, known, assignment, course)
        return replace(written, review=True, comment=_put_right(note))
    if _unchanged(cell):
        return _elsewhere(after) or Points(0.0)
    return _written(cell, known, assignment, course)


def _tested(cell: Any, maximum: float) -> Points:
    """Return the points of a test cell; of one that need not show any, those that stock nbgrader gives."""
    if not _shows_points(cell.source):
        with contextlib.suppress(KeyError, ValueError):  # it showed nothing that can be a grade
            return Points(determine_grade(cell)[0])
    return judge_code(cell.outputs, maximum)


def _shows_points(source: str) -> bool:
    """Tell whether a test cell is written to show its points: by a check of this course, or a number at its end."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return False
    match body[-1:]:
        case [ast.Expr(ast.Constant(int() | float()))]:
            return True
    return bool(CHECK.search(source))


def _written(cell: Any, known: Any, assignment: str, course: str) -> Points:
    if not assignment.endswith("-quiz") or cell.cell_type != "markdown":
        return Points(0.0) if _unchanged(cell) else Points(None)
    root = Path(course) if course else None
    lesson = assignment.removesuffix("-quiz")
    return judge_quiz(root, lesson, known["grade_id"], cell.source, float(known["points"]))


def _put_right(note: str) -> str:
    return f"The cell for this answer {note} in the notebook that was handed in. {PERSON}"


def _elsewhere(after: Sequence[Any]) -> Points | None:
    """Tell of an answer that was typed into a cell of its own below the empty answer cell."""
    for cell in after:
        if cell.metadata.get("nbgrader"):
            return None
        if cell.source.strip():
            text = f"The answer cell is empty, and there is text in a cell below it. {PERSON}"
            return Points(0.0, review=True, comment=text)
    return None


def _unchanged(cell: Any) -> bool:
    known = cell.metadata.nbgrader
    return not known.get("task") and known.get("checksum") == compute_checksum(cell)
