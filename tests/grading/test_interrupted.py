"""A run that is killed, at whatever stage: the next one finishes it, and nothing is lost or there twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path

import pytest

from unpickled import sandbox
from unpickled.grading import engine, entering, grade, queue, running, standings
from unpickled.grading.stock import gradebook
from unpickled.grading.workers import Pool

from .made import GOOD, Notebook

pytestmark = pytest.mark.long

QUIZ = "L4.4.2-quiz"
STUDENTS = ("ada", "bob", "eve")
KILLED = 9


@pytest.fixture
def quizzes(course):
    """A course in which three have handed in the quiz, one of them graded before and handed in anew."""
    path = course.path / "release" / QUIZ / f"{QUIZ}.ipynb"

    def hand_in(student, answer):
        folder = course.submitted(QUIZ, student)
        Notebook(path).answer(answer, "q2").write(folder, f"{QUIZ}.ipynb")
        (folder / "timestamp.txt").write_text(f"2026-12-01 {len(answer)}:00:00 UTC")

    hand_in("bob", "gguf")
    list(grade(course, queue(course)))
    for student in STUDENTS:
        hand_in(student, "safetensors")
    return course


def dies(*_, **__):
    os._exit(KILLED)


def then_dies(call):
    def called(*args, **words):
        call(*args, **words)
        os._exit(KILLED)

    return called


def moves_half(aside, place):
    """Move the old folder away, and no more."""
    if place.exists():
        place.rename(place.with_name(f".{place.name}.old"))
        os._exit(KILLED)
    aside.rename(place)


STAGES = {
    "before the first job": (Pool, "run", dies),
    "before anything is written": (entering, "write_aside", dies),
    "when the folder is written": (entering, "write_aside", then_dies(entering.write_aside)),
    "when scores are written, not committed": (entering.Ledger, "_close", dies),
    "when scores are committed": (entering.Ledger, "_close", then_dies(entering.Ledger._close)),
    "when the old folder has been moved": (entering, "move_in", moves_half),
    "when the new one has": (entering, "move_in", then_dies(entering.move_in)),
}


def counts(course):
    """How many rows the gradebook has of each kind."""
    from nbgrader import api

    kinds = (api.Student, api.SubmittedAssignment, api.SubmittedNotebook, api.Grade, api.Comment)
    with gradebook(course) as book:
        return Counter({kind.__name__: book.db.query(kind).count() for kind in kinds})


@pytest.mark.parametrize("stage", STAGES)
def test_a_run_that_is_killed_is_finished_by_the_next(quizzes, stage):
    """Each submission is in the gradebook once, with the score of what was handed in last; no leftovers."""
    child = os.fork()
    if not child:
        with suppress(BaseException):
            setattr(*STAGES[stage])
            list(grade(quizzes, queue(quizzes), running.Manner(jobs=1)))
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == KILLED
    done = {one.student: (one.state, one.score) for one in grade(quizzes, queue(quizzes))}
    assert done == dict.fromkeys(STUDENTS, ("graded", 1))
    assert {row.student: row.score for row in standings(quizzes, QUIZ)} == dict.fromkeys(
        STUDENTS, 1
    )
    assert counts(quizzes) == {
        "Student": 3, "SubmittedAssignment": 3, "SubmittedNotebook": 3, "Grade": 9, "Comment": 9,
    }  # fmt: skip
    left = list((quizzes.path / "autograded").rglob(".*"))
    assert not left


def test_a_second_run_works_on_what_is_unfinished_alone(quizzes, monkeypatch):
    """What is in its place is not written again."""
    list(grade(quizzes, queue(quizzes)))
    graded = quizzes.path / "autograded"
    before = {path: path.stat().st_mtime_ns for path in graded.rglob("*.ipynb")}
    (graded / "eve" / f".{QUIZ}.unfinished").mkdir()
    list(grade(quizzes, queue(quizzes)))
    after = {path: path.stat().st_mtime_ns for path in graded.rglob("*.ipynb")}
    assert {path.parts[-3] for path in before if before[path] != after[path]} == {"eve"}


def test_a_worker_that_dies_is_replaced_and_its_submission_done_again(
    quizzes, monkeypatch, tmp_path
):
    """Once is no harm; twice over the same submission and that one has failed, with the reason."""
    work = engine.work

    def sometimes(job, *given):
        deaths = tmp_path / job["student"]
        if job["student"] == "ada" and not deaths.exists():
            deaths.touch()
            os._exit(1)
        if job["student"] == "eve":
            os.kill(os.getpid(), signal.SIGKILL)
        return work(job, *given)

    monkeypatch.setattr(engine, "work", sometimes)
    done = {one.student: one for one in grade(quizzes, queue(quizzes))}
    assert (done["ada"].state, done["bob"].state) == ("graded", "graded")
    assert done["eve"].state == "failed"
    assert done["eve"].reason == "it could not be graded: the process that graded it ended 2 times"


@pytest.mark.parametrize(("sent", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_stopped_in_the_middle_of_a_notebook_it_ends_at_once(course, sent, code):
    """In two seconds, with everything it had started; what was done is in the gradebook, the rest is done next time."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())
    path = course.path / "release" / "L4.8" / "L4.8.ipynb"
    for student, more in (("ada", ""), ("bob", "import time\ntime.sleep(50)\n")):
        Notebook(path).answer(GOOD + more).write(course.submitted("L4.8", student), "L4.8.ipynb")
    words = [sys.executable, "-m", "unpickled", "teach", "grade", str(course.path), "--jobs", "1"]
    said = course.path / "said.txt"
    with said.open("wb") as file:
        running_one = subprocess.Popen(words, start_new_session=True, stderr=file)
    wait_for((course.path / "autograded" / "ada" / "L4.8").is_dir)
    wait_for(lambda: any("inside/warm.py" in line for line in commands()))
    started = time.monotonic()
    running_one.send_signal(sent)
    assert running_one.wait(20) == code
    assert time.monotonic() - started < 5  # 2 on a machine that has a processor to spare
    wait_for(lambda: not [line for line in commands() if str(course.path) in line], 5)
    rows = {row.student: row.state for row in standings(course, "L4.8")}
    assert rows == {"ada": "graded", "bob": "waiting"}
    assert ("the next run goes on from there" in said.read_text()) == (sent == signal.SIGINT)


def wait_for(true, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def commands():
    """The command lines of all processes."""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield process.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
