"""Where the course is: the folder that holds `course/` and `quizzes/`."""

from __future__ import annotations

import os
from pathlib import Path

from unpickled import here
from unpickled.errors import ContentError

__all__ = ["course_root"]

CHECKOUT = Path(__file__).resolve().parents[3]
MARKER = Path("course", "course.toml")


def course_root(start: Path | None = None) -> Path:
    """Find the course's folder.

    The variable UNPICKLED_COURSE wins; then what a site in the browser brings along; then the folders from `start`
    upward; then the checkout that this package was installed from.

    Args:
        start: where to begin; the current folder if not given.

    Raises:
        ContentError: there is no course in any of them.
    """
    named = os.environ.get("UNPICKLED_COURSE")
    if named:
        if (Path(named) / MARKER).is_file():
            return Path(named).resolve()
        raise ContentError(
            f"UNPICKLED_COURSE={named}",
            f"there is no {MARKER} in it",
            "Correct or unset the variable.",
        )
    brought = here.kit()
    if brought:
        return brought
    begin = (start or Path.cwd()).resolve()
    for folder in (begin, *begin.parents, CHECKOUT):
        if (folder / MARKER).is_file():
            return folder
    raise ContentError(
        str(begin), f"there is no {MARKER} here or above", "Change into the course's folder."
    )
