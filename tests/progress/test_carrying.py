"""Progress goes from place to place as a file, and nothing that was done is lost on the way."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unpickled.cli.main import run
from unpickled.errors import ProgressError
from unpickled.progress import Progress, carry_out, take_in, write_new
from unpickled.progress.carrying import better
from unpickled.progress.document import parse


def made(path, hour=12):
    return Progress(path, version="1", clock=lambda: datetime(2026, 11, 29, hour, tzinfo=UTC))


def test_it_goes_out_and_in_again(tmp_path):
    """What one place has done, another knows; a second time it is no news."""
    here, there = made(tmp_path / "a.json"), made(tmp_path / "b.json")
    here.attempt("one", correct=True, item="f")
    here.attempt("two", correct=False)
    assert (
        str(take_in(there, carry_out(here))) == "2 exercises in the file; 2 brought something new."
    )
    assert there.records() == here.records()
    assert take_in(there, carry_out(here)).changed == 0
    assert take_in(here, carry_out(there)).changed == 0


def test_solved_stays_solved_and_counts_are_not_added(tmp_path):
    """A later wrong answer elsewhere does not undo a right one; tries are the larger of the two."""
    here, there = made(tmp_path / "a.json", 9), made(tmp_path / "b.json", 15)
    here.attempt("one", correct=True)
    for _ in range(3):
        there.attempt("one", correct=False)
    take_in(here, carry_out(there))
    assert here.status("one") == "done"
    assert here.records()["one"].tries == 3


RECORDS = st.fixed_dictionaries(
    {
        "state": st.sampled_from(["done", "tried"]),
        "tries": st.integers(0, 9),
        "hints": st.integers(0, 3),
        "when": st.sampled_from(["2026-11-29T10:00:00+00:00", "2026-11-29T11:00:00+00:00"]),
        "version": st.just("1"),
        "item": st.sampled_from(["", "f"]),
    }
)


@given(RECORDS, RECORDS)
def test_of_two_records_nothing_is_lost(one, other):
    """Done, tries and hints are at least those of each, in whatever order they meet, and once is as good as twice."""
    both = better(one, other)
    assert (both["state"] == "done") == ("done" in (one["state"], other["state"]))
    assert all(both[key] == max(one[key], other[key]) for key in ("tries", "hints"))
    assert better(both, other) == both
    assert {key: both[key] for key in ("state", "tries", "hints", "when")} == {
        key: better(other, one)[key] for key in ("state", "tries", "hints", "when")
    }


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"schema": 99, "exercises": {}}',
        b'{"schema": 1, "exercises": {"a": 1}}',
    ],
)
def test_what_is_no_progress_changes_nothing(tmp_path, raw):
    """A file from elsewhere may be anything; it is refused whole."""
    progress = made(tmp_path / "a.json")
    progress.attempt("one", correct=True)
    before = (tmp_path / "a.json").read_bytes()
    with pytest.raises(ProgressError, match="cannot be taken in"):
        take_in(progress, raw)
    assert (tmp_path / "a.json").read_bytes() == before


def test_what_a_file_brings_along_besides_is_not_kept(tmp_path):
    """Unknown keys of a record stay outside."""
    entry = {"state": "done", "tries": 1, "hints": 0, "when": "2026-11-29T10:00:00+00:00", "x": "y"}
    progress = made(tmp_path / "a.json")
    take_in(progress, json.dumps({"schema": 1, "exercises": {"one": entry}}).encode())
    assert "x" not in parse((tmp_path / "a.json").read_bytes())[0]["exercises"]["one"]


def test_the_commands(tmp_path, monkeypatch, capsys):
    """export writes a file and never over one; import tells what it brought, and refuses in a sentence."""
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "here.json"))
    made(tmp_path / "here.json").attempt("one", correct=True)
    file = str(tmp_path / "carried.json")
    assert run(["progress", "export", file]) == 0
    assert run(["progress", "export", file]) == 2
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "there.json"))
    assert run(["progress", "import", file]) == 0
    assert "1 exercise in the file; 1 brought something new." in capsys.readouterr().out
    assert made(tmp_path / "there.json").status("one") == "done"
    assert run(["progress", "import", str(tmp_path / "nothing.json")]) == 2
    assert "nothing.json: it cannot be read" in capsys.readouterr().err


def test_half_a_new_file_is_taken_away_again(tmp_path: Path) -> None:
    """What stops the writing, whatever it is, leaves no file that would refuse the next try."""
    goal = tmp_path / "page.html"
    with pytest.raises(TypeError):
        write_new(goal, "no bytes")  # type: ignore[arg-type]
    assert not goal.exists()
    write_new(goal, b"whole")
    assert goal.read_bytes() == b"whole"
