"""What a cell shows of a check: a heading with the points, sentences in short lines, and a bar for the eye."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from unpickled.checking.port import Outcome

__all__ = ["meter", "told_on_award", "told_on_check"]

_COLUMNS = 88  # of a line of output: JupyterLab breaks longer ones inside of words


def meter(points: float, maximum: float) -> str:
    """Return a bar in HTML that is full when everything is right."""
    half, told = maximum / 2, f"{points:g} of {maximum:g} points"
    return (
        f'<meter max="{maximum}" low="{half}" high="{0.999 * maximum}" optimum="{maximum}" value="{float(points)}" '
        f'style="display: block; width: 12em; margin: .4em 0" title="{told}">{told}</meter>'
    )


def told_on_check(exercise: str, outcome: Outcome, later: float, *, handed_in: bool) -> str:
    """Say what a visible check found and how much is not judged yet, in lines that end between words.

    Args:
        exercise: its id, for the heading.
        outcome: what the check found.
        later: points of the exercise's hidden check.
        handed_in: it is being graded, so that nothing is left for later.
    """
    if handed_in:
        return told_on_award(exercise, outcome)
    right = outcome.points == outcome.maximum
    total = f"{outcome.points:g} of {outcome.maximum + later:g} points"
    heading = f"{exercise}: right so far, {total}" if right else f"{exercise}: {total} so far"
    noun = "point is" if later == 1 else "points are"
    count = "" if right and later == 1 else f"{later:g} "
    rest = f"{f'The other {count}' if right else f'{count}more '}{noun} judged when you hand in."
    return _wrapped(heading, [*(line for line in outcome.feedback if line != "Right."), rest])


def told_on_award(exercise: str, outcome: Outcome) -> str:
    """Say what a check found that nothing follows any more."""
    heading = f"{exercise}: {outcome.points:g} of {outcome.maximum:g} points"
    return _wrapped(heading, outcome.feedback)


def _wrapped(heading: str, sentences: Iterable[str]) -> str:
    lines = textwrap.TextWrapper(
        width=_COLUMNS,
        initial_indent="  - ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join([heading, *map(lines.fill, sentences)])
