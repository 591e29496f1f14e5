"""Assignments: a lab's source and checks in, the nbgrader source notebook out, byte-identical each time.

Answer cells hold the reference solution between nbgrader's markers, and each exercise's checks become two graded
cells: a line that calls the visible check, and the hidden one, inlined as text that runs under names of its own, so
that neither its names nor the learner's get in each other's way. Cell metadata is nbgrader's schema 3
(https://nbgrader.readthedocs.io/en/stable/contributor_guide/metadata.html).
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from typing import Any

import jinja2
import jupytext

from unpickled.authoring.lab_files import Exercise, Lab
from unpickled.authoring.notebooks import KERNEL, Cell, with_ids
from unpickled.errors import ContentError

__all__ = ["HIDDEN", "SOLUTION", "notebook"]

SOLUTION = ("### BEGIN SOLUTION", "### END SOLUTION")
HIDDEN = ("### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS")


def notebook(made: Lab) -> bytes:
    """Build a lab's nbgrader source notebook.

    Raises:
        ContentError: a cell names no known exercise, an exercise lacks a cell, a solution lacks its markers, or a
            hidden check is missing or cannot be run.
    """
    place = f"{made.id}/{made.source.name}"
    try:
        text = made.source.read_text(encoding="utf-8")
    except OSError as error:
        raise ContentError(place, f"it cannot be read: {error.strerror}") from error
    wanted = [(one.id, role) for one in made.exercises for role in ("answer", "checks")]
    found: list[tuple[str, str]] = []
    cells: list[Cell] = []
    for cell in jupytext.reads(text, fmt="py:percent").cells:
        if cell.metadata.get("role"):
            found.append((str(cell.metadata.get("exercise")), str(cell.metadata["role"])))
        cells += _cells(made, cell, place)
    if found != wanted:
        raise ContentError(place, "its answers and checks are not those of lab.toml, in that order")
    document = {
        "cells": with_ids(_named(cells)),
        "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def _cells(made: Lab, cell: Any, place: str) -> Iterator[Cell]:
    role = cell.metadata.get("role")
    if cell.cell_type == "markdown":
        yield _cell("markdown", _render(made, cell.source, place), _nbgrader("", locked=True))
    elif role == "answer":
        hints = _hints(made.exercise(cell.metadata["exercise"]))
        yield _cell("markdown", hints, _nbgrader("", locked=True))
        yield _answer(made.exercise(cell.metadata["exercise"]), cell.source, place)
    elif role == "checks":
        exercise = made.exercise(cell.metadata["exercise"])
        yield _graded(f"{exercise.id}-check", f'lab.check("{exercise.id}")', exercise.visible)
        yield _graded(f"{exercise.id}-hidden", _inlined(made, exercise), exercise.hidden)
    else:
        yield _cell("code", cell.source, _nbgrader("", locked=True))


def _answer(exercise: Exercise, source: str, place: str) -> Cell:
    lines = source.splitlines()
    if lines[:1] != [SOLUTION[0]] or lines[-1:] != [SOLUTION[1]]:
        where = f'{place}, answer of "{exercise.id}"'
        remedy = f"Begin with {SOLUTION[0]}, end with {SOLUTION[1]}."
        raise ContentError(where, "its solution does not stand between the markers", remedy)
    held = _nbgrader(f"{exercise.id}-answer", solution=True, locked=False)
    # The stub that nbgrader puts in raises: with this tag "Run All" goes on behind it, and every check speaks.
    return _cell("code", source, {**held, "tags": ["raises-exception"]})


def _inlined(made: Lab, exercise: Exercise) -> str:
    """Return the hidden test cell: the check's file and the line that awards its points."""
    path = made.hidden(exercise)
    place = f"{made.id}/hidden/{path.name}"
    try:
        source = path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise ContentError(place, f"it cannot be read: {error.strerror}") from error
    _require_check(source, place)
    award = f"lab.award(\"{exercise.id}\", r'''\n{source}\n''')"
    told = "# More checks run here when you hand in."
    return "\n".join([told, HIDDEN[0], award, HIDDEN[1]])


def _require_check(source: str, place: str) -> None:
    """Refuse a file that `lab.award` could not run: it is handed over as raw text, to run under names of its own."""
    try:
        tree = ast.parse(source)
    except SyntaxError as error:
        raise ContentError(f"{place}:{error.lineno}", f"it is no Python: {error.msg}") from error
    if not any(isinstance(node, ast.FunctionDef) and node.name == "check" for node in tree.body):
        raise ContentError(place, "it defines no function check", "Write def check(student):.")
    if "'''" in source:
        raise ContentError(
            place, "three single quotes stand in it", 'Write three double ones: """.'
        )


def _render(made: Lab, text: str, place: str) -> str:
    environment = jinja2.Environment(
        undefined=jinja2.StrictUndefined,
        autoescape=False,  # noqa: S701 - the output is Markdown by the course's own authors
        keep_trailing_newline=True,
    )
    points = sum(one.visible + one.hidden for one in made.exercises)
    names = {"points": f"{points:g}", "minutes": made.minutes, "exercise": lambda i: _head(made, i)}
    try:
        return environment.from_string(text).render(names)
    except jinja2.TemplateError as error:
        first = text.splitlines()[0] if text else ""
        raise ContentError(f"{place}, cell {first!r}", f"its template fails: {error}") from error


def _head(made: Lab, identity: str) -> str:
    """Return an exercise's heading, with its stage and its points."""
    one = made.exercise(identity)
    number = made.exercises.index(one) + 1
    return f"## {number} · {one.title}\n\n*{one.stage} · {one.visible + one.hidden:g} points*"


def _hints(exercise: Exercise) -> str:
    """Return an exercise's hints, to be opened one by one: they stand between its task and the answer."""
    return "\n\n".join(
        f"<details><summary>Hint {tier}</summary>\n\n{hint}\n\n</details>"
        for tier, hint in enumerate(exercise.hints, start=1)
    )


def _graded(name: str, source: str, points: float) -> Cell:
    return _cell("code", source, _nbgrader(name, grade=True, locked=True, points=points))


def _cell(kind: str, source: str, metadata: dict[str, Any]) -> Cell:
    ran: Cell = {"execution_count": None, "outputs": []} if kind == "code" else {}
    lines = source.splitlines(keepends=True)
    return {"cell_type": kind, "metadata": metadata, "source": lines, **ran}


def _nbgrader(name: str, **more: Any) -> dict[str, Any]:
    kind = {"grade": False, "solution": False, "task": False, **more}
    held: dict[str, Any] = {"nbgrader": {"grade_id": name, "schema_version": 3, **kind}}
    return {**held, "deletable": False, **({"editable": False} if kind["locked"] else {})}


def _named(cells: list[Cell]) -> list[Cell]:
    """Give the locked cells between the exercises a grade id each, by their place."""
    number = 0
    for cell in cells:
        held = cell["metadata"]["nbgrader"]
        if not held["grade_id"]:
            number += 1
            held["grade_id"] = f"given-{number}"
    return cells
