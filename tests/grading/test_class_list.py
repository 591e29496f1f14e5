"""Roster, collection, resubmission, late work, and what the commands say when something is wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from unpickled.cli.main import run
from unpickled.grading import (
    CourseFolder,
    GradingError,
    collect,
    grade,
    import_roster,
    init,
    queue,
    standings,
)
from unpickled.grading.outcomes import load_outcomes
from unpickled.grading.stock import gradebook

from .made import GOOD, WRONG, Notebook


def roster(course, tmp_path, text):
    path = tmp_path / "students.csv"
    path.write_text(text, encoding="utf-8")
    return import_roster(course, path)


def test_a_roster_is_imported_once_and_changed_by_a_second_import(course, tmp_path):
    """Rows are added, changed where they differ, and otherwise left; nobody is removed."""
    first = roster(course, tmp_path, "id,first_name,email\nada,Ada,a@x\nbob,Bob,b@x\n")
    second = roster(course, tmp_path, "\ufeffID;First Name\nada;Adah\nbob;Bob\nzoë;Zoë\n")
    assert (first.added, first.changed, first.same) == (2, 0, 0)
    assert (second.added, second.changed, second.same) == (1, 1, 1)
    with gradebook(course) as book:
        found = {student.id: (student.first_name, student.email) for student in book.students}
    assert found == {"ada": ("Adah", "a@x"), "bob": ("Bob", "b@x"), "zoë": ("Zoë", None)}


@pytest.mark.parametrize(
    ("text", "where", "problem"),
    [
        ("", "students.csv", "no student"),
        ("id\n", "students.csv", "no student"),
        ("name\nada\n", "students.csv:1", "no column with ids"),
        ("id\nada\nbob\nada\n", "students.csv:4", "stands in line 2 too"),
        ("id\n../ada\n", "students.csv:2", "cannot be an id"),
        ("id\n.ada\n", "students.csv:2", "cannot be an id"),
        ("id,x\n,1\n", "students.csv:2", "cannot be an id"),
    ],
)
def test_a_wrong_roster_changes_nothing_and_names_the_line(course, tmp_path, text, where, problem):
    """All rows or none."""
    with pytest.raises(GradingError) as caught:
        roster(course, tmp_path, "id\nok\n" if text is None else text)
    assert caught.value.place.endswith(where)
    assert problem in caught.value.problem
    with gradebook(course) as book:
        assert book.students == []


def test_files_find_their_students_as_platforms_name_them(course, tmp_path):
    """Canvas puts the id or its own between underscores, Moodle the full name; what fits nobody or two is left."""
    roster(
        course,
        tmp_path,
        "id,first_name,last_name,lms_user_id\nada,Ada,Lovelace,501\nbob,Bob,Builder,502\ncy,Cy,Young,503\n",
    )
    box = tmp_path / "box"
    lab = Notebook(course.path / "release" / "L4.8" / "L4.8.ipynb")
    for name in ("lovelaceada_501_99_L4.8-1.ipynb", "cy.ipynb", "ada_bob.ipynb", "x_y.ipynb"):
        lab.write(box, name)
    lab.write(box / "Bob Builder_77_assignsubmission_file", "my lab.ipynb")
    (box / "photo.png").write_bytes(b"")
    (box / "link").symlink_to("/")
    found = {one.source: (one.student, one.state) for one in collect(course, "L4.8", box)}
    assert found == {
        "lovelaceada_501_99_L4.8-1.ipynb": ("ada", "taken"),
        "cy.ipynb": ("cy", "taken"),
        "Bob Builder_77_assignsubmission_file": ("bob", "taken"),
        "ada_bob.ipynb": ("", "left"),
        "x_y.ipynb": ("", "left"),
        "photo.png": ("", "left"),
        "link": ("", "left"),
    }
    for student in ("ada", "bob", "cy"):
        assert (course.submitted("L4.8", student) / "L4.8.ipynb").is_file()
    assert {path.name for path in (course.path / "submitted").iterdir()} == {"ada", "bob", "cy"}


def test_a_later_submission_is_graded_again_and_an_older_one_is_not_taken(course, tmp_path):
    """The newest counts, in the box and in the course folder."""
    release = course.path / "release" / "L4.8" / "L4.8.ipynb"
    box = tmp_path / "box"

    def hand_in(text, seconds):
        Notebook(release).answer(text).write(box / "ada", "L4.8.ipynb")
        os.utime(box / "ada" / "L4.8.ipynb", (seconds, seconds))
        state = [one.state for one in collect(course, "L4.8", box)]
        return state, [one.score for one in grade(course, queue(course))]

    assert hand_in(WRONG, 1_800_000_000) == (["taken"], [2])
    assert hand_in(GOOD, 1_800_000_100) == (["taken"], [5])
    assert hand_in(WRONG, 1_800_000_050) == (["kept"], [5])


def test_a_damaged_resubmission_voids_the_older_grade(course):
    """What counts is the newest, and that cannot be graded: it says so and keeps no points of the old one."""
    folder = course.submitted("L4.8", "ada")
    Notebook(course.path / "release" / "L4.8" / "L4.8.ipynb").answer(GOOD).write(
        folder, "L4.8.ipynb"
    )
    assert [one.score for one in grade(course, queue(course))] == [5]
    (folder / "L4.8.ipynb").write_text("{")
    (folder / "timestamp.txt").write_text("2030-01-01 00:00:00 UTC")
    assert [(one.state, one.score) for one in grade(course, queue(course), force=True)] == [
        ("failed", 0)
    ]
    assert standings(course, "L4.8")[0].state == "failed"


@pytest.mark.parametrize(("method", "score"), [("none", 5), ("zero", 0)])
def test_late_work_follows_nbgraders_policy(course, method, score):
    """The penalty is nbgrader's own, out of the course's configuration; how late is told either way."""
    config = course.path / "nbgrader_config.py"
    config.write_text(
        config.read_text().replace('penalty_method = "none"', f'penalty_method = "{method}"')
    )
    folder = course.submitted("L4.8", "ada")
    Notebook(course.path / "release" / "L4.8" / "L4.8.ipynb").answer(GOOD).write(
        folder, "L4.8.ipynb"
    )
    (folder / "timestamp.txt").write_text("2026-12-05 23:59:00 UTC")
    (done,) = grade(course, queue(course))
    assert (done.score, done.late) == (score, 86400)
    (row,) = standings(course, "L4.8")
    assert (row.raw, row.penalty, row.score) == (5, 5 - score, score)


def test_an_interrupted_submission_is_graded_by_the_next_run(course):
    """A run that was killed in the middle of a submission leaves a mark, and the next run starts it anew."""
    folder = course.submitted("L4.8", "ada")
    Notebook(course.path / "release" / "L4.8" / "L4.8.ipynb").answer(GOOD).write(
        folder, "L4.8.ipynb"
    )
    half = course.path / "autograded" / "ada" / "L4.8"
    half.mkdir(parents=True)
    (half / "L4.8.ipynb").write_text("{")
    (done,) = grade(course, queue(course))
    assert (done.state, done.score) == ("graded", 5)
    assert load_outcomes(course)["L4.8", "ada"].state == "graded"


def test_init_twice_keeps_what_is_the_instructors(course, checkout):
    """Configuration, roster and submissions stay; dates and assignments are brought up to date."""
    config = course.path / "nbgrader_config.py"
    config.write_text(config.read_text() + "# mine\n")
    (course.path / "submitted" / "ada" / "L4.8").mkdir(parents=True)
    init(course.path, checkout, due={"L4.8": "2027-01-01 00:00 UTC"})
    assert config.read_text().endswith("# mine\n")
    (row,) = standings(course, "L4.8")
    assert (row.due, row.state) == ("2027-01-01 00:00:00 UTC", "waiting")
    assert not list(course.path.parent.glob(".course.*"))


def test_an_init_that_fails_leaves_nothing_behind(checkout, tmp_path):
    """A wrong date, a folder with something in it: no half-made course stays."""
    with pytest.raises(GradingError, match="no date"):
        init(tmp_path / "new", checkout, due={"L4.8": "someday"})
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("")
    with pytest.raises(GradingError, match="not empty"):
        init(tmp_path / "mine", checkout)
    assert [path.name for path in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["grade", "{here}/none"], "this is no course folder"),
        (["grade", "{course}", "L9"], "there is no such assignment. There are: L4.4.2-quiz, L4.8."),
        (["grade", "{course}", "--student", "nobody"], "nobody of this id has handed anything in"),
        (["collect", "{course}", "L4.8", "{here}/none"], "there is no such folder"),
        (["roster", "{course}", "{here}/none.csv"], "cannot be read"),
        (["export", "{course}", "--to", "{here}/none/x.csv"], "cannot be written"),
    ],
)
def test_a_mistake_is_told_in_one_line_with_its_remedy(course, tmp_path, capsys, words, says):
    """Place, problem, remedy and exit code 2; never a traceback."""
    spelled = [word.format(here=tmp_path, course=course.path) for word in words]
    assert run(["teach", *spelled]) == 2
    told = capsys.readouterr().err
    assert says in told
    assert "Traceback" not in told
    assert told.count("\n") == 1


def test_two_runs_do_not_grade_one_course_at_a_time(course):
    """The second is refused at once."""
    from filelock import FileLock

    with FileLock(course.path / ".grading.lock"), pytest.raises(GradingError, match="another run"):
        list(grade(course, []))


def test_names_cannot_become_formulas_in_a_spreadsheet(course, tmp_path, capsys):
    """A first name that begins with = is text in every layout."""
    roster(course, tmp_path, "id,first_name\nada,=cmd()\n")
    for layout in ("csv", "canvas", "moodle"):
        assert run(["teach", "export", str(course.path), "--layout", layout]) == 0
        assert ",=" not in capsys.readouterr().out


def test_status_tells_a_class_in_words_and_as_json(course, tmp_path, capsys):
    """The table names everybody once an assignment, and --json is the same as data."""
    roster(course, tmp_path, "id\nada\nbob\n")
    (course.submitted("L4.8", "bob")).mkdir(parents=True)
    assert run(["teach", "status", str(course.path)]) == 0
    told = capsys.readouterr().out
    assert "L4.8: 1 waiting, 1 missing" in told
    assert run(["teach", "status", str(course.path), "--json"]) == 0
    states = {
        (row["assignment"], row["student"]): row["state"]
        for row in json.loads(capsys.readouterr().out)
    }
    assert states["L4.8", "bob"] == "waiting"
    assert len(states) == 4


def test_help_imports_neither_nbgrader_nor_a_database():
    """The command starts at once; seconds of imports wait until they are needed."""
    code = (
        "import sys; from unpickled.cli.main import run; run(['teach', 'grade', '--help']);"
        "print([m for m in ('nbgrader', 'sqlalchemy', 'nbconvert', 'traitlets') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")


def test_every_step_has_help_with_an_example(capsys):
    """`--help` of each command shows how it is used."""
    from unpickled.cli.teach import STEPS

    for name in STEPS:
        assert run(["teach", name, "--help"]) == 0
        assert f"unpickled teach {name} " in capsys.readouterr().out


def test_the_course_folder_is_opened_where_it_is(course):
    """A folder that merely looks like one is refused with the command that makes one."""
    (course.path / "gradebook.db").unlink()
    with pytest.raises(GradingError, match=r"gradebook\.db is missing"):
        CourseFolder.open(course.path)
