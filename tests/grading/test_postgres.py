"""A gradebook in a real PostgreSQL server: the same grades, nbgrader's own commands, one writer, refusals."""

from __future__ import annotations

import shutil
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from unpickled.cli.main import run
from unpickled.errors import SetupError
from unpickled.grading import (
    CourseFolder,
    GradingError,
    databases,
    grade,
    init,
    queue,
    standings,
)
from unpickled.grading.databases import only_writer, url_of
from unpickled.grading.stock import gradebook

from . import postgres
from .made import Notebook

QUIZ = "L4.4.2-quiz"


@pytest.fixture(scope="module")
def server():
    pytest.importorskip("psycopg", reason="no driver for PostgreSQL: tools/setup.sh scale")
    with postgres.server() as started:
        yield started


def hand_in(course, student, answer):
    """The quiz, which needs no kernel: what differs here is the gradebook."""
    folder = course.submitted(QUIZ, student)
    quiz = Notebook(course.path / "release" / QUIZ / f"{QUIZ}.ipynb")
    quiz.answer(answer, "q2").write(folder, f"{QUIZ}.ipynb")
    (folder / "timestamp.txt").write_text("2026-12-05 01:00:00 UTC")


@pytest.fixture(scope="module")
def moved(fresh, checkout, server, tmp_path_factory):
    """A course that was begun in its folder, with one submission graded, and whose gradebook `init --db` moved."""
    place = tmp_path_factory.mktemp("moved") / "course"
    shutil.copytree(fresh, place)
    course = CourseFolder.open(place)
    hand_in(course, "ada", "safetensors")
    hand_in(course, "eve", "gguf\0 and \U0001f40d")
    (course.submitted(QUIZ, "x" * 200)).mkdir(parents=True)
    list(grade(course, queue(course, students=["ada"])))
    with gradebook(course) as book:
        (row,) = (one for one in book.find_submission(QUIZ, "ada").notebooks[0].grades if one.name == "q2")  # fmt: skip
        row.manual_score = 0.5
        book.db.commit()
    before = {row.student: (row.state, row.score) for row in standings(course, QUIZ)}
    init(place, checkout, db=server.database(), due={QUIZ: "2026-12-04 23:59 UTC"})
    after = {row.student: (row.state, row.score) for row in standings(course, QUIZ)}
    assert after == before
    assert before["ada"] == ("graded", 0.5)
    return course


def test_a_class_has_the_same_grades_as_in_a_file(moved, checkout, tmp_path):
    """States, reasons, points, lateness, what a person typed; a second run has nothing to do."""
    shutil.copytree(moved.path, tmp_path / "file")
    config = tmp_path / "file" / "nbgrader_config.py"
    lines = [line for line in config.read_text().splitlines() if "db_url" not in line]
    config.write_text("\n".join(lines))
    shutil.move(tmp_path / "file" / "gradebook.db.moved", tmp_path / "file" / "gradebook.db")
    here = CourseFolder.open(tmp_path / "file")
    init(here.path, checkout, due={QUIZ: "2026-12-04 23:59 UTC"})
    for course in (moved, here):
        list(grade(course, queue(course)))
    rows = {row.student: row for row in standings(moved, QUIZ)}
    assert rows == {row.student: row for row in standings(here, QUIZ)}
    assert rows["ada"].score == 0.5
    assert rows["ada"].late > 3600
    assert rows["eve"].state in {"graded", "review"}
    assert rows["x" * 200].state == "failed"
    with gradebook(moved) as book:
        assert book.engine.dialect.name == "postgresql"
        assert {one.id for one in book.students} >= {"ada", "eve"}
    again = list(grade(moved, queue(moved)))
    assert {(one.student, one.state) for one in again} == {(s, r.state) for s, r in rows.items()}


@pytest.mark.long
def test_nbgraders_own_commands_work_on_it(moved, stock, tmp_path):
    """Export, its list of students, and autograde, which runs our steps; and the pages of feedback."""
    done = stock(moved.path, "export", f"--CsvExportPlugin.to={tmp_path / 'grades.csv'}")
    assert done.returncode == 0, done.stderr
    text = (tmp_path / "grades.csv").read_text()
    assert "L4.4.2-quiz" in text
    assert ",ada," in text
    done = stock(moved.path, "autograde", QUIZ, "--student=eve", "--force")
    assert done.returncode == 0, done.stderr
    assert run(["teach", "feedback", str(moved.path), "--student", "ada"]) == 0
    assert run(["teach", "export", str(moved.path), "--to", str(tmp_path / "ours.csv")]) == 0


def test_a_course_in_it_is_brought_up_to_date(moved, checkout):
    """Tried on a copy first: one that fails changes nothing."""
    init(moved.path, checkout, due={QUIZ: "2027-01-01 00:00 UTC"})
    assert {row.due for row in standings(moved, QUIZ)} == {"2027-01-01 00:00:00 UTC"}
    with pytest.raises(GradingError, match="no date"):
        init(moved.path, checkout, due={QUIZ: "someday"})
    assert {row.due for row in standings(moved, QUIZ)} == {"2027-01-01 00:00:00 UTC"}
    assert not list(moved.path.parent.glob(".course.*"))


def test_a_class_that_was_never_graded_is_graded_in_it(fresh, checkout, server, tmp_path):
    """Tables of our own are made there by the first run, and again where that was rolled back; with --force too."""
    shutil.copytree(fresh, tmp_path / "course")
    course = CourseFolder.open(tmp_path / "course")
    init(course.path, checkout, db=server.database(), due={QUIZ: "2026-12-04 23:59 UTC"})
    hand_in(course, "ada", "safetensors")
    (first,) = grade(course, queue(course))
    (again,) = grade(course, queue(course), force=True)
    assert first.state == again.state != "failed"
    assert first.score == again.score == standings(course, QUIZ)[0].score


def test_there_is_one_writer_whichever_machine_it_is_on(moved, tmp_path):
    """A copy of the folder elsewhere is another lock, but the same gradebook."""
    shutil.copytree(moved.path, tmp_path / "other")
    other = CourseFolder.open(tmp_path / "other")
    with (
        gradebook(moved) as book,
        only_writer(book),
        pytest.raises(GradingError, match="perhaps on another machine"),
    ):
        list(grade(other, queue(other)))
    assert list(grade(other, queue(other, students=["ada"])))


def test_a_killed_runs_hold_on_it_is_waited_for(moved):
    """Its forks keep the connection, and the lock with it, until they have died."""
    with gradebook(moved) as book:
        before = ExitStack()
        before.enter_context(only_writer(book))
        threading.Timer(0.5, before.close).start()
        with only_writer(book):
            assert book.engine.dialect.name == "postgresql"


def test_a_new_course_begins_in_it_and_takes_no_others_place(checkout, server, tmp_path, capsys):
    """No file of a gradebook in its folder; a database with somebody's grades is refused."""
    url = server.database()
    (tmp_path / "a").mkdir()
    init(tmp_path / "a", checkout, db=url)
    course = CourseFolder.open(tmp_path / "a")
    assert not (course.path / "gradebook.db").exists()
    with gradebook(course) as book:
        assert {one.name for one in book.assignments} == {"L4.8", QUIZ}
        book.add_student("ada")
    with pytest.raises(GradingError, match="holds a gradebook already"):
        init(tmp_path / "b", checkout, db=url)
    assert not (tmp_path / "b").exists()


def test_a_server_that_is_away_is_told_in_one_line(moved, tmp_path, capsys):
    """With what to look at and exit code 2."""
    shutil.copytree(moved.path, tmp_path / "away")
    config = tmp_path / "away" / "nbgrader_config.py"
    config.write_text(config.read_text().replace("?host=", "?host=/nowhere"))
    for words in (["status"], ["grade"]):
        assert run(["teach", *words, str(config.parent)]) == 2
        told = capsys.readouterr().err
        assert "the gradebook cannot be used" in told
        assert "psql" in told
        assert told.count("\n") == 1


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("postgresql://ada:secret@localhost/class", "a password would stand"),
        ("postgresql://ada@localhost/class?password=secret", "a password would stand"),
        ("postgresql://ada@db.example.org/class", "without TLS"),
        ("postgresql://ada@db.example.org/class?sslmode=prefer", "without TLS"),
        ("postgresql://ada@/class?host=db.example.org", "without TLS"),
        ("postgresql://ada@localhost/class?host=db.example.org", "without TLS"),
        ("postgresql://ada@localhost/class?host=localhost&host=db.example.org", "without TLS"),
        ("postgresql://localhost.example.org/class", "without TLS"),
        ("postgresql://ada@localhost", "kept in PostgreSQL"),
        ("mysql://ada@localhost/class", "kept in PostgreSQL"),
        ("sqlite:///gradebook.db", "kept in PostgreSQL"),
        ("class", "no URL of a database"),
    ],
)
def test_a_url_that_gives_grades_away_is_refused(url, problem):
    """And no password is shown."""
    with pytest.raises(GradingError, match=problem) as caught:
        url_of(url)
    assert "secret" not in str(caught.value)


def test_the_driver_is_asked_for_by_name(monkeypatch):
    monkeypatch.setattr(databases, "find_spec", lambda _: None)
    with pytest.raises(SetupError, match="driver for PostgreSQL") as caught:
        url_of("postgresql:///class")
    assert "tools/setup.sh scale" in caught.value.remedy


@pytest.mark.parametrize("ci", ["", "1"])
def test_without_a_server_it_is_skipped_by_name_and_fails_in_ci(monkeypatch, ci):
    """So that nobody takes a skip for a pass."""
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(Path, "glob", lambda *_: iter(()))
    kind = pytest.fail.Exception if ci else pytest.skip.Exception
    with pytest.raises(kind, match="apt-get install postgresql"):
        postgres.programs()
