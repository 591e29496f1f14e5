"""What experiments showed is kept whole, merged by experiment, and set aside where it cannot be understood."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from unpickled.errors import ProgressError
from unpickled.progress import Outcome, Progress, Seen, seen_path

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new" / "progress-seen.json"


def seen(path: Path) -> Seen:
    return Seen(path, clock=lambda: NOON)


def outcome(identity: str = "npy", happened: str = "made") -> Outcome:
    return Outcome(id=identity, happened=happened, expected=True, tool="numpy 2.2.6", item="abc")


def test_outcomes_are_kept_with_their_moment_and_the_last_one_counts(path: Path) -> None:
    """A second run of one experiment takes the place of the first; the others stay."""
    seen(path).note([outcome(), outcome("gguf", "loaded")])
    seen(path).note([outcome(happened="refused")])
    kept = seen(path).outcomes()
    assert {name: one.happened for name, one in kept.items()} == {
        "npy": "refused",
        "gguf": "loaded",
    }
    assert {one.when for one in kept.values()} == {"2026-11-29T12:00:00+00:00"}


def test_nothing_is_there_before_the_first(path: Path) -> None:
    """Reading makes no file."""
    assert seen(path).outcomes() == {}
    assert not path.parent.exists()


GOOD = {"happened": "made", "expected": True, "tool": "t", "item": "i", "when": "w"}


@pytest.mark.parametrize(
    ("raw", "left"),
    [
        (b"{", 0), (b"\xff", 0), (b"[]", 0), (b'{"schema": 2, "outcomes": {}}', 0),
        (b'{"schema": true, "outcomes": {}}', 0), (b'{"schema": 1.0, "outcomes": {}}', 0),
        (b"[" * 100_000, 0), (b'{"schema": 1, "outcomes": []}', 0),
        (json.dumps({"schema": 1, "outcomes": {
            "a": GOOD, "b": {**GOOD, "happened": "exploded"}, "c": {**GOOD, "expected": 1},
            "d": {**GOOD, "tool": "x" * 999}, "e": {**GOOD, "more": 1}, "f": [], "g": {**GOOD, "when": None},
        }}).encode(), 1),
    ],
)  # fmt: skip
def test_a_damaged_file_is_set_aside_and_what_is_sound_is_kept(
    path: Path, raw: bytes, left: int
) -> None:
    """Nobody's word is believed only because it stands in the file; the old one is never deleted."""
    path.parent.mkdir()
    path.write_bytes(raw)
    one = seen(path)
    assert len(one.outcomes()) == left
    (told,) = one.take_notices()
    (aside,) = path.parent.glob("*.aside-*.json")
    assert aside.read_bytes() == raw
    assert aside.name in told
    one.note([outcome()])
    assert len(seen(path).outcomes()) == left + 1


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """The error names the file and what to do."""
    (tmp_path / "file").touch()
    with pytest.raises(ProgressError, match=r"seen\.json.*UNPICKLED_PROGRESS"):
        seen(tmp_path / "file" / "seen.json").note([outcome()])


def test_it_lies_beside_the_progress_and_is_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The variable that moves the progress moves it too, and neither reads the other's."""
    monkeypatch.setenv("UNPICKLED_PROGRESS", str(tmp_path / "mine.json"))
    assert seen_path(tmp_path) == tmp_path / "mine-seen.json"
    Progress(tmp_path / "mine.json").attempt("p-a", correct=True)
    seen(seen_path(tmp_path)).note([outcome()])
    assert set(Progress(tmp_path / "mine.json").records()) == {"p-a"}
    assert set(seen(seen_path(tmp_path)).outcomes()) == {"npy"}
    monkeypatch.delenv("UNPICKLED_PROGRESS")
    assert seen_path(tmp_path) == tmp_path / ".unpickled" / "progress-seen.json"
