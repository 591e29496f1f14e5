"""How much of a submission's own text a page lays out: the rest stands there as it was typed, or is cut.

Markdown takes time with the square of its length where it is written to, and colours for code take more than a
notebook may have cells. A page is made in the instructor's own process, so no submission may hold it up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

__all__ = ["bound_html", "bound_texts"]

LAID_OUT = 10_000
"""Characters of one Markdown cell that are laid out."""
ALL_LAID_OUT = 60_000
"""Of all of them together."""
DONE = "unpickled_bounded"
"""Key in the metadata of a cell that was looked at: nbgrader runs its steps more than once on the way to a page."""
TAGS = 5_000
"""Tags of one output in HTML: all of them within each other take a second."""
ALL_TAGS = 15_000
CODE = 100_000
"""Characters of a code cell that are shown."""


def bound_texts(cells: Iterable[Any], is_own: Callable[[Any], bool]) -> None:
    """Bound the texts of a notebook's cells, in place.

    Args:
        cells: the notebook's.
        is_own: tells of a cell whether its text is the learner's.
    """
    room = ALL_LAID_OUT
    for cell in cells:
        if not is_own(cell) or cell.metadata.get(DONE):
            continue
        cell.metadata[DONE] = True
        size = len(cell.source)
        if cell.cell_type == "code":
            cell.source = _cut(cell.source)
        elif size <= min(LAID_OUT, room):
            room -= size
        else:
            lines = escape(_cut(cell.source)).replace("\r", "").replace("\n", "&#10;")
            cell.source = f"<div><pre>{lines}</pre></div>"


def bound_html(outputs: Iterable[Any]) -> None:
    """Leave the text of an output in place of HTML that would take long to lay out, in place.

    Args:
        outputs: of all cells of a notebook.
    """
    room = ALL_TAGS
    for output in outputs:
        data = output.get("data") or {}
        if "text/html" not in data:
            continue
        html = "".join(map(str, data["text/html"]))
        tags = html.count("<")
        if tags <= min(TAGS, room):
            room -= tags
        else:
            del data["text/html"]
            data.setdefault("text/plain", _cut(html))


def _cut(source: str) -> str:
    return (
        source if len(source) <= CODE else f"{source[:CODE]}\n… (cut: {len(source):,} characters)"
    )
