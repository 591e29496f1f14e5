"""The real run under a short name, and small boards made by hand."""

from __future__ import annotations

from typing import Any

import pytest

from unpickled.scoreboard import Board, Cell, Column, File, Opinion, Row, judge

ASKED = ("picklescan", "modelscan", "weights_only", "fickling")


@pytest.fixture
def real(real_board: dict[str, Any]) -> dict[str, Any]:
    """What `unpickled scoreboard --json` says of the whole catalogue, with the progress that was told."""
    return real_board


ROWS = (
    Row("bad", "Calls", "calls code"),
    Row("layer", "Carries", "carries code"),
    Row("good", "Data", "plain data"),
    Row("torn", "Broken", "nobody can judge"),
)


def made(answers: dict[str, dict[str, Opinion]], rows: dict[str, str], absent: str = "") -> Board:
    """A board of these answers, by scanner and file; `rows` tells each file's class."""
    truths = {row.id: row.truth for row in ROWS}
    columns = [Column(id=name, title=name, works="by hand", version="1") for name in answers]
    if absent:
        columns.append(
            Column(id=absent, title=absent, works="not", absent="not installed", remedy="get")
        )
    cells = [
        Cell(file, name, judge(truths[row], given[file].says), given[file])
        for file, row in rows.items()
        for name, given in answers.items()
    ]
    used = tuple(row for row in ROWS if row.id in rows.values())
    files = tuple(File(file, f"{file}.pkl", row, "It teaches.") for file, row in rows.items())
    return Board(rows=used, files=files, columns=tuple(columns), cells=tuple(cells))
