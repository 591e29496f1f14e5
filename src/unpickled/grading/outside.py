"""Solutions and grades stay out of the checkout, from which learners are given files and which may be published."""

from __future__ import annotations

from pathlib import Path

from unpickled.grading.places import GradingError

__all__ = ["require_outside"]


def require_outside(place: Path, root: Path) -> None:
    """Make sure that a course folder does not lie in the checkout, whatever links and `..` its path goes through.

    Raises:
        GradingError: it does.
    """
    home = root.resolve()
    if place.resolve().is_relative_to(home):
        problem = (
            f"a course folder holds solutions and grades, and this is inside the checkout {home}"
        )
        remedy = f"Choose a place outside of it, as {home.parent / 'my-class'}; move a folder that is there."
        raise GradingError(str(place), problem, remedy)
