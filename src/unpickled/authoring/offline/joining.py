"""The pages of a lesson as one notebook, in their order, each begun by a cell that only marks where it begins."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import nbformat

from unpickled.authoring.offline.running import TOLD

__all__ = ["PAGE", "join"]

PAGE = "page"
"""The key in a cell's metadata that names the page it belongs to."""
_STATE = "application/vnd.jupyter.widget-state+json"
_AROUND = {
    "deletable": False,
    "editable": False,
}  # of what the builder puts around an author's cells


def join(pages: Iterable[tuple[str, Any]]) -> Any:
    """Return one notebook out of pages that were run.

    The way to a page's neighbours and its progress rail are left out: one page has no neighbours, and no Python to keep
    progress.

    Args:
        pages: the id of each page, and its notebook.
    """
    whole = nbformat.v4.new_notebook()
    states: dict[str, Any] = {}
    told: dict[str, Any] = {}
    for identity, book in pages:
        kept = [cell for cell in book.cells if not _AROUND.items() <= cell.metadata.items()]
        for place, cell in enumerate(kept):
            cell.metadata[PAGE] = {"id": identity, "first": place == 0}
            cell.id = f"{identity[:50]}-{place}"  # two pages may hold the same cell
        whole.cells += kept
        states |= book.metadata.get("widgets", {}).get(_STATE, {}).get("state", {})
        told |= book.metadata.get(TOLD, {})
    whole.metadata["widgets"] = {_STATE: {"state": states, "version_major": 2, "version_minor": 0}}
    whole.metadata[TOLD] = told
    return whole
