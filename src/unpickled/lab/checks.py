"""The lab's checks as cells call them: `lab.check` shows a visible one, `lab.award` gives points for a hidden one.

A cell's value is the points: as text a bare number, since nbgrader reads a partial grade from it, and to the eye a bar.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unpickled import canary, checking
from unpickled.errors import CourseError, StudentError
from unpickled.lab.session import Material, found, workspace

__all__ = ["award", "check", "deeds", "load_in_child"]

_CHECKS = "checks.py"


class Points(float):
    """What a check gives: a number, shown in a notebook as a bar that is full when everything is right."""

    def __new__(cls, outcome: checking.Outcome) -> Points:
        """Keep the maximum beside the number."""
        made = super().__new__(cls, outcome.points)
        made.maximum = outcome.maximum
        return made

    maximum: float

    def _repr_html_(self) -> str:
        return checking.meter(self, self.maximum)


def check(exercise: str) -> float:
    """Run an exercise's visible check: say what it found and what is judged later, and return the points.

    Args:
        exercise: id of the exercise.

    Raises:
        CourseError: `checks.py` is not beside the notebook, or knows no such exercise.
    """
    given = checking.visible(Path.cwd() / _CHECKS)
    outcome = given.judge(exercise, checking.InKernel(_namespace(), Path.cwd()))
    handed_in = os.environ.get("NBGRADER_EXECUTION") == "autograde"  # by nbgrader, while it grades
    later = given.points[exercise][1]
    print(checking.told_on_check(exercise, outcome, later, handed_in=handed_in))  # noqa: T201 - checks speak in a cell
    return Points(outcome)


def award(exercise: str, check: checking.Check | str) -> float:
    """Run a check on this notebook: say what it found, and return the points.

    Args:
        exercise: id of the exercise, for the heading.
        check: the check, or the Python text that defines it as `check`; the text runs under names of its own. What it
            raises, other than a `StudentError`, is raised: no number is no points.
    """
    judged = checking.defined(check) if isinstance(check, str) else check
    try:
        outcome = judged(checking.InKernel(_namespace(), Path.cwd()))
    except StudentError as error:
        print(f"{exercise}: 0 points\n  - {error}")  # noqa: T201
        return 0.0
    print(checking.told_on_award(exercise, outcome))  # noqa: T201
    return Points(outcome)


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
    path: str | os.PathLike[str],
    loader: canary.Loader = "pickle",
    *,
    weights_only: bool = True,
    allow_pickle: bool = False,
) -> canary.Loaded:
    """Really load a file, in an isolated child, if it holds nothing but the harmless canary.

    Args:
        path: a file or a specimen's id.
        loader: "pickle", "torch", "joblib", "numpy", "safetensors", "gguf", "onnx" or "keras".
        weights_only: the argument of `torch.load`.
        allow_pickle: the argument of `numpy.load`.

    Raises:
        CourseError: it would do anything but make a folder in `workspace()`; nothing was loaded.
    """
    given = found(path)
    assert isinstance(given, Path)  # noqa: S101 - only bytes stay bytes
    return canary.load_in_child(
        given,
        home=workspace(),
        loader=loader,
        weights_only=weights_only,
        allow_pickle=allow_pickle,
    )


def _namespace() -> Mapping[str, Any]:
    """Return the notebook's names; outside of a notebook, the main program's."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell else None
    return running.user_ns if running else vars(sys.modules["__main__"])
