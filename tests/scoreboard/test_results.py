"""What an answer is worth, and the sums: each value written out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from unpickled.scoreboard import Opinion, Outcome, Tally, from_dict, judge, to_dict

from .conftest import made

WARNS = Opinion(says="warns", word="bad", exit=1, seconds=0.5)
QUIET = Opinion(says="quiet", word="clean", exit=0, seconds=0.25)
NOTHING = Opinion(says="nothing", word="skipped", exit=3)
SILENT = Opinion(says="nothing", word="skipped", exit=0)


@pytest.mark.parametrize(
    ("truth", "warns", "quiet"),
    [
        ("calls code", "caught", "missed"),
        ("carries code", "caught", "missed"),
        ("points outside", "caught", "missed"),
        ("plain data", "false alarm", "rightly quiet"),
        ("nobody can judge", "not judged", "missed"),
    ],
)
def test_an_answer_is_held_against_the_truth(truth: str, warns: str, quiet: str) -> None:
    """The table at the head of `results`; whoever does not judge is never wrong."""
    assert judge(truth, "warns") == warns
    assert judge(truth, "quiet") == quiet
    assert judge(truth, "nothing") is Outcome.NOT_JUDGED


def test_a_silent_zero_is_one_that_did_not_judge() -> None:
    """Exit 0 is silent only where nothing was judged; no exit code is no zero."""
    unknown = Opinion(says="nothing", word="failed", exit=None)
    answers = {"s": dict(zip("abcd", (QUIET, NOTHING, SILENT, unknown), strict=True))}
    board = made(answers, dict.fromkeys("abcd", "good"))
    assert [cell.silent for cell in board.cells] == [False, False, True, False]
    assert board.tally().silent == 1


def test_sums_are_over_the_chosen_cells() -> None:
    """By scanner, by class, by both, and over all."""
    answers = {
        "one": {"a": WARNS, "b": QUIET, "c": WARNS, "d": SILENT},
        "two": {"a": QUIET, "b": NOTHING, "c": QUIET, "d": QUIET},
    }
    board = made(answers, {"a": "bad", "b": "bad", "c": "good", "d": "torn"}, absent="three")
    assert board.tally(column="one") == Tally(
        caught=1, missed=1, false_alarm=1, not_judged=1, silent=1, seconds=1.25
    )
    assert board.tally(row="bad") == Tally(caught=1, missed=2, not_judged=1, seconds=1.0)
    assert board.tally(column="two", row="torn") == Tally(missed=1, seconds=0.25)
    assert board.tally(column="three") == Tally()
    assert board.tally().files == len(board.cells) == 8
    assert [column.id for column in board.asked] == ["one", "two"]


def test_a_record_keeps_the_python_that_it_was_made_with() -> None:
    """Whoever reads it may have another; a record that does not say has none, and loads all the same."""
    board = replace(made({"one": {"a": WARNS}}, {"a": "bad"}), python="3.9.77", isolation="a wall")
    told = to_dict(board)
    assert from_dict(told) == board
    assert to_dict(from_dict(told)) == told
    del told["python"]
    assert from_dict(told) == replace(board, python="")
