"""The simulation of large classes, the page that shows it, and the index without which it would not hold."""

from __future__ import annotations

import importlib.util
import sys

import pytest

from unpickled.grading import grade, queue
from unpickled.grading.stock import gradebook

from .made import Notebook

QUIZ = "L4.4.2-quiz"


@pytest.fixture(scope="module")
def scaling(root):
    """`bench/scaling.py`, as a module."""
    spec = importlib.util.spec_from_file_location("scaling", root / "bench" / "scaling.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["scaling"] = module  # its dataclasses look themselves up there
    spec.loader.exec_module(module)
    yield module
    del sys.modules["scaling"]


def test_the_page_shows_what_the_simulation_says(root, scaling):
    """Its table is the program's, line by line."""
    known = scaling.tomllib.loads(scaling.COSTS.read_text())
    page = (root / "docs" / "scaling.md").read_text()
    assert "\n".join(scaling.table(known)) in page


def test_the_simulation_finds_the_limit_that_can_be_reckoned(scaling):
    """Few places: the workers. More than the writer can serve: the writer, at its own rate. A slow way: that."""
    costs = scaling.Costs(read=0.001, enter=0.009, way=0.001, work=1.0)
    few, many = scaling.simulate(costs, 2000, 4), scaling.simulate(costs, 20_000, 1000)
    assert few.limit == "workers"
    assert few.seconds == pytest.approx(2000 / 4, rel=0.05)
    assert many.limit == "coordinator"
    assert many.seconds == pytest.approx(20_000 * 0.01, rel=0.05)
    slow = scaling.simulate(scaling.Costs(0.001, 0.002, 0.02, 0.1), 2000, 100)
    assert slow.limit == "messenger and scheduler"
    assert scaling.simulate(costs, 500, 8) == scaling.simulate(costs, 500, 8)
    assert all(share <= 1.0001 for share in few.busy.values())


def test_a_submission_is_found_without_reading_the_class(course):
    """What is looked up for each has an index, as soon as anything was graded."""
    quiz = Notebook(course.path / "release" / QUIZ / f"{QUIZ}.ipynb")
    quiz.write(course.submitted(QUIZ, "ada"), f"{QUIZ}.ipynb")
    list(grade(course, queue(course)))
    from sqlalchemy import text

    with gradebook(course) as book:
        for table, column in (
            ("grade", "notebook_id"),
            ("comment", "notebook_id"),
            ("submitted_notebook", "assignment_id"),
        ):
            plan = f"EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE {column} = 'x'"
            told = str(book.db.execute(text(plan)).all())
            assert f"USING INDEX unpickled_{table}" in told
