"""The lesson outside these notebooks: as one page to take away, or what makes that page where there is none yet."""

from __future__ import annotations

from urllib.parse import quote

from IPython.display import Markdown

from unpickled.content import course_root, load_course

__all__ = ["take_away"]

MADE_BY = "unpickled author build --html"


def take_away() -> Markdown:
    """Lead from the start page to each lesson as one HTML page; of one that is not made yet, say how to make it."""
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
            rows.append(
                f"- {lesson.id} as one page is **not made here yet**. In a terminal, in the folder with the course's "
                f"sources, `{MADE_BY}` makes it in a minute or two; then run this cell again."
            )
    return Markdown("\n".join(rows))  # type: ignore[no-untyped-call]
