"""The quiz under test, and the labelled answers: `labelled` came with the rubric, the voices were written for this."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest

from unpickled.quizzes import Quiz, Score, load_quiz, score

DATA = Path(__file__).parent / "data"


def rows() -> list[dict]:
    return [
        json.loads(line)
        for path in sorted(DATA.glob("*.jsonl"))
        for line in path.read_text("utf-8").splitlines()
    ]


@pytest.fixture(scope="session")
def quiz(root: Path) -> Quiz:
    return load_quiz("L4.4.2", root)


@pytest.fixture(scope="session")
def mark(quiz: Quiz) -> Callable[[str, str], Score]:
    """Score one answer, once in a session: mark("q1", "…")."""
    return cache(lambda question, answer: score(quiz, quiz.questions[question], answer))
