"""The scoreboard as a widget and as a page of its own: totals, lessons, a heat map by class, each file on demand."""

from __future__ import annotations

from typing import Any

import traitlets

from unpickled.scoreboard import Board, to_dict, words

from .base import CourseWidget, json_trait
from .html import to_page

__all__ = ["BoardView", "board_page"]


class BoardView(CourseWidget, module="board"):
    """Show a run of the scoreboard.

    Args:
        board: the run.
        level: of its heading in the outline of the page that it stands on.
    """

    level = traitlets.Int(2).tag(sync=True)
    board = json_trait({})
    words = json_trait({})
    shown = json_trait([])

    def __init__(self, board: Board, **kwargs: Any) -> None:
        super().__init__(board=to_dict(board), words=words(), **kwargs)
        self._run = board

    @property
    def run(self) -> Board:
        """The run itself, as data."""
        return self._run


def board_page(board: Board, *, theme: str = "") -> str:
    """Return a run as one HTML document that fetches nothing; it follows the reader's light or dark unless told."""
    return to_page(
        BoardView(board, level=1), title="Scoreboard: which scanner catches what", theme=theme
    )
