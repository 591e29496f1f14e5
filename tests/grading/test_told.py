"""What the commands say: each reason whole, in one line, wherever it is needed."""

from __future__ import annotations

import pytest

from unpickled.cli.main import run
from unpickled.grading import GradingError, init

REASON = (
    "L4.8.ipynb was not handed in; there is a-first-try-at-the-lab-of-this-week.ipynb, "
    "another-one-of-the-same.ipynb: rename it if it is the one"
)


def test_a_failed_submission_is_named_with_its_reason_and_what_to_do(course, capsys):
    """By `grade` in one line, however long, and by `feedback` too; mended, it is graded."""
    folder = course.submitted("L4.8", "eve")
    folder.mkdir(parents=True)
    for name in ("a-first-try-at-the-lab-of-this-week.ipynb", "another-one-of-the-same.ipynb"):
        (folder / name).write_text("{}")
    assert run(["teach", "grade", str(course.path)]) == 1
    told = capsys.readouterr()
    assert f"✗ eve  L4.8: {REASON}" in told.err.splitlines()
    assert f"Mend the file in {course.path / 'submitted'}" in told.out
    assert run(["teach", "feedback", str(course.path)]) == 1
    assert f"✗ eve  L4.8: {REASON}" in capsys.readouterr().out.splitlines()


def test_feedback_on_what_was_never_graded_says_so(course, capsys):
    """No reason is made up."""
    course.submitted("L4.8", "eve").mkdir(parents=True)
    assert run(["teach", "feedback", str(course.path)]) == 1
    assert "✗ eve  L4.8: it is not graded yet" in capsys.readouterr().out.splitlines()


def test_no_course_is_made_inside_the_checkout(checkout, tmp_path):
    """Solutions and grades do not belong there, by whatever path; and nothing is begun."""
    before = sorted(checkout.iterdir())
    (tmp_path / "link").symlink_to(checkout)
    for place in (
        checkout / "class",
        checkout,
        tmp_path / "link" / "deep" / "class",
        tmp_path / ".." / tmp_path.name / "link" / "class",
    ):
        with pytest.raises(GradingError, match="inside the checkout") as caught:
            init(place, checkout)
        assert str(checkout.resolve().parent / "my-class") in caught.value.remedy
    assert sorted(checkout.iterdir()) == before
