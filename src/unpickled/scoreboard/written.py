"""A run as plain data: what `unpickled scoreboard --json` prints and what the board's view draws. No path is in it."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from unpickled.scoreboard.lessons import lessons
from unpickled.scoreboard.results import (
    SCHEMA,
    Board,
    Cell,
    Column,
    File,
    Opinion,
    Outcome,
    Row,
)

__all__ = ["from_dict", "to_dict", "words"]

_WORDS = Path(__file__).with_name("words.toml")


@cache
def words() -> dict[str, dict[str, str]]:
    """Return what each outcome and each truth means, by its name."""
    with _WORDS.open("rb") as file:
        told = tomllib.load(file)
    return {
        kind: {entry["id"]: entry["means"] for entry in told[kind]} for kind in ("outcome", "truth")
    }


def to_dict(board: Board) -> dict[str, Any]:
    """Return a run as JSON-able data; but for the seconds, two machines with the same versions get the same."""
    return {
        "schema": SCHEMA,
        "seconds": round(board.seconds, 1),
        "python": board.python,
        "isolation": board.isolation,
        "scanners": [_column(column, board) for column in board.columns],
        "classes": [
            {
                "id": row.id,
                "title": row.title,
                "truth": row.truth,
                "tallies": {
                    column.id: board.tally(column=column.id, row=row.id).to_dict()
                    for column in board.asked
                },
            }
            for row in board.rows
        ],
        "files": [
            {"id": file.id, "name": file.filename, "class": file.row, "teaches": file.teaches}
            for file in board.files
        ],
        "answers": [_cell(cell) for cell in board.cells],
        "lessons": [
            {"id": lesson.id, "text": lesson.text, "counts": dict(lesson.counts)}
            for lesson in lessons(board)
        ],
    }


def from_dict(told: Mapping[str, Any]) -> Board:
    """Return the run that `to_dict` wrote down; one that was written without its Python has none."""
    columns = [{k: v for k, v in one.items() if k != "totals"} for one in told["scanners"]]
    return Board(
        rows=tuple(Row(one["id"], one["title"], one["truth"]) for one in told["classes"]),
        files=tuple(
            File(one["id"], one["name"], one["class"], one["teaches"]) for one in told["files"]
        ),
        columns=tuple(Column(**one) for one in columns),
        cells=tuple(
            Cell(one["file"], one["scanner"], Outcome(one["outcome"]), _opinion(one))
            for one in told["answers"]
        ),
        isolation=told["isolation"],
        seconds=told["seconds"],
        python=told.get("python", ""),
    )


def _opinion(one: Mapping[str, Any]) -> Opinion:
    says = {"caught": "warns", "false alarm": "warns", "missed": "quiet", "rightly quiet": "quiet"}
    return Opinion(
        says=says.get(one["outcome"], "nothing"),  # type: ignore[arg-type]
        word=one["word"],
        reason=one["reason"],
        exit=one["exit"],
        seconds=one["seconds"],
    )


def _column(column: Column, board: Board) -> dict[str, Any]:
    told: dict[str, Any] = {"id": column.id, "title": column.title, "works": column.works}
    if column.absent:
        return {**told, "absent": column.absent, "remedy": column.remedy}
    return {**told, "version": column.version, "totals": board.tally(column=column.id).to_dict()}


def _cell(cell: Cell) -> dict[str, Any]:
    opinion = cell.opinion
    return {
        "file": cell.file,
        "scanner": cell.column,
        "outcome": str(cell.outcome),
        "word": opinion.word,
        "reason": opinion.reason,
        "exit": opinion.exit,
        "silent": cell.silent,
        "seconds": round(opinion.seconds, 4),
    }
