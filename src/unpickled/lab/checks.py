"""The lab's checks as cells call them: `lab.check` shows a visible one, `lab.award` gives points for a hidden one.

A cell's value is the points: as text a bare number, since nbgrader reads a partial grade from it, and to the eye a bar.
"""

from __future__ import annotations

import os
import runpy
import sys
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from unpickled import canary, checking
from unpickled.errors import CourseError, StudentError
from unpickled.lab.session import Material, found, workspace

__all__ = ["award", "check", "deeds", "load_in_child"]

_CHECKS = "checks.py"
_COLUMNS = 88  # of a line of output: JupyterLab breaks longer ones inside of words


class Points(float):
    """What a check gives: a number, shown in a notebook as a bar that is full when everything is right."""

    def __new__(cls, outcome: checking.Outcome) -> Points:
        """Keep the maximum beside the number."""
        made = super().__new__(cls, outcome.points)
        made.maximum = outcome.maximum
        return made

    maximum: float

    def _repr_html_(self) -> str:
        most, half, told = self.maximum, self.maximum / 2, f"{self:g} of {self.maximum:g} points"
        return (
            f'<meter max="{most}" low="{half}" high="{0.999 * most}" optimum="{most}" value="{float(self)}" '
            f'style="display: block; width: 12em; margin: .4em 0" title="{told}">{told}</meter>'
        )


def check(exercise: str) -> float:
    """Run an exercise's visible check: say what it found and what is judged later, and return the points.

    Args:
        exercise: id of the exercise.

    Raises:
        CourseError: `checks.py` is not beside the notebook, or knows no such exercise.
    """
    path = Path.cwd() / _CHECKS
    if not path.is_file():
        raise CourseError(_CHECKS, "it is not beside the notebook", "Fetch the lab's folder anew.")
    given = runpy.run_path(str(path))
    checks, points = given["CHECKS"], given.get("POINTS", {})
    if exercise not in checks or exercise not in points:
        raise CourseError(exercise, f"{_CHECKS} knows no such exercise", "Fetch the lab anew.")
    here, later = points[exercise]
    outcome = checking.judge(
        checks[exercise], checking.InKernel(_namespace(), Path.cwd()), maximum=here
    )
    handed_in = os.environ.get("NBGRADER_EXECUTION") == "autograde"  # by nbgrader, while it grades
    told = _told(exercise, outcome, later, handed_in=handed_in)
    print(told)  # noqa: T201 - checks speak in a cell
    return Points(outcome)


def _told(exercise: str, outcome: checking.Outcome, later: float, *, handed_in: bool) -> str:
    """Say what a visible check found and how much is not judged yet, in lines that end between words."""
    if handed_in:
        heading = f"{exercise}: {outcome.points:g} of {outcome.maximum:g} points"
        return _wrapped(heading, outcome.feedback)
    right = outcome.points == outcome.maximum
    total = f"{outcome.points:g} of {outcome.maximum + later:g} points"
    heading = f"{exercise}: right so far, {total}" if right else f"{exercise}: {total} so far"
    noun = "point is" if later == 1 else "points are"
    count = "" if right and later == 1 else f"{later:g} "
    rest = f"{f'The other {count}' if right else f'{count}more '}{noun} judged when you hand in."
    return _wrapped(heading, [*(line for line in outcome.feedback if line != "Right."), rest])


def _wrapped(heading: str, sentences: Iterable[str]) -> str:
    lines = textwrap.TextWrapper(
        width=_COLUMNS,
        initial_indent="  - ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join([heading, *map(lines.fill, sentences)])


def award(exercise: str, check: checking.Check | str) -> float:
    """Run a check on this notebook: say what it found, and return the points.

    Args:
        exercise: id of the exercise, for the heading.
        check: the check, or the Python text that defines it as `check`; the text runs under names of its own. What it
            raises, other than a `StudentError`, is raised: no number is no points.
    """
    judged = _defined(check) if isinstance(check, str) else check
    try:
        outcome = judged(checking.InKernel(_namespace(), Path.cwd()))
    except StudentError as error:
        _say(f"{exercise}: 0 points", (str(error),))
        return 0.0
    _say(f"{exercise}: {outcome.points:g} of {outcome.maximum:g} points", outcome.feedback)
    return Points(outcome)


def _defined(source: str) -> checking.Check:
    names: dict[str, Any] = {"__name__": "hidden"}
    exec(compile(source, "<hidden check>", "exec"), names)  # noqa: S102 - an author's text, out of a locked cell
    defined: checking.Check = names["check"]
    return defined


def deeds(material: Material) -> checking.Deeds:
    """Tell what loading would do: which folders it would make, how many tensors rebuild, and what else.

    Args:
        material: bytes, a file or a specimen's id. Nothing is loaded.

    Raises:
        CourseError: there is no such file.
    """
    given = found(material)
    if isinstance(given, bytes):
        return checking.deeds(given)
    try:
        return checking.deeds(given.read_bytes(), given.name)
    except OSError as error:
        raise CourseError(given.name, "it cannot be read", "Write it first.") from error


def load_in_child(
    path: str | os.PathLike[str], loader: canary.Loader = "pickle", *, weights_only: bool = True
) -> canary.Loaded:
    """Really load a file, in an isolated child, if it holds nothing but the harmless canary.

    Args:
        path: a file or a specimen's id.
        loader: "pickle" or "torch".
        weights_only: the argument of `torch.load`.

    Raises:
        CourseError: it would do anything but make a folder in `workspace()`; nothing was loaded.
    """
    given = found(path)
    assert isinstance(given, Path)  # noqa: S101 - only bytes stay bytes
    return canary.load_in_child(given, home=workspace(), loader=loader, weights_only=weights_only)


def _namespace() -> Mapping[str, Any]:
    """Return the notebook's names; outside of a notebook, the main program's."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell else None
    return running.user_ns if running else vars(sys.modules["__main__"])


def _say(heading: str, feedback: tuple[str, ...]) -> None:
    print(_wrapped(heading, feedback))  # noqa: T201 - checks speak in a cell
