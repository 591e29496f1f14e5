"""On honest work the whole gradebook is what `nbgrader autograde` writes: every score, comment, flag, penalty, state.

`make test` compares six submissions. `UNPICKLED_CLASS=60 pytest tests/grading/test_whole_gradebook.py` makes a class of
that size, of all kinds, which costs stock nbgrader some minutes.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from unpickled import sandbox
from unpickled.grading import CourseFolder, grade, init, queue
from unpickled.grading.stock import gradebook

from .made import Notebook
from .made_port import DOUBLE, NOTE, port_checkout

pytestmark = [pytest.mark.long, pytest.mark.timeout(900)]
LAB, QUIZ = "L4.8", "L4.4.2-quiz"
CLASS = int(os.environ.get("UNPICKLED_CLASS", "6"))


def answered(double, note=NOTE):
    return lambda lab: lab.answer(double).answer(note, "note-answer")


KINDS = {
    "half": answered("def double(x):\n    return x + 2\n", "kind = 'bytes'\n"),
    "odd values": answered(
        "def double(x):\n    return {'x': x} if x > 2 else 4.0\n", "kind = object()\n"
    ),
    "async, magics, a child": answered(
        DOUBLE + "import asyncio\nawait asyncio.sleep(0)\n%time double(1)\n!echo hi\n"
    ),
    "lost and doubled": lambda lab: (
        answered(DOUBLE)(lab).without("double-check", "given-2").twice("note-answer", "kind = 1")
    ),
    "a file": answered("from helper import double\n"),
    "talks": answered(
        "import warnings\ndef double(x):\n    print(x); warnings.warn('odd'); return 2 * x\n",
        NOTE + "kind",
    ),
    "right": answered(DOUBLE),
    "blank": lambda lab: lab,
    "raises": answered("def double(x):\n    raise ValueError(x)\n", NOTE + "1 / 0\n"),
    "no code": answered("def double(x:\n", "Write it here."),
    "own cells": lambda lab: (
        answered(DOUBLE)(lab).add("h = 2", at=0).add("# Mine", kind="markdown").add("double(3)")
    ),
    "changed tests": lambda lab: answered("double = 5\n")(lab).answer("3.0", "double-hidden"),
}
TIMES = ("2026-12-04 12:00:00 UTC", "2026-12-05 12:00:00 UTC", "")


def hand_in(course: Path, number: int) -> None:
    """One more member of the class: the kinds in turn, on time, late, and at no time that is known."""
    name, kind = f"s{number:03}", list(KINDS)[number % len(KINDS)]
    for assignment in (LAB, QUIZ):
        folder = course / "submitted" / name / assignment
        notebook = Notebook(course / "release" / assignment / f"{assignment}.ipynb")
        if assignment == LAB:
            KINDS[kind](notebook)
        else:
            notebook.answer(("safetensors", "pickle", "It runs code.", "")[number % 4], "q2")
        notebook.write(folder, f"{assignment}.ipynb")
        if TIMES[number % 3]:
            (folder / "timestamp.txt").write_text(TIMES[number % 3])
    (course / "submitted" / name / LAB / "helper.py").write_text(DOUBLE)


def whole(course: CourseFolder) -> dict[tuple[str, str], object]:
    """Everything that a gradebook says of submissions."""
    found = {}
    with gradebook(course) as book:
        for submission in (one for given in book.assignments for one in given.submissions):
            (notebook,) = submission.notebooks
            found[submission.assignment.name, submission.student_id] = {
                "grades": sorted(
                    (row.name, row.auto_score, row.manual_score, row.extra_credit, row.needs_manual_grade)
                    for row in notebook.grades
                ),
                "comments": sorted((row.name, row.auto_comment or "", row.manual_comment) for row in notebook.comments),
                "score": (submission.score, submission.max_score, submission.needs_manual_grade),
                "late": (str(submission.timestamp), submission.total_seconds_late, notebook.late_submission_penalty),
            }  # fmt: skip
    return found


def files(course: CourseFolder) -> set[str]:
    place = course.path / "autograded"
    return {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}


def test_the_gradebook_is_stock_nbgraders(root, tmp_path, stock):
    """Both assignments, every member of the class; the graded folders hold the same files, and stock exports them."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())
    port_checkout(tmp_path / "checkout", root)
    place = tmp_path / "course"
    init(place, tmp_path / "checkout", due={LAB: "2026-12-04 23:59 UTC"})
    config = place / "nbgrader_config.py"
    config.write_text(config.read_text().replace('method = "none"', 'method = "zero"'))
    for number in range(CLASS):
        hand_in(place, number)
    shutil.copytree(place, tmp_path / "stock")
    jailed, plain = (
        "unpickled.grading.jailed.JailedExecute",
        "unpickled.grading.execution.BoundedExecute",
    )
    config = tmp_path / "stock" / "nbgrader_config.py"
    config.write_text(config.read_text().replace(jailed, plain))  # nbgrader's own kernels
    ours, theirs = CourseFolder.open(place), CourseFolder.open(tmp_path / "stock")
    list(grade(ours, queue(ours)))
    for assignment in (LAB, QUIZ):
        done = stock(theirs.path, "autograde", assignment)
        assert done.returncode == 0, done.stderr[-2000:]
    mine, stocks = whole(ours), whole(theirs)
    assert mine.keys() == stocks.keys()
    assert {key: row for key, row in mine.items() if row != stocks[key]} == {
        key: stocks[key] for key in stocks if mine[key] != stocks[key]
    }
    assert len({str(row["grades"]) for key, row in mine.items() if key[0] == LAB}) > 2
    assert files(ours) == files(theirs)
    assert stock(place, "export", "--to", str(tmp_path / "ours.csv")).returncode == 0
    assert stock(theirs.path, "export", "--to", str(tmp_path / "stock.csv")).returncode == 0
    lines = [
        sorted((tmp_path / f"{name}.csv").read_text().splitlines()) for name in ("ours", "stock")
    ]
    assert lines[0] == lines[1]
