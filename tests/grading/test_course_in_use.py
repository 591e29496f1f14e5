"""A course that others have open, or that cannot be read or written to: nothing is lost, and it is told."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from unpickled.cli.main import run
from unpickled.grading import GradingError, engine, entering, grade, holding, init, queue, standings
from unpickled.grading.outcomes import load_outcomes
from unpickled.grading.stock import gradebook

from .made import GOOD, Notebook


def hand_in(course, student, text=None):
    """Hand in a right solution, or some text that is no notebook."""
    folder = course.submitted("L4.8", student)
    if text is None:
        lab = Notebook(course.path / "release" / "L4.8" / "L4.8.ipynb").answer(GOOD)
        lab.write(folder, "L4.8.ipynb")
    else:
        folder.mkdir(parents=True)
        (folder / "L4.8.ipynb").write_text(text)


def test_a_score_typed_while_the_course_is_renewed_is_kept(course, checkout):
    """A form grader that was open before `init` writes into the same gradebook after it, and so does a submission."""
    path = course.path / "gradebook.db"
    before = path.stat().st_ino
    with gradebook(course) as opened:
        opened.add_student("ada")
        opened.add_submission("L4.8", "ada")
        init(course.path, checkout, due={"L4.8": "2027-01-01 00:00 UTC"})
        assert path.stat().st_ino == before
        opened.find_grade("double-check", "L4.8", "L4.8", "ada").manual_score = 1.5
        opened.db.commit()
    with gradebook(course) as book:
        assert book.find_grade("double-check", "L4.8", "L4.8", "ada").manual_score == 1.5
    assert {row.due for row in standings(course, "L4.8")} == {"2027-01-01 00:00:00 UTC"}


def test_a_course_that_is_being_graded_is_not_renewed(course, checkout, monkeypatch):
    """`init` waits for nobody but for a moment, and says who is at it."""
    monkeypatch.setattr(holding, "MOMENT", 0.1)
    with (
        FileLock(course.path / ".grading.lock"),
        pytest.raises(GradingError, match="another run is grading or renewing this course"),
    ):
        init(course.path, checkout, due={"L4.8": "2027-01-01 00:00 UTC"})


def test_what_a_killed_run_leaves_is_waited_for(course, checkout):
    """Its forks die after it, and hold its lock until then."""
    lock = FileLock(course.path / ".grading.lock", thread_local=False)
    lock.acquire()
    threading.Timer(0.5, lock.release).start()
    init(course.path, checkout, due={"L4.8": "2027-01-01 00:00 UTC"})
    assert {row.due for row in standings(course, "L4.8")} <= {"2027-01-01 00:00:00 UTC"}


def test_a_renewal_that_fails_changes_nothing(course, checkout):
    """It is tried on a copy of the gradebook first; a cell that was added after hand-in is refused there."""
    hand_in(course, "ada", "{")
    assert [one.state for one in grade(course, queue(course))] == ["failed"]
    files = ("gradebook.db", "source/L4.8/L4.8.ipynb", "nbgrader_config.py")
    before = [(course.path / name).read_bytes() for name in files]
    with pytest.raises(GradingError, match="no date"):
        init(course.path, checkout, due={"L4.4.2-quiz": "someday"})
    assert [(course.path / name).read_bytes() for name in files] == before
    assert not list(course.path.parent.glob(".course.*"))


def test_a_submission_that_the_gradebook_has_lost_is_graded_again(course):
    """`nbgrader db student remove` takes the row and leaves the folder; neither it nor anyone behind it is stuck."""
    hand_in(course, "ada")
    hand_in(course, "bob", "{")
    list(grade(course, queue(course)))
    with gradebook(course) as book:
        book.remove_student("ada")
    for _ in range(2):
        done = {one.student: (one.state, one.score) for one in grade(course, queue(course))}
        assert done == {"ada": ("graded", 5), "bob": ("failed", 0)}


def test_what_nobody_foresaw_of_one_submission_does_not_end_the_class(course, monkeypatch):
    """It has failed, with what was raised while it was worked on or entered; the others have their own end."""
    for student in ("ada", "bob", "eve"):
        hand_in(course, student)
    enter, work = entering.Ledger.enter, engine.work

    def entered(ledger, assignment, student, *given):
        if student == "ada":
            raise LookupError("a row")
        return enter(ledger, assignment, student, *given)

    def worked(job, *given):
        return 1 / 0 if job["student"] == "bob" else work(job, *given)

    monkeypatch.setattr(entering.Ledger, "enter", entered)
    monkeypatch.setattr(engine, "work", worked)
    done = {one.student: (one.state, one.reason) for one in grade(course, queue(course))}
    assert done["ada"] == ("failed", "its grade could not be entered: LookupError: a row")
    assert done["bob"] == ("failed", "it could not be graded: ZeroDivisionError: division by zero")
    assert done["eve"] == ("graded", "")


def test_a_folder_whose_name_is_no_id_is_told_so(course):
    """Its owner is not entered into the gradebook; the reason says what to do."""
    hand_in(course, "s35[x]")
    hand_in(course, "ada", "{")
    done = {one.student: one for one in grade(course, queue(course))}
    assert done["s35[x]"].state == "failed"
    assert "'s35[x]', cannot be a student's id: rename it" in done["s35[x]"].reason
    assert done["ada"].state == "failed"
    assert load_outcomes(course)["L4.8", "s35[x]"].state == "failed"
    rows = {row.student: (row.state, row.reason) for row in standings(course, "L4.8")}
    assert rows["s35[x]"] == ("failed", done["s35[x]"].reason)
    with gradebook(course) as book:
        assert [student.id for student in book.students] == ["ada"]


def told(capsys, *words):
    """Run a command that can do nothing; gives what it says."""
    capsys.readouterr()
    assert run(["teach", *words]) == 2
    said = capsys.readouterr().err
    assert "Traceback" not in said
    assert said.count("\n") == 1
    return said


def test_a_place_that_cannot_be_written_to_is_told(course, tmp_path, capsys):
    """`/proc` refuses new folders, even root's; a file is no folder."""
    for command in ("init", "release"):
        assert "/proc/foo: cannot be read or written: " in told(capsys, command, "/proc/foo")
    (tmp_path / "file").write_text("")
    assert "cannot be read or written" in told(capsys, "init", str(tmp_path / "file" / "course"))


@pytest.mark.parametrize("command", ["grade", "feedback", "collect", "init"])
def test_a_course_folder_that_cannot_be_written_to_is_told(
    course, capsys, tmp_path, monkeypatch, command
):
    """As one line with the folder, what the system says, and exit code 2."""
    hand_in(course, "ada")
    words = {
        "collect": ["collect", str(course.path), "L4.8", str(tmp_path / "box")],
    }.get(command, [command, str(course.path)])
    shutil.copytree(course.path / "submitted", tmp_path / "box")
    shutil.move(tmp_path / "box" / "ada" / "L4.8" / "L4.8.ipynb", tmp_path / "box" / "ada.ipynb")
    shutil.rmtree(tmp_path / "box" / "ada")
    shutil.rmtree(course.path / "submitted" / "ada" / "L4.8")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", str(course.path / "x"))

    monkeypatch.setattr("tempfile.mkdtemp", refuse)
    monkeypatch.setattr(FileLock, "_acquire", refuse)
    said = told(capsys, *words)
    assert f"{course.path}: cannot be read or written: Permission denied" in said
    assert "Check its permissions" in said


def test_a_gradebook_that_cannot_be_written_to_is_told(course, tmp_path, capsys):
    """SQLite's own words, and what to look at; the class does not end as 29 failures."""
    hand_in(course, "ada", "{")
    config = course.path / "nbgrader_config.py"
    url = f"sqlite:///file:{course.path}/gradebook.db?mode=ro&uri=true"
    config.write_text(config.read_text() + f"\nc.CourseDirectory.db_url = {url!r}\n")
    (tmp_path / "students.csv").write_text("id\nada\n")
    for words in (
        ["roster", str(course.path), str(tmp_path / "students.csv")],
        ["grade", str(course.path)],
    ):
        said = told(capsys, *words)
        assert "the gradebook cannot be used: attempt to write a readonly database" in said


@pytest.mark.parametrize("command", ["status", "grade", "feedback", "export", "init"])
def test_a_gradebook_that_is_none_is_told(course, capsys, command):
    """Something wrote over it."""
    hand_in(course, "ada")
    (course.path / "gradebook.db").write_bytes(b"no database" * 1000)
    said = told(capsys, command, str(course.path))
    assert "the gradebook cannot be used: file is not a database" in said
    assert "put a copy of it back" in said


def test_a_course_without_sources_is_told(course, capsys):
    """With the command that makes them again, which does."""
    shutil.rmtree(course.path / "source")
    said = told(capsys, "status", str(course.path))
    assert f"{course.path / 'source'}: this folder is missing" in said
    assert f"unpickled teach init {course.path}" in said


def test_a_path_with_dots_is_as_good(course, capsys, tmp_path, monkeypatch):
    """nbgrader has nothing to say of it; of a place that is none, the command names the same place."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "other").mkdir()
    hand_in(course, "ada", "{")
    dotted = Path("other", "..", "course")
    assert run(["teach", "grade", str(dotted)]) == 1
    assert run(["teach", "status", str(dotted)]) == 0
    assert "standardizing" not in "".join(capsys.readouterr())
    assert "unpickled teach init other/../nowhere" in told(capsys, "status", "other/../nowhere")


def test_init_takes_a_path_with_dots(checkout, tmp_path, capsys, monkeypatch):
    """And so the first thing that a new instructor types prints nothing odd."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("UNPICKLED_COURSE", str(checkout))
    (tmp_path / "other").mkdir()
    assert run(["teach", "init", "other/../made"]) == 0
    assert "standardizing" not in "".join(capsys.readouterr())
    assert (tmp_path / "made" / "gradebook.db").is_file()
