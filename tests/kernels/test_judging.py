"""A check that is judged from outside: its time, its words, and what it may tell of an answer that does not come."""

from __future__ import annotations

import time

import pytest

from unpickled import checking, kernels
from unpickled.kernels import BROKEN, Bounds, Warmth, asked, judging
from unpickled.kernels.outputs import Outputs

pytestmark = pytest.mark.long


def known(check):
    """Visible checks with one of that name, worth three points."""
    return checking.Visible({"double": check}, {"double": (3, 0)})


def test_a_check_that_thinks_for_ever_ends_with_its_time(kernel, monkeypatch):
    """The grader does not hang on an author's loop, whatever answer has led into it."""
    monkeypatch.setattr(judging, "_GRACE", 0.2)

    def check(_):
        while True:
            pass

    started = time.monotonic()
    (output,) = kernels.judged(asked('lab.check("double")'), kernel, 3, known(check))
    assert output["ename"] == "Timeout"
    assert time.monotonic() - started < 20
    assert kernel.run("1")[0]["data"] == {"text/plain": "1"}


def test_a_check_that_breaks_says_so_and_is_kept_as_evidence(kernel):
    """Not as a failure of the learner's: scores gives it to a person."""
    (output,) = kernels.judged(asked('lab.check("double")'), kernel, 3, known(lambda _: 1 / 0))
    assert output["ename"] == BROKEN
    assert "ZeroDivisionError" in output["evalue"]
    assert kernel.evidence == ["The check of double broke on an answer: ZeroDivisionError."]


def test_points_that_are_not_the_gradebooks_are_no_grade(kernel):
    """What a check gives is out of what its cell is worth, or a person looks."""

    def three(_):
        tally = checking.Tally(3)
        tally.part(3, lambda: True, "")
        return tally.outcome()

    check = known(three)
    (output,) = kernels.judged(asked('lab.check("double")'), kernel, 4, check)
    assert output["ename"] == BROKEN
    assert "checks.py gives 3 points, the gradebook 4" in output["evalue"]


HIDDEN = '''lab.award("double", """
from unpickled.checking import Tally
def check(student):
    tally = Tally(3)
    tally.part(1, lambda: student.call("double", 4142135) == 1, "no")
    tally.part(1, lambda: student.value("other") == 1, "no")
    tally.part(1, lambda: student.file("missing.txt") == b"", "no")
    return tally.outcome()
""")'''


def test_of_a_hidden_check_only_its_authors_words_are_told(kernel):
    """What the learner's function raises goes to the instructor, in an output that no feedback shows."""
    kernel.run("def double(x): raise type(f'Asked{x}', (ValueError,), {})(f'it was {x}')")
    aside, told, number = kernels.judged(asked(HIDDEN), kernel, 3, None)
    assert (aside["name"], told["name"]) == ("stderr", "stdout")
    assert "Calling double raised Asked4142135: it was 4142135." in aside["text"]
    assert "4142135" not in told["text"]
    words = " ".join(told["text"].split())
    assert "What double returns did not come, since an exception was raised." in words
    assert "The value of other did not come." in words
    assert number["data"]["text/plain"] == "0.0"


def test_all_cells_and_questions_share_the_notebooks_time(kernel):
    """A cell may take as long as a cell may, and no longer than is left of the notebook's time."""
    with Warmth(bounds=Bounds(cell=60, notebook=1.5, patience=1)) as warmth, warmth.kernel() as own:
        started = time.monotonic()
        assert own.run("while True: pass")[-1]["ename"] == "Timeout"
        assert own.run("1")[0]["ename"] == "NotRun"
        assert time.monotonic() - started < 20


def test_a_cell_that_is_too_large_to_be_sent_is_its_own_loss(kernel):
    """An error of that cell; the next one runs."""
    (output,) = kernel.run("# " + "\N{SNOWMAN}" * 5_000_000)
    assert output["ename"] == "NotRun"
    assert kernel.run("1")[0]["data"] == {"text/plain": "1"}


@pytest.mark.parametrize(("limit", "most"), [(1_000, 4), (1 << 40, 10_000)])
def test_small_messages_count_too(limit, most):
    """Each counts two hundred bytes at least, and of one cell ten thousand are kept."""
    outputs = Outputs(limit, {})
    for _ in range(10_100):
        outputs.told({"event": "display", "data": {"text/plain": ""}}, 1, 1)
    assert len(outputs.list) == most
