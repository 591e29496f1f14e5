"""What is handed in anew is graded anew, by its files or its time; what an author broke is no learner's fault."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from unpickled.checking import File
from unpickled.cli.main import run
from unpickled.grading import CourseFolder, engine, grade, init, queue, standings
from unpickled.grading.anew import fingerprint
from unpickled.grading.workers import Pool

from . import made_port
from .made import Notebook

WRONG = "def double(x):\n    return 0\n"


@pytest.fixture(scope="session")
def port_course(root, once) -> Path:
    """A course whose lab asks through the port; tests copy it."""

    def build(base):
        made_port.port_checkout(base / "checkout", root)
        init(base / "course", base / "checkout")

    return once("port-course", build) / "course"


@pytest.fixture
def lab(port_course, tmp_path):
    """Hand in an answer as ada; gives the course and the function."""
    shutil.copytree(port_course, tmp_path / "course")
    course = CourseFolder.open(tmp_path / "course")

    def hand_in(double: str, **files: str) -> None:
        notebook = Notebook(course.path / "release" / "L4.8" / "L4.8.ipynb")
        notebook.answer(double).answer(made_port.NOTE, "note-answer")
        folder = course.submitted("L4.8", "ada")
        notebook.write(folder, "L4.8.ipynb")
        (folder / "checks.py").write_text(made_port.CHECKS)
        for name, text in files.items():
            (folder / name.replace("_", ".")).write_text(text)

    return course, hand_in


def graded(course):
    """Grade, and give how many were graded in this run, and the score that stands."""
    seen: list[str] = []
    entered = engine.Run._entered
    engine.Run._entered = lambda self, done: (seen.append(done.key[1]), entered(self, done))[1]
    try:
        list(grade(course, queue(course)))
    finally:
        engine.Run._entered = entered
    return len(seen), standings(course, "L4.8")[0].score


def test_a_file_that_was_replaced_is_graded_again_whatever_its_time(lab):
    """Without any time, with the same time, with a time where there was none; and what is the same is left alone."""
    course, hand_in = lab
    hand_in(WRONG)
    assert graded(course) == (1, 3)
    assert graded(course) == (0, 3)
    hand_in(made_port.DOUBLE)
    assert graded(course) == (1, 8)
    hand_in(made_port.DOUBLE, timestamp_txt="2026-11-01 10:00:00 UTC")
    assert graded(course) == (1, 8)
    assert graded(course) == (0, 8)
    hand_in(WRONG)
    assert graded(course) == (1, 3)
    hand_in(WRONG, data_csv="1,2")
    assert graded(course) == (1, 3)
    assert graded(course) == (0, 3)
    hand_in(WRONG, timestamp_txt="2026-11-01 11:00:00 UTC")
    assert graded(course) == (1, 3)


def test_names_and_bytes_make_the_fingerprint_and_nothing_else():
    """In any order, without the time; a byte that moves from a name into the file, or to another file, changes it."""
    one, two = File("a", b"12"), File("b", b"3")
    stamp = File("timestamp.txt", b"2026")
    assert fingerprint([one, two]) == fingerprint([stamp, two, one])
    others = [
        [one],
        [File("a1", b"2"), two],
        [File("a", b"1"), File("b", b"23")],
        [File("a", b"12 1 1 b3")],
    ]
    assert len({fingerprint(files) for files in ([one, two], *others)}) == 5


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (None, "it is not beside the notebook"),
        ("def double(:", "SyntaxError"),
        ("CHECKS = {'note': print}\nPOINTS = {'note': (1, 2)}", "it has no check of double"),
        (
            made_port.CHECKS.replace('"double": (2, 3)', '"double": (4, 3)'),
            "it gives double 4 points, and the gradebook says 2",
        ),
    ],
    ids=["missing", "broken", "incomplete", "other points"],
)
def test_checks_that_the_author_broke_stop_the_run_and_cost_nobody_points(lab, capsys, text, told):
    """Place, problem and remedy; what was graded before stands, on the disk and in the gradebook."""
    course, hand_in = lab
    hand_in(made_port.DOUBLE)
    assert graded(course) == (1, 8)
    checks = course.path / "source" / "L4.8" / "checks.py"
    checks.write_text(text) if text else checks.unlink()
    assert run(["teach", "grade", str(course.path), "--force"]) == 2
    said = capsys.readouterr().err
    assert "checks.py" in said
    assert told in said
    assert "unpickled teach init" in said
    assert (course.path / "autograded" / "ada" / "L4.8" / "L4.8.ipynb").is_file()
    assert standings(course, "L4.8")[0].score == 8


def test_a_check_that_breaks_on_an_answer_is_for_a_person(lab):
    """No points are taken in silence: the submission is to review, and says that the check could not be carried out."""
    course, hand_in = lab
    checks = course.path / "source" / "L4.8" / "checks.py"
    checks.write_text(
        made_port.CHECKS.replace('call("double", 2) == 4', 'call("double", 2)[0] == 4')
    )
    hand_in(made_port.DOUBLE)
    graded(course)
    (row,) = standings(course, "L4.8")
    assert (row.state, row.score) == ("review", 6)
    assert "double-check" in row.reason


def test_a_page_of_an_earlier_submission_does_not_stay(lab):
    """What cannot be graded any more has no feedback that could be given back."""
    course, hand_in = lab
    hand_in(made_port.DOUBLE)
    graded(course)
    assert run(["teach", "feedback", str(course.path)]) == 0
    page = course.path / "feedback" / "ada" / "L4.8" / "L4.8.html"
    assert page.is_file()
    (course.submitted("L4.8", "ada") / "L4.8.ipynb").write_text("{")
    assert run(["teach", "grade", str(course.path)]) == 1
    assert run(["teach", "feedback", str(course.path)]) == 1
    assert not page.parent.exists()


def sockets(pid):
    """The sockets that a process holds."""
    found = set()
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # it is just being closed
            found.add(str(link.readlink()))
    return {name for name in found if name.startswith("socket:")}


def test_a_worker_holds_its_own_end_alone():
    """So that it sees when the grading process has gone; also one that was made in place of another."""
    inherited = sockets(os.getpid())
    with Pool[int](3, serve_one, seconds=60) as pool:
        for _ in range(2):
            until = time.monotonic() + 20
            while [len(sockets(worker.pid) - inherited) for worker in pool._workers] != [1, 1, 1]:
                assert time.monotonic() < until
            os.kill(pool._workers[0].pid, signal.SIGKILL)
            done = list(pool.run(iter([(1, {"x": 1})])))
            assert [one.result for one in done] == [{"x": 1}]


def serve_one(next_job, tell):
    while (job := next_job()) is not None:
        tell(job)


def test_workers_end_with_a_parent_that_was_killed_before_it_could_say_so():
    """A process that forks workers and is gone at once leaves none of them."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        pool = Pool[int](8, serve_one, seconds=60)
        pool.__enter__()
        os.write(writing, " ".join(str(one.pid) for one in pool._workers).encode())
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    pids = [int(word) for word in os.read(reading, 1000).split()]
    assert len(pids) == 8
    until = time.monotonic() + 20
    while left := [pid for pid in pids if Path(f"/proc/{pid}/exe").exists()]:
        assert time.monotonic() < until, left
        time.sleep(0.05)


def test_a_long_text_is_on_the_feedback_page_as_it_was_typed(lab):
    """Laid out it would hold up everybody's feedback; nothing of it is lost."""
    course, hand_in = lab
    hand_in(made_port.DOUBLE)
    path = course.submitted("L4.8", "ada") / "L4.8.ipynb"
    text = "[" * 20_000
    Notebook(path).add(text, kind="markdown").write(path.parent, path.name)
    graded(course)
    assert run(["teach", "feedback", str(course.path)]) == 0
    page = (course.path / "feedback" / "ada" / "L4.8" / "L4.8.html").read_text()
    assert f"<pre>{text}</pre>" in page


def test_cells_that_no_format_knows_are_told_in_words(lab):
    """The submission has failed with a reason, and not with the name of an exception."""
    course, hand_in = lab
    hand_in(made_port.DOUBLE)
    cell = {
        "cell_type": "code",
        "input": "1",
        "metadata": {"nbgrader": {"grade_id": "double-answer"}},
    }
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [{"cells": [cell]}]}
    (course.submitted("L4.8", "ada") / "L4.8.ipynb").write_text(json.dumps(old))
    graded(course)
    (row,) = standings(course, "L4.8")
    assert row.state == "failed"
    assert "its cells are not those of the format that it names" in row.reason


def test_a_full_disk_is_no_fault_of_one_page(lab, monkeypatch, capsys):
    """The command ends with place, problem and remedy, instead of a line for each learner."""
    course, hand_in = lab
    hand_in(made_port.DOUBLE)
    graded(course)

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("unpickled.grading.feedback_page.PageOnly.start", full)
    assert run(["teach", "feedback", str(course.path)]) == 2
    assert "the space on the disk" in capsys.readouterr().err
