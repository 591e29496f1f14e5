"""Lesson notebooks: py:percent sources and course data in, byte-identical `.ipynb` files out.

A Markdown cell is a Jinja2 template over the course's data (`macros`), and `[@source-id]` in it becomes a link to
the references page. Around the author's cells the builder puts what every page has: the way to its neighbours and
the progress rail. Cell ids are hashes of the cell's content, so that building twice gives the same bytes
(format: nbformat 4.5, https://nbformat.readthedocs.io/en/latest/format_description.html).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import jupytext

from unpickled.authoring import citations
from unpickled.authoring.macros import macros
from unpickled.authoring.pages import Page, pages
from unpickled.content import load_course, load_sources
from unpickled.errors import ContentError

__all__ = ["Builder", "as_built", "with_ids"]

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
LOCKED = {"deletable": False, "editable": False}

Cell = dict[str, Any]


class Builder:
    """Builds the notebooks of one course; reads the course's data once.

    Args:
        root: the folder that holds `course/`.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._pages = {page.source: page for page in pages(root, load_course(root))}
        self._sources = load_sources(root)
        self._jinja = jinja2.Environment(
            undefined=jinja2.StrictUndefined,
            autoescape=False,  # noqa: S701 - the output is Markdown by the course's own authors
            keep_trailing_newline=True,
        )

    def sources(self) -> tuple[Path, ...]:
        """Return the source of every page, in the course's order."""
        return tuple(self._pages)

    def notebook(self, source: Path) -> bytes:
        """Build one notebook.

        Args:
            source: a py:percent file out of `sources()`.

        Returns:
            The bytes of the `.ipynb`, without outputs, ending in a newline.

        Raises:
            ContentError: the source is missing, a macro fails, or a citation names no source.
        """
        page = self._pages[source]
        cells = list(self._cells(page))
        document = {
            "cells": with_ids(cells),
            "metadata": {"kernelspec": KERNEL, "language_info": {"name": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        return (json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()

    def _cells(self, page: Page) -> Iterator[Cell]:
        place = str(page.source.relative_to(self._root))
        try:
            text = page.source.read_text(encoding="utf-8")
        except FileNotFoundError as error:
            remedy = "Write it, or take the page out of course/course.toml."
            raise ContentError(place, "this page has no source", remedy) from error
        yield _markdown(page.navigation(), LOCKED)
        yield _rail(page)
        for cell in jupytext.reads(text, fmt="py:percent").cells:
            if cell.cell_type == "markdown":
                yield _markdown(self._render(cell.source, page, place))
            else:
                yield _code(cell.source, _metadata(cell))
        yield _markdown(page.navigation(), LOCKED)

    def _render(self, text: str, page: Page, place: str) -> str:
        try:
            rendered = self._jinja.from_string(text).render(**macros(self._root, page))
        except jinja2.TemplateError as error:
            first = text.splitlines()[0] if text else ""
            raise ContentError(
                f"{place}, cell {first!r}", f"its template fails: {error}"
            ) from error
        return citations.link(rendered, self._sources, place=place, references=page.references)


def with_ids(cells: list[Cell]) -> list[Cell]:
    """Return the cells with ids computed from their content, so that a second build gives the same bytes."""
    return [_with_id(cell, seen) for cell, seen in _numbered(cells)]


def as_built(notebook: bytes) -> bool:
    """Tell whether every cell of a notebook still has the content that its id was computed from.

    Results of a run do not count. What is no notebook at all was not built either.
    """
    try:
        cells = [{**cell, "source": list(cell["source"])} for cell in json.loads(notebook)["cells"]]
        return all(_with_id(cell, copy)["id"] == cell["id"] for cell, copy in _numbered(cells))
    except (ValueError, KeyError, TypeError):
        return False


def _rail(page: Page) -> Cell:
    """Return the cell of the progress rail; collapsed, a front end shows its first line alone."""
    hidden = {**LOCKED, "jupyter": {"source_hidden": True}, "tags": ["hide-input"]}
    source = f'# Your progress\nfrom unpickled import lab\n\nlab.rail("{page.id}")'
    return _code(source, hidden)


def _metadata(cell: Any) -> dict[str, Any]:
    """Keep the author's tags; a cell that shows a widget cannot be deleted by a stray key."""
    kept: dict[str, Any] = {}
    if cell.metadata.get("tags"):
        kept["tags"] = list(cell.metadata["tags"])
    if cell.source.lstrip().startswith("lab."):
        kept["deletable"] = False
    return kept


def _markdown(source: str, metadata: dict[str, Any] | None = None) -> Cell:
    return {"cell_type": "markdown", "metadata": dict(metadata or {}), "source": _lines(source)}


def _code(source: str, metadata: dict[str, Any]) -> Cell:
    return {
        "cell_type": "code",
        "execution_count": None,
        "metadata": metadata,
        "outputs": [],
        "source": _lines(source),
    }


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)


def _numbered(cells: list[Cell]) -> Iterator[tuple[Cell, int]]:
    """Pair each cell with how many equal ones came before it."""
    seen: Counter[str] = Counter()
    for cell in cells:
        key = cell["cell_type"] + "".join(cell["source"])
        yield cell, seen[key]
        seen[key] += 1


def _with_id(cell: Cell, copy: int) -> Cell:
    content = "\0".join([cell["cell_type"], "".join(cell["source"]), str(copy)])
    return {**cell, "id": hashlib.sha256(content.encode()).hexdigest()[:12]}
