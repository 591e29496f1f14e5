"""One real run of the whole board, however many workers ask; and a small board made by hand."""

from __future__ import annotations

import json
import os
from typing import Any

import pytest
from filelock import FileLock

from unpickled.scoreboard import (
    Board,
    Cell,
    Column,
    File,
    Opinion,
    Row,
    judge,
    run_board,
    to_dict,
)

ASKED = ("picklescan", "modelscan", "weights_only", "fickling")


@pytest.fixture(scope="session")
def real(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `unpickled scoreboard --json` says of the whole catalogue, with the progress that was told."""
    home = tmp_path_factory.getbasetemp()
    kept = (home.parent if "PYTEST_XDIST_WORKER" in os.environ else home) / "board.json"
    with FileLock(kept.with_suffix(".lock")):
        if not kept.exists():
            told: list[tuple[int, int]] = []
            board = run_board(
                scanners=ASKED, on_progress=lambda done, whole: told.append((done, whole))
            )
            kept.write_text(json.dumps({**to_dict(board), "progress": told}))
    found: dict[str, Any] = json.loads(kept.read_text())
    return found


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
