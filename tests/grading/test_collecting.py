"""Collection takes the notebook whose cells are the assignment's, and leaves and names whatever is not plain."""

from __future__ import annotations

import os
import shutil

import pytest

from unpickled.cli.main import run
from unpickled.grading import collect, import_roster
from unpickled.grading import collecting as module
from unpickled.grading.execution import _copy_files

from .made import GOOD, WRONG, Notebook


@pytest.fixture(autouse=True)
def roster(course, tmp_path):
    """Three students."""
    (tmp_path / "students.csv").write_text("id\nada\nbob\ncy\n")
    import_roster(course, tmp_path / "students.csv")


@pytest.fixture
def lab(course):
    """The released lab, for a learner to do things to; a new one each time."""
    return lambda: Notebook(course.path / "release" / "L4.8" / "L4.8.ipynb")


@pytest.fixture
def quiz(course):
    """The released quiz."""
    return Notebook(course.path / "release" / "L4.4.2-quiz" / "L4.4.2-quiz.ipynb")


def at(path, seconds):
    """Give a file a time."""
    os.utime(path, (seconds, seconds))


def taken(course, box, assignment="L4.8"):
    """Collect a box; gives state and reason by source, and what was taken of ada's."""
    found = {one.source: (one.state, one.reason) for one in collect(course, assignment, box)}
    path = course.submitted(assignment, "ada") / f"{assignment}.ipynb"
    return found, path.read_text() if path.is_file() else ""


def test_a_notebook_of_another_assignment_is_left_and_named(course, lab, quiz, tmp_path, capsys):
    """A quiz is not taken for the lab, even the newer one; a notebook of somewhere else is neither."""
    box = tmp_path / "box"
    lab().answer(GOOD).write(box, "ada_1_L4.8.ipynb")
    quiz.write(box, "ada_2_L4.4.2-quiz-1.ipynb")
    lab().without("given-1", "given-2", "double-answer", "double-check", "double-hidden").write(
        box, "ada_3_mine.ipynb"
    )
    at(box / "ada_1_L4.8.ipynb", 1_800_000_000)
    assert run(["teach", "collect", str(course.path), "L4.8", str(box)]) == 1
    told = capsys.readouterr().out
    assert "left   ada_2_L4.4.2-quiz-1.ipynb → ada: this is L4.4.2-quiz, not L4.8" in told
    assert "left   ada_3_mine.ipynb → ada: this is not L4.8" in told
    assert "taken  ada_1_L4.8.ipynb → ada: handed in 2027-01-15" in told


def test_in_a_folder_the_cells_tell_which_notebook_counts(course, lab, quiz, tmp_path):
    """Neither a newer quiz, a checkpoint, a spoilt copy nor the name decides; its time is the notebook's own."""
    ada = tmp_path / "box" / "ada"
    lab().answer("pass  # mine").write(ada, "L4.8 (1).ipynb")
    at(ada / "L4.8 (1).ipynb", 1_800_000_000)
    quiz.write(ada, "L4.4.2-quiz.ipynb")
    lab().answer("pass  # old").write(ada / ".ipynb_checkpoints", "L4.8-checkpoint.ipynb")
    (ada / "L4.8.ipynb").write_text("{")
    found, text = taken(course, ada.parent)
    assert found == {"ada": ("taken", "handed in 2027-01-15 08:00:00 UTC")}
    assert "# mine" in text
    found, _ = taken(course, ada.parent, "L4.4.2-quiz")
    assert found["ada"][0] == "taken"


def test_two_notebooks_of_the_assignment_in_a_folder_are_left(course, lab, tmp_path):
    """Which of them counts is for a person; two that are the same are one."""
    ada = tmp_path / "box" / "ada"
    lab().answer(GOOD).write(ada, "L4.8.ipynb")
    lab().answer(WRONG).write(ada / "more", "L4.8 (1).ipynb")
    found, text = taken(course, ada.parent)
    reason = "it holds 2 notebooks of L4.8 (L4.8.ipynb, L4.8 (1).ipynb): keep one"
    assert (found, text) == ({"ada": ("left", reason)}, "")
    shutil.copyfile(ada / "L4.8.ipynb", ada / "more" / "L4.8 (1).ipynb")
    found, text = taken(course, ada.parent)
    assert found["ada"][0] == "taken"


def test_a_folder_without_a_notebook_is_left_and_a_damaged_one_is_taken(course, tmp_path):
    """The first is nothing to grade; the second is told when it is graded."""
    for name, file in (("ada", "L4.8.ipynb"), ("bob", "notes.txt"), ("cy", "a.ipynb")):
        (tmp_path / "box" / name).mkdir(parents=True)
        (tmp_path / "box" / name / file).write_text("{")
    (tmp_path / "box" / "cy" / "b.ipynb").write_text("[")
    found, text = taken(course, tmp_path / "box")
    assert found["bob"] == ("left", "there is no notebook in it")
    assert found["cy"][0] == "left"
    assert "2 notebooks that cannot be read (a.ipynb, b.ipynb): keep one" in found["cy"][1]
    assert (found["ada"][0], text) == ("taken", "{")
    assert not course.submitted("L4.8", "bob").exists()


def test_of_the_same_time_neither_counts_and_a_second_collection_changes_nothing(
    course, lab, tmp_path
):
    """Equal times decide nothing between two files; against what is there already, the same is not newer."""
    box = tmp_path / "box"
    lab().answer("pass  # one").write(box, "ada_1.ipynb")
    lab().answer("pass  # two").write(box, "ada_2.ipynb")
    for path in box.iterdir():
        at(path, 1_800_000_000)
    found, text = taken(course, box)
    assert text == ""
    assert {state for state, _ in found.values()} == {"left"}
    assert (
        found["ada_1.ipynb"][1] == "ada_1.ipynb, ada_2.ipynb are of the same time: keep one of them"
    )
    shutil.copyfile(box / "ada_1.ipynb", box / "ada_2.ipynb")
    at(box / "ada_2.ipynb", 1_800_000_000)
    found, text = taken(course, box)
    assert found["ada_1.ipynb"][0] == "taken"
    assert found["ada_2.ipynb"] == ("left", "it is the same as ada_1.ipynb")
    (box / "ada_2.ipynb").unlink()
    lab().answer("pass  # three").write(box, "ada_1.ipynb")
    at(box / "ada_1.ipynb", 1_800_000_000)
    found, again = taken(course, box)
    assert found == {"ada_1.ipynb": ("kept", "the one that is there is as new")}
    assert again == text
    at(box / "ada_1.ipynb", 1_800_000_001)
    assert taken(course, box)[0]["ada_1.ipynb"][0] == "taken"
    (course.submitted("L4.8", "ada") / "timestamp.txt").write_text("yesterday evening")
    assert taken(course, box)[0]["ada_1.ipynb"][0] == "taken"


def test_links_inside_a_submission_are_not_followed(course, lab, tmp_path):
    """Neither a file's nor a folder's, neither when it is collected nor when it is run."""
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "key.txt").write_text("the key")
    lab().write(secret, "L4.8.ipynb")
    ada, bob = tmp_path / "box" / "ada", tmp_path / "box" / "bob"
    lab().write(ada, "L4.8.ipynb")
    (ada / "own.txt").write_text("mine")
    (ada / "key.txt").symlink_to(secret / "key.txt")
    (ada / "folder").symlink_to(secret)
    bob.mkdir()
    (bob / "L4.8.ipynb").symlink_to(secret / "L4.8.ipynb")
    found, _ = taken(course, ada.parent)
    names = {path.name for path in course.submitted("L4.8", "ada").rglob("*")}
    assert names == {"L4.8.ipynb", "own.txt", "timestamp.txt"}
    assert found["bob"] == ("left", "there is no notebook in it")
    (tmp_path / "run").mkdir()
    _copy_files(ada, tmp_path / "run")
    assert [path.name for path in (tmp_path / "run").rglob("*")] == ["own.txt"]


def test_a_submission_that_is_too_large_is_left(course, lab, tmp_path, monkeypatch):
    """All of its files count together."""
    ada = tmp_path / "box" / "ada"
    lab().write(ada, "L4.8.ipynb")
    (ada / "data.txt").write_bytes(b"x" * 1000)
    size = sum(path.stat().st_size for path in ada.iterdir())
    monkeypatch.setattr(module, "LARGEST", size - 1)
    assert taken(course, ada.parent)[0]["ada"][0] == "left"
    monkeypatch.setattr(module, "LARGEST", size)
    assert taken(course, ada.parent)[0]["ada"][0] == "taken"


def test_ids_that_two_assignments_share_decide_nothing(course, lab, tmp_path):
    """Of a notebook that has only such ids nobody can say what it is."""
    from unpickled.grading.choosing import choose

    lab().write(tmp_path, "x.ipynb")
    both = {"one": frozenset({"given-1"}), "two": frozenset({"given-1"})}
    assert choose(tmp_path / "x.ipynb", "one", both) == (None, "this is not one")
    more = both | {"one": frozenset({"given-1", "given-2"})}
    assert choose(tmp_path / "x.ipynb", "one", more) == (tmp_path / "x.ipynb", "")


def test_one_odd_folder_ends_nobody_elses_collection(course, lab, tmp_path):
    """A folder where a file should be, names that the system does not take: left, with the reason; the others come."""
    box = tmp_path / "box"
    for name in ("ada", "bob", "cy"):
        lab().write(box / name, "L4.8.ipynb")
    (box / "ada" / "timestamp.txt").mkdir()
    (box / "ada" / "timestamp.txt" / "x").write_text("x")
    deep = box / "bob"
    while len(str(deep)) < 3_800:
        deep /= "d" * 200
    deep.mkdir(parents=True)
    (deep / ("f" * (4_090 - len(str(deep)) - 1))).write_text("x")
    states = {one.student: one for one in collect(course, "L4.8", box)}
    assert [states[name].state for name in ("ada", "bob", "cy")] == ["taken", "left", "taken"]
    assert states["bob"].reason == "it cannot be copied: File name too long"
    assert not list(course.path.glob("submitted/*/.L4.8*"))
