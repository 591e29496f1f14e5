"""The scoreboard as a page shows it: run on the learner's machine, and its data at hand."""

from __future__ import annotations

from collections.abc import Sequence

from unpickled.scoreboard import run_board
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

    Raises:
        CourseError: a class or scanner is unknown, or no scanner is there.
    """
    return BoardView(run_board(only=only, scanners=scanners, unsafe_no_sandbox=unsafe_no_sandbox))
