"""The port inside a kernel, and the same answers as a recording."""

from __future__ import annotations

import os
import sys

import pytest

from unpickled.checking import File, InKernel, Outcome, Recorded, Recording, judge
from unpickled.errors import StudentError


def size(path, factor):
    with open(path, "rb") as file:  # noqa: PTH123 - as a learner writes it
        return [os.path.basename(path), len(file.read()) * factor]  # noqa: PTH119


def leaves():
    sys.exit(0)


class NastyError(Exception):
    def __str__(self):
        raise RuntimeError


def nasty():
    raise NastyError


@pytest.fixture
def student(tmp_path):
    (tmp_path / "made.bin").write_bytes(b"made")
    (tmp_path / "big.bin").write_bytes(bytes(5 << 20))
    (tmp_path.parent / "outside.txt").write_text("secret")
    (tmp_path / "link").symlink_to(tmp_path.parent / "outside.txt")
    (tmp_path / "folder").mkdir()
    names = {"x": (1, 2), "odd": object(), "size": size, "leaves": leaves, "nasty": nasty}
    return InKernel({**names, "noisy": lambda: sys.stdout.write("a lot") and None}, tmp_path)


def test_values_calls_and_files_are_told(student):
    """An honest question gets its answer; a file argument arrives as a path with its own name."""
    assert student.value("x") == [1, 2]
    assert student.call("size", File("model.bin", b"12345"), 2) == ["model.bin", 10]
    assert student.file("made.bin") == b"made"


@pytest.mark.parametrize("name", ["missing", "odd"])
def test_a_value_that_cannot_be_had_is_named(student, name):
    """The message says which name is meant."""
    with pytest.raises(StudentError, match=name):
        student.value(name)


@pytest.mark.parametrize(
    ("function", "raised"), [("leaves", "SystemExit"), ("nasty", "NastyError")]
)
def test_what_a_function_raises_is_told_by_name(student, function, raised):
    """Even exit() and an exception that cannot be printed end in a StudentError."""
    with pytest.raises(StudentError) as error:
        student.call(function)
    assert error.value.raised == raised


@pytest.mark.parametrize(
    "ask",
    [
        lambda student: student.call("leaves"),
        lambda student: student.call("x"),
        lambda student: student.call("none"),
        lambda student: student.value("odd"),
        lambda student: student.file("folder"),
        lambda student: student.file("big.bin"),
        lambda student: student.file("none.bin"),
    ],
)
def test_a_learners_name_stays_as_it_is_written(student, ask):
    """A sentence begins with a capital, and so never with a name of the learner's."""
    said = judge(ask, student, 1).feedback[0]
    assert said[0].isupper()
    assert not said.lower().startswith(("leaves", "x ", "none", "odd", "folder", "big"))
    assert any(f" {n}" in said for n in ("leaves", "x ", "none", "odd", "folder", "big.bin"))


def test_a_call_prints_nothing(student, capsys):
    """What a learner's function prints cannot be taken for the points of a test cell."""
    assert student.call("noisy") is None
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    "name",
    ["../outside.txt", "/etc/passwd", "C:\\x", "a/../../outside.txt", "link", "folder", "", ".",
     "none", "big.bin", "nul\0"],
)  # fmt: skip
def test_no_file_beyond_the_folder_is_read(student, name):
    """Upwards, absolute, linked, missing, too large, a folder: refused in words."""
    with pytest.raises(StudentError):
        student.file(name)


def test_a_recording_answers_as_the_kernel_did(student):
    """Values, errors and files are the same; what was never asked is an error."""
    recording = Recording(student)
    questions = [
        lambda s: s.value("x"),
        lambda s: s.value("missing"),
        lambda s: s.call("size", File("m", b"123"), 1),
        lambda s: s.call("leaves"),
        lambda s: s.file("made.bin"),
        lambda s: s.file("none"),
    ]

    def told(who, question):
        try:
            return question(who)
        except StudentError as error:
            return (error.problem, error.remedy, error.raised)

    first = [told(recording, question) for question in questions]
    assert [told(recording.replay(), question) for question in questions] == first
    with pytest.raises(StudentError, match="nobody recorded"):
        recording.replay().value("y")


@pytest.mark.parametrize(
    ("points", "most"), [(-1, 2), (3, 2), (float("nan"), 2), (1, float("inf"))]
)
def test_points_out_of_range_cannot_be_made(points, most):
    """A check cannot give what nbgrader would take for full marks."""
    with pytest.raises(ValueError, match="no points"):
        Outcome(points, most, ())


def test_a_missing_answer_is_feedback_and_no_points():
    """A check that lets a StudentError pass gives nothing, and the learner reads why."""
    outcome = judge(lambda student: student.value("x"), Recorded({}), 2)
    assert (outcome.points, outcome.maximum) == (0, 2)
    assert "x" in outcome.feedback[0]


def test_a_check_with_another_maximum_is_the_authors_mistake():
    """lab.toml and a check agree on the points."""
    with pytest.raises(ValueError, match=r"lab\.toml"):
        judge(lambda _: Outcome(1, 1, ()), Recorded({}), 2)
