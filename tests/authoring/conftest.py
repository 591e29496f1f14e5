"""A copy of the whole course that a test may spoil, and the planting of faults in it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

DECK = "course/L4.4.2/deck.md"


@pytest.fixture
def written(root, tmp_path) -> Path:
    """The course with its deck, in a folder with a space in its name."""
    copy = tmp_path / "my course"
    for folder in ("course", "quizzes", "labs"):
        shutil.copytree(root / folder, copy / folder, ignore=shutil.ignore_patterns("*.ipynb"))
    return copy


@pytest.fixture
def edit(written: Path) -> Callable[..., int]:
    """Replace the first `old` in a file of the course, the deck if none is named; returns its line."""

    def replace(old: str, new: str, path: str = DECK) -> int:
        file = written / path
        text = file.read_text("utf-8")
        assert old in text, f"{path} holds no {old!r}: correct this test"
        file.write_text(text.replace(old, new, 1), "utf-8")
        return text[: text.index(old)].count("\n") + 1

    return replace
