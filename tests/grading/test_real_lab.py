"""The real lab through nbgrader: full marks for the reference, none for the untouched release, nothing given away."""

from __future__ import annotations

import re
from html import escape

import nbformat
import pytest
from bs4 import BeautifulSoup

from unpickled.grading import CourseFolder, give_feedback, grade, init, queue, standings

pytestmark = pytest.mark.long


def hand_in_and_grade(base, root):
    """Make a course from this checkout; hand in the reference and the untouched release; grade; write feedback."""
    init(base / "course", root)
    course = CourseFolder.open(base / "course")
    source = nbformat.read(course.path / "source/L4.8/L4.8.ipynb", as_version=4)
    solved = {cell.metadata.nbgrader.grade_id: cell.source for cell in source.cells}
    released = nbformat.read(course.path / "release/L4.8/L4.8.ipynb", as_version=4)
    for student in ("blank", "reference"):
        folder = course.submitted("L4.8", student)
        folder.mkdir(parents=True)
        if student == "reference":
            for cell in released.cells:
                if cell.metadata.nbgrader.solution:
                    cell.source = solved[cell.metadata.nbgrader.grade_id]
        nbformat.write(released, folder / "L4.8.ipynb")
    list(grade(course, queue(course)))
    list(give_feedback(course, queue(course)))


@pytest.fixture(scope="module")
def course(root, once):
    """The course after that."""
    return CourseFolder.open(once("lab", lambda base: hand_in_and_grade(base, root)) / "course")


def test_the_reference_earns_every_point_and_the_untouched_release_none(course):
    """What nbgrader writes into the gradebook is what the lab promises."""
    rows = {row.student: row for row in standings(course, "L4.8")}
    assert rows["reference"].maximum > 0
    assert (rows["reference"].state, rows["reference"].score) == (
        "graded",
        rows["reference"].maximum,
    )
    assert (rows["blank"].state, rows["blank"].score) == ("graded", 0)


def test_feedback_on_the_lab_gives_no_hidden_test_away(course):
    """No longer line of a hidden test stands in either page, tracebacks of failed ones included."""
    source = nbformat.read(course.path / "source/L4.8/L4.8.ipynb", as_version=4)
    text = "\n".join(cell.source for cell in source.cells)
    hidden = re.findall(r"### BEGIN HIDDEN TESTS\n(.*?)### END HIDDEN TESTS", text, re.DOTALL)
    lines = {
        line.strip() for part in hidden for line in part.splitlines() if len(line.strip()) > 24
    }
    assert len(lines) > 50
    pages = list((course.path / "feedback").rglob("*.html"))
    assert len(pages) == 2
    for page in pages:
        shown = re.sub(r"<[^>]+>", "", page.read_text())
        assert not [line for line in lines if line in shown or escape(line) in shown]


def test_feedback_names_each_exercise_and_says_nothing_of_later(course):
    """The contents say what each score is for; hints can be seen to open; nothing is still to be judged."""
    page = BeautifulSoup((course.path / "feedback/blank/L4.8/L4.8.html").read_text(), "html.parser")
    listed = [link.text for link in page.select("#toc a")]
    assert listed[:3] == [
        "read-disassembly: comment",
        "read-disassembly: what its check saw",
        "read-disassembly: judged on handing in",
    ]
    assert len(set(listed)) == len(listed) == 2 * 8 + 8  # two scores an exercise, and its comment
    said = page.get_text()
    assert "points are judged when you hand in" not in said
    assert "point is judged when you hand in" not in said
    assert "summary { display: list-item }" in page.head.find_all("style")[-1].text
    assert page.find("summary")
