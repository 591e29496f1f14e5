"""Check cells, judged from outside: the kernel is asked, never told what is right, and never runs the cell itself.

What comes of it looks like what the cell shows when it does run in a notebook: a few lines, and the points as a number.
"""

from __future__ import annotations

import ast
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic
from types import FrameType
from typing import Any

from unpickled import checking
from unpickled.errors import CourseError
from unpickled.kernels.distant import Distant, TimeIsUp
from unpickled.kernels.kernel import Kernel
from unpickled.kernels.outputs import failure, storable

__all__ = ["BROKEN", "Asked", "asked", "judged"]

BROKEN = "BrokenCheck"
"""Name of the error where a check itself broke, on whatever answer: a person has to look."""

_GRACE = 5.0  # seconds for a check to think, beyond those in which the kernel may answer


@dataclass(frozen=True, slots=True)
class Asked:
    """A check cell that can be judged from outside.

    Attributes:
        exercise: whose check it is.
        text: Python text that defines the hidden check; empty for the visible one.
    """

    exercise: str
    text: str = ""


def asked(source: str) -> Asked | None:
    """Tell which check a cell runs, if that is all it does: `lab.check("…")`, or `lab.award("…", "…")`."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return None
    match body:
        case [
            ast.Expr(
                ast.Call(
                    func=ast.Attribute(value=ast.Name(id="lab"), attr=name), args=given, keywords=[]
                )
            )
        ]:
            words = [word.value if isinstance(word, ast.Constant) else None for word in given]
        case _:
            return None
    match name, words:
        case "check", [str(exercise)]:
            return Asked(exercise)
        case "award", [str(exercise), str(text)] if text:
            return Asked(exercise, text)
    return None


def judged(
    cell: Asked, kernel: Kernel, maximum: float, visible: checking.Visible | None
) -> list[dict[str, Any]]:
    """Judge a check cell; returns its outputs.

    Args:
        cell: what is asked.
        kernel: whom to ask.
        maximum: what the gradebook says the cell is worth.
        visible: the visible checks, of the assignment as its author has it.
    """
    if kernel.ended:
        return [failure("NotRun", f"This cell was not run: {kernel.ended}.")]
    deadline = kernel.deadline()
    student = Distant(kernel, deadline, hidden=bool(cell.text))
    try:
        with _alarm(deadline + _GRACE):
            outcome = _outcome(cell, student, maximum, visible)
    except TimeIsUp:
        return [failure("Timeout", "This cell did not come to an end in its time.")]
    except Exception as error:  # noqa: BLE001 - an author's check that breaks on a learner's answer is no grade
        kernel.evidence.append(
            f"The check of {cell.exercise} broke on an answer: {type(error).__name__}."
        )
        said = f"The check could not be carried out: {type(error).__name__}: {error!s:.200}"
        return [failure(BROKEN, storable(said))]
    told = storable(checking.told_on_award(cell.exercise, outcome))
    points = float(outcome.points)
    shown = {"text/plain": repr(points), "text/html": checking.meter(points, outcome.maximum)}
    withheld = storable("".join(f"For the instructor: {one}\n" for one in student.withheld))
    return [
        *([{"output_type": "stream", "name": "stderr", "text": withheld}] if withheld else []),
        {"output_type": "stream", "name": "stdout", "text": f"{told}\n"},
        {"output_type": "execute_result", "data": shown, "metadata": {}, "execution_count": None},
    ]


def _outcome(
    cell: Asked, student: Distant, maximum: float, visible: checking.Visible | None
) -> checking.Outcome:
    if cell.text:
        return checking.judge(checking.defined(cell.text), student, maximum)
    if visible is None:
        raise CourseError("checks.py", "it is not beside the assignment's source")
    outcome = visible.judge(cell.exercise, student)
    if outcome.maximum != maximum:
        raise ValueError(f"checks.py gives {outcome.maximum} points, the gradebook {maximum}")
    return outcome


@contextmanager
def _alarm(deadline: float) -> Iterator[None]:
    """End a check that thinks for too long, on whatever answer; in the main thread only, which alone can be."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def ring(_: int, __: FrameType | None) -> None:
        raise TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, max(deadline - monotonic(), 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
