"""The scoreboard as a page shows it: run on the learner's machine, and its data at hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from unpickled import here
from unpickled.scoreboard import Board, from_dict, run_board
from unpickled.widgets import BoardView

__all__ = ["scoreboard"]


def scoreboard(
    *, only: Sequence[str] = (), scanners: Sequence[str] = (), unsafe_no_sandbox: bool = False
) -> BoardView:
    """Ask every scanner here about the harmless specimens, which takes some 20 seconds, and show what came of it.

    Args:
        only: ids of the classes of files to take; all of them by default.
        scanners: of picklescan, modelscan, weights_only, fickling and modelaudit; those that are installed by default.
        unsafe_no_sandbox: run torch and other people's tools even where there is no bubblewrap.

    Returns:
        The board. Its `run` holds the data: `run.tally(column="picklescan", row="unlisted-call").missed`, say.

    In a browser, where two of the three cannot run, it is the board that was recorded on a machine, and says so.

    Raises:
        CourseError: a class or scanner is unknown, or no scanner is there.
        NotHereError: in a browser, where another board than the course's is asked for.
    """
    if here.in_browser():
        return BoardView(_recorded(only, scanners))
    return BoardView(run_board(only=only, scanners=scanners, unsafe_no_sandbox=unsafe_no_sandbox))


def _recorded(only: Sequence[str], scanners: Sequence[str]) -> Board:
    told = here.recorded("boards").get("course")
    if told is None or only or not {*scanners} <= {one["id"] for one in told["scanners"]}:
        raise here.on_a_machine("the scoreboard")
    board = from_dict(told)
    return replace(board, isolation=f"{here.RECORDED} on {here.shown_date()} on a machine")
