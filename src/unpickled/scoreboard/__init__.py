"""The scoreboard: the specimens against every scanner that is there, and what a run of it teaches."""

from __future__ import annotations

from unpickled.scoreboard.lessons import Lesson, lessons
from unpickled.scoreboard.panel import SCANNERS, columns
from unpickled.scoreboard.results import (
    Board,
    Cell,
    Column,
    File,
    Opinion,
    Outcome,
    Row,
    Tally,
    judge,
)
from unpickled.scoreboard.running import run_board
from unpickled.scoreboard.written import from_dict, to_dict, words

__all__ = [
    "SCANNERS",
    "Board",
    "Cell",
    "Column",
    "File",
    "Lesson",
    "Opinion",
    "Outcome",
    "Row",
    "Tally",
    "columns",
    "from_dict",
    "judge",
    "lessons",
    "run_board",
    "to_dict",
    "words",
]
