"""The real lab through nbgrader: full marks for the reference, none for the untouched release, nothing given away."""

from __future__ import annotations

import re

import nbformat
import pytest

from unpickled.grading import CourseFolder, give_feedback, grade, init, queue

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="module")
def lab(root, tmp_path_factory):
    """A course from this checkout, with the reference and the untouched release handed in and graded."""
    place = tmp_path_factory.mktemp("real") / "course"
    init(place, root)
    course = CourseFolder.open(place)
    source = nbformat.read(place / "source/L4.8/L4.8.ipynb", as_version=4)
    solved = {cell.metadata.nbgrader.grade_id: cell.source for cell in source.cells}
    released = nbformat.read(place / "release/L4.8/L4.8.ipynb", as_version=4)
    for student in ("blank", "reference"):
        folder = course.submitted("L4.8", student)
        folder.mkdir(parents=True)
        if student == "reference":
            for cell in released.cells:
                if cell.metadata.nbgrader.solution:
                    cell.source = solved[cell.metadata.nbgrader.grade_id]
        nbformat.write(released, folder / "L4.8.ipynb")
    outcomes = {one.student: one for one in grade(course, queue(course))}
    pages = {page.student: page for page in give_feedback(course, queue(course))}
    return outcomes, pages, source


def test_the_reference_earns_every_point_and_the_untouched_release_none(lab):
    """What nbgrader writes into the gradebook is what the lab promises."""
    outcomes, _, _ = lab
    whole = outcomes["reference"].maximum
    assert whole > 0
    assert (outcomes["reference"].state, outcomes["reference"].score) == ("graded", whole)
    assert (outcomes["blank"].state, outcomes["blank"].score) == ("graded", 0)


def test_feedback_on_the_lab_gives_no_hidden_test_away(lab):
    """No longer line of a hidden test stands in either page, tracebacks of failed ones included."""
    _, pages, source = lab
    text = "\n".join(cell.source for cell in source.cells)
    hidden = re.findall(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", text, re.DOTALL)
    lines = {
        line.strip() for part in hidden for line in part.splitlines() if len(line.strip()) > 24
    }
    assert len(lines) > 50
    for page in pages.values():
        shown = re.sub(r"<[^>]+>", "", page.path.read_text())
        assert not [line for line in lines if line in shown]
