"""The graded quiz as an nbgrader source notebook, made from the prompts and points of `quiz.toml` and nothing else.

Each question is a locked Markdown cell with the prompt and, below it, a Markdown cell for the typed answer. Neither
key nor criteria are in the notebook, so it can travel as it is; nbgrader's release step only adds checksums
(cell metadata: https://nbgrader.readthedocs.io/en/stable/contributor_guide/metadata.html).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from unpickled.authoring.notebooks import with_ids
from unpickled.errors import ContentError
from unpickled.quizzes import Question, load_quiz

__all__ = ["STUB", "quiz_notebook", "quiz_path"]

STUB = "YOUR ANSWER HERE"
"""What an answer cell says before anybody has typed into it: nbgrader's own words."""

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}

Cell = dict[str, Any]


def quiz_path(root: Path, lesson: str) -> Path:
    """Return where a lesson's quiz notebook is."""
    return root / "quizzes" / lesson / f"{lesson}-quiz.ipynb"


def quiz_notebook(root: Path, lesson: str) -> bytes:
    """Build a lesson's quiz notebook.

    Args:
        root: the folder that holds `quizzes/`.
        lesson: id of the lesson, as in "L4.4.2".

    Returns:
        The bytes of the `.ipynb`, the same for the same prompts, ending in a newline.

    Raises:
        ContentError: the quiz is missing or wrong, or holds no question.
    """
    questions = tuple(load_quiz(lesson, root).questions.values())
    if not questions:
        raise ContentError(f"quizzes/{lesson}/quiz.toml", "it asks nothing", "Add an [[item]].")
    cells = [_locked("quiz-intro", _intro(lesson, questions))]
    for number, question in enumerate(questions, 1):
        cells += [_locked(f"{question.id}-prompt", _prompt(number, question)), _answer(question)]
    document = {
        "cells": with_ids(cells),
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _intro(lesson: str, questions: tuple[Question, ...]) -> str:
    total = sum(question.max for question in questions)
    return (
        f"# Quiz {lesson}\n\n"
        f"{len(questions)} questions, {total} points. Click a cell that says *{STUB}*, press Enter, put your answer in "
        "its place, in one to three sentences of your own, and press Shift+Enter. Save before you hand the "
        "notebook in.\n\n"
        "Type each answer into its own cell: text in a cell that you add does not count. An answer earns points for "
        "each thing that it has to say, so a part of it earns a part of them."
    )


def _prompt(number: int, question: Question) -> str:
    points = "1 point" if question.max == 1 else f"{question.max} points"
    return f"### Question {number} ({points})\n\n{question.prompt}"


def _locked(identity: str, source: str) -> Cell:
    return _cell(identity, source, {"grade": False, "locked": True, "solution": False})


def _answer(question: Question) -> Cell:
    graded = {"grade": True, "locked": False, "points": question.max, "solution": True}
    return _cell(question.id, STUB, graded)


def _cell(identity: str, source: str, nbgrader: dict[str, Any]) -> Cell:
    return {
        "cell_type": "markdown",
        "metadata": {
            "deletable": False,
            "nbgrader": {"grade_id": identity, "schema_version": 3, "task": False, **nbgrader},
        },
        "source": source.splitlines(keepends=True),
    }
