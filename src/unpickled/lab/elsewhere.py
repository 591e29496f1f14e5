"""The lesson outside these notebooks: as one page to take away, or who makes that page where there is none yet."""

from __future__ import annotations

import sys
from pathlib import Path
from urllib.parse import quote

from IPython.display import Markdown

from unpickled import here
from unpickled.content import course_root, load_course

__all__ = ["take_away"]

MADE_BY = "unpickled author build --html"


def take_away() -> Markdown:
    """Lead from the start page to each lesson as one HTML page; of one that is not here, say where it comes from."""
    root = course_root()
    rows = []
    for lesson in load_course(root).lessons:
        page = root / "build" / "html" / f"{lesson.id}.html"
        if page.is_file():
            size = page.stat().st_size / 1e6
            link = f"[{lesson.id} as one page](../build/html/{quote(page.name)})"
            rows.append(
                f"- {link}, {size:.1f} MB: read it without Jupyter and without a network. (Opened in JupyterLab, its "
                "widgets wait for *Trust HTML*.)"
            )
        else:
            rows.append(f"- {lesson.id} as one page is **not here{_remedy(root)}")
    return Markdown("\n".join(rows))  # type: ignore[no-untyped-call]


def _remedy(root: Path) -> str:
    """Say what this place can do about it: only the folder with the sources has what a page is made from."""
    if (root / "course" / "start.py").is_file():
        return (
            " yet**. In a terminal, in the course's folder (the one that holds `course`), "
            f"`{_command(root)}` makes it in a minute or two; then run this cell again."
        )
    if here.kit():
        return "**: this site has the lesson as these notebooks. A class gets the page with its folder."
    return "**. It belongs into this folder: ask whoever gave you the folder for a new one."


def _command(root: Path) -> str:
    """Return the command as typed in the course's folder: a terminal of JupyterLab may not have it by name alone."""
    program = Path(sys.prefix) / ("Scripts" if sys.platform == "win32" else "bin") / "unpickled"
    if not program.is_relative_to(root):
        return MADE_BY
    return MADE_BY.replace("unpickled", program.relative_to(root).as_posix(), 1)
