"""A due date that is moved changes who is late, and nobody's work is run again for it."""

from __future__ import annotations

import pytest

from unpickled.grading import grade, init, queue, standings

from .made import GOOD, Notebook

pytestmark = pytest.mark.long


def test_the_penalty_follows_the_due_date(course, checkout):
    """Later, it is taken back; earlier, it is given; the notebook that was run stays as it is."""
    config = course.path / "nbgrader_config.py"
    config.write_text(config.read_text().replace('method = "none"', 'method = "zero"'))
    folder = course.submitted("L4.8", "ada")
    Notebook(course.path / "release/L4.8/L4.8.ipynb").answer(GOOD).write(folder, "L4.8.ipynb")
    (folder / "timestamp.txt").write_text("2026-12-05 23:59:00 UTC")
    run = course.path / "autograded" / "ada" / "L4.8" / "L4.8.ipynb"

    def graded(due):
        init(course.path, checkout, due={"L4.8": due})
        (done,) = grade(course, queue(course))
        (row,) = standings(course, "L4.8")
        assert (row.score, row.late, row.penalty) == (done.score, done.late, 5 - done.score)
        return done.score, done.late

    assert graded("2026-12-04 23:59 UTC") == (0, 86400)
    before = run.stat().st_mtime_ns
    assert graded("2026-12-06 23:59 UTC") == (5, 0)
    assert graded("2026-12-05 23:58 UTC") == (0, 60)
    assert run.stat().st_mtime_ns == before
