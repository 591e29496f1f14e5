"""Grading as submissions arrive, and the command's own words around it."""

from __future__ import annotations

import json

import pytest

from unpickled import sandbox
from unpickled.cli.main import run
from unpickled.grading import Manner, arriving, watch
from unpickled.sandbox import wall

from .made import GOOD, Notebook

pytestmark = pytest.mark.long

QUIZ = "L4.4.2-quiz"


def hand_in(course, student, answer="safetensors"):
    path = course.path / "release" / QUIZ / f"{QUIZ}.ipynb"
    Notebook(path).answer(answer, "q2").write(course.submitted(QUIZ, student), f"{QUIZ}.ipynb")


def test_what_comes_in_is_graded_once_it_has_come_to_rest(course, monkeypatch):
    """First what is there, then each that arrives, changed or new; one that still grows is left alone."""
    hand_in(course, "ada")
    looks = []

    def rest(_):
        looks.append(len(looks))
        if len(looks) == 4:
            hand_in(course, "bob")
        if 4 < len(looks) < 8:  # still being copied
            (course.submitted(QUIZ, "bob") / "notes.txt").write_text("x" * len(looks))
        if len(looks) == 14:
            hand_in(course, "ada", "gguf")
            (course.submitted(QUIZ, "ada") / "timestamp.txt").write_text("2026-12-04 12:00:00 UTC")
        assert len(looks) < 40

    monkeypatch.setattr(arriving.time, "sleep", rest)
    seen = watch(course, [], [], Manner(jobs=1))
    first = next(seen)
    assert (first.student, first.state, first.score) == ("ada", "graded", 1)
    second = next(seen)
    assert (second.student, second.score, len(looks)) == ("bob", 1, 8)
    third = next(seen)
    assert third.student == "ada"
    seen.close()


def test_a_name_that_nobody_has_is_told_at_once(course, monkeypatch):
    """They may still come; but whoever has mistyped it should not wait for ever."""
    hand_in(course, "ada")
    told: list[str] = []

    def stop(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(arriving.time, "sleep", stop)
    with pytest.raises(KeyboardInterrupt):
        list(watch(course, [], ["ada", "zoe"], Manner(tell=told.append)))
    assert told == ["Nobody called zoe has handed anything in yet."]


def test_where_there_can_be_no_jail_nothing_is_run_unless_the_user_says_so(
    course, monkeypatch, capsys
):
    """One line with the remedy, exit code 2, no grade; with the option it is graded, by a plain child."""
    monkeypatch.setattr(wall, "problem", lambda: "bubblewrap is not installed")
    monkeypatch.setattr("unpickled.grading.engine.problem", wall.problem)
    path = course.path / "release" / "L4.8" / "L4.8.ipynb"
    Notebook(path).answer(GOOD).write(course.submitted("L4.8", "ada"), "L4.8.ipynb")
    assert run(["teach", "grade", str(course.path)]) == 2
    told = capsys.readouterr().err
    assert "bubblewrap is not installed, so submissions are not run" in told
    assert "--unsafe-no-sandbox" in told
    assert not (course.path / "autograded" / "ada").exists()
    assert run(["teach", "grade", str(course.path), "--unsafe-no-sandbox", "--json"]) == 0
    told = capsys.readouterr()
    assert [(row["student"], row["score"]) for row in json.loads(told.out)] == [("ada", 5)]
    assert "run with the learner's own code" in told.err


def test_a_quiz_needs_no_jail(course, monkeypatch):
    """There is nothing to run in it."""
    monkeypatch.setattr("unpickled.grading.engine.problem", lambda: "bubblewrap is not installed")
    hand_in(course, "ada")
    assert run(["teach", "grade", str(course.path), QUIZ]) == 0


def test_evidence_is_told_by_grade_and_status(course, capsys):
    """A line with an exclamation mark, and in JSON; the grade is what it would be without."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())
    path = course.path / "release" / "L4.8" / "L4.8.ipynb"
    hijack = "import os\nfor fd in range(3, 99):\n    try: os.write(fd, b'\\xff' * 99)\n    except OSError: pass\n"
    Notebook(path).answer(GOOD).add(hijack).write(course.submitted("L4.8", "ada"), "L4.8.ipynb")
    assert run(["teach", "grade", str(course.path), "--jobs", "1"]) == 0
    said = "! ada  L4.8: Between notebook and grader there came a message of"
    assert said in capsys.readouterr().err
    assert run(["teach", "status", str(course.path), "--json"]) == 0
    (row,) = [one for one in json.loads(capsys.readouterr().out) if one["assignment"] == "L4.8"]
    assert (row["state"], row["score"]) == ("graded", 5)
    assert row["evidence"][0].startswith("Between notebook and grader")
