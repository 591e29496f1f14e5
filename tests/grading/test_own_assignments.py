"""Assignments of the instructor's own, of asserts or of several notebooks, earn what stock nbgrader gives them."""

from __future__ import annotations

import shutil

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from unpickled import sandbox
from unpickled.cli.main import run
from unpickled.grading import CourseFolder, GradingError, grade, queue
from unpickled.grading.collecting import collect
from unpickled.grading.scores import Points, score_cells
from unpickled.grading.stock import gradebook

from .made import Notebook

PLAIN = "c = get_config()\nc.CourseDirectory.course_id = 'unpickled'\n"
RIGHT, WRONG = "def square(x):\n    return x * x\n", "def square(x):\n    return 9\n"
KERNEL = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}


def cell(name, source, *, kind="code", **known):
    """A cell of an assignment, as its author marks it."""
    marks = {"schema_version": 3, "grade": False, "locked": False, "solution": False, "task": False}
    made = new_code_cell(source) if kind == "code" else new_markdown_cell(source)
    made.metadata.nbgrader = {**marks, "grade_id": name, **known}
    return made


def problem():
    """A notebook with an answer, tests that the learner sees and does not, partial credit, an essay and a task."""
    test = {"grade": True, "locked": True}
    return new_notebook(
        metadata={"kernelspec": KERNEL},
        cells=[
            cell("square", f"### BEGIN SOLUTION\n{RIGHT}### END SOLUTION", solution=True),
            cell("seen", "assert square(3) == 9", points=2, **test),
            cell(
                "unseen",
                "### BEGIN HIDDEN TESTS\nassert square(5) == 25\n### END HIDDEN TESTS",
                points=3,
                **test,
            ),
            cell("partly", "round(square(2) / 4, 2)", points=4, **test),
            cell("says", "import sys\nprint(square(1), file=sys.stderr)", points=1, **test),
            cell("essay", "Why?", kind="markdown", grade=True, solution=True, points=4),
            cell("task", "Draw it.", kind="markdown", task=True, locked=True, points=4),
        ],
    )


ASSIGNMENTS = {"ps1": ("ps1",), "ps2": ("problem1", "problem2")}
CLASS = {
    "right": {"ps1": RIGHT, "problem1": RIGHT, "problem2": RIGHT},
    "wrong": {"ps1": WRONG, "problem1": WRONG, "problem2": RIGHT},
    "half": {"problem2": RIGHT},
    "blank": {"ps1": None, "problem1": None},
}


@pytest.fixture(scope="module")
def released(fresh, stock, tmp_path_factory):
    """The course with two assignments more, released by stock nbgrader, and what the class hands in."""
    place = tmp_path_factory.mktemp("own") / "course"
    shutil.copytree(fresh, place)
    for assignment, names in ASSIGNMENTS.items():
        (place / "source" / assignment).mkdir()
        for name in names:
            nbformat.write(problem(), place / "source" / assignment / f"{name}.ipynb")
        done = stock(place, "generate_assignment", assignment)
        assert done.returncode == 0, done.stderr[-2000:]
        for student, answers in CLASS.items():
            for name in set(names) & answers.keys():
                lab = Notebook(place / "release" / assignment / f"{name}.ipynb")
                if answers[name]:
                    lab.answer(answers[name], "square")
                lab.write(place / "submitted" / student / assignment, f"{name}.ipynb")
    return place


def grades(course):
    """Every score that a gradebook holds of them, with what a person has to look at."""
    with gradebook(course) as book:
        return {
            (one.name, submission.student_id, notebook.name, row.name): (
                row.auto_score,
                row.needs_manual_grade,
            )
            for one in book.assignments
            if one.name in ASSIGNMENTS
            for submission in one.submissions
            for notebook in submission.notebooks
            for row in notebook.grades
        }


@pytest.mark.long
def test_they_earn_what_stock_nbgrader_gives_them(released, stock, tmp_path):
    """Stock with nothing of ours in its configuration; and a notebook that was not handed in earns nothing."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())
    for name in ("ours", "stock"):
        shutil.copytree(released, tmp_path / name)
    (tmp_path / "stock" / "nbgrader_config.py").write_text(PLAIN)
    ours, theirs = (CourseFolder.open(tmp_path / name) for name in ("ours", "stock"))
    states = {(one.assignment, one.student): one.state for one in grade(ours, queue(ours))}
    assert set(states.values()) <= {"graded", "review"}
    for assignment in ASSIGNMENTS:
        done = stock(theirs.path, "autograde", assignment)
        assert done.returncode == 0, done.stderr[-2000:]
    mine, stocks = grades(ours), grades(theirs)
    assert mine == stocks
    assert mine["ps1", "right", "ps1", "seen"] == (2, False)
    assert mine["ps1", "wrong", "ps1", "unseen"] == (0, False)
    assert mine["ps1", "wrong", "ps1", "partly"] == (2.25, False)
    assert mine["ps2", "half", "problem1", "seen"] == (0, False)


def test_what_is_no_check_of_ours_is_judged_as_stock_does():
    """Nothing shown is full marks there, and a person's concern where a check of this course says nothing."""
    known = {"grade": True, "locked": True, "points": 3}
    asserts, check = cell("a", "assert True", **known), cell("b", 'lab.check("x")', **known)
    shown = nbformat.v4.new_output("execute_result", {"text/plain": "7"})
    number, much = cell("c", "n = 3\n3.0", **known), cell("d", "round(x)", **known)
    much.outputs = [shown]
    cells = [asserts, check, number, much]
    judged = {name: points for name, points, _ in score_cells(cells, "ps1", "").judged}
    assert judged["a"] == Points(3)
    assert (judged["b"].points, judged["b"].review) == (0, True)
    assert (judged["c"].points, judged["c"].review) == (0, True)
    assert (judged["d"].points, judged["d"].review) == (0, True)  # more than it is worth


def test_collect_says_that_it_takes_one_notebook(released, tmp_path, capsys):
    """With the folder to put several into."""
    course = CourseFolder.open(released)
    with pytest.raises(GradingError, match="assignments of one notebook") as error:
        list(collect(course, "ps2", tmp_path))
    assert "submitted/STUDENT/ps2/" in error.value.remedy
    assert run(["teach", "collect", "--help"]) == 0
    assert "one notebook" in capsys.readouterr().out
