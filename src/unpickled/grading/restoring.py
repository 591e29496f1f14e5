"""First nbgrader step on a submission: its cells are put back into the shape in which they were released.

Stock nbgrader loses a whole submission to one changed id or old piece of metadata, and stops restoring cells where
the one before is gone too. This step trusts nothing of what a submission says of its cells: what a cell is, what it
is worth and what a locked cell says come from the gradebook; a cell that is gone comes back as it was released.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.preprocessors import NbGraderPreprocessor

__all__ = [
    "NOTE",
    "RestoreCells",
    "Wanted",
    "name_cells",
    "plain_cell",
    "restore",
    "wanted_cells",
]

ROLE = ("grade", "solution")
KINDS = ("code", "markdown", "raw")
ID = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
"""What nbformat 4.5 lets a cell's id be."""
NOTE = "unpickled"
"""Key in a cell's metadata under which later steps find what was put right here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A cell of the assignment as the gradebook has it.

    Attributes:
        name: its grade id.
        kind: "code", "markdown" or "raw".
        source: its text when it was saved; of a locked cell, the text that counts.
        metadata: the whole of its nbgrader metadata.
    """

    name: str
    kind: str
    source: str
    metadata: dict[str, Any]

    @property
    def locked(self) -> bool:
        """Tell whether the learner was not to change it."""
        return bool(self.metadata["locked"] or not self.metadata["solution"])


def wanted_cells(notebook: Any) -> tuple[Wanted, ...]:
    """Return the cells that nbgrader knows of a notebook (an `nbgrader.api.Notebook`), in their order."""
    worth = {cell.name: cell.max_score for cell in [*notebook.grade_cells, *notebook.task_cells]}
    graded = {cell.name for cell in notebook.grade_cells}
    solved = {cell.name for cell in notebook.solution_cells}
    tasks = {cell.name for cell in notebook.task_cells}
    return tuple(
        Wanted(
            name=cell.name,
            kind=cell.cell_type,
            source=cell.source,
            metadata={
                "cell_type": cell.cell_type,
                "checksum": cell.checksum,
                "grade": cell.name in graded,
                "grade_id": cell.name,
                "locked": bool(cell.locked),
                "schema_version": 3,
                "solution": cell.name in solved,
                "task": cell.name in tasks,
                **({"points": worth[cell.name]} if cell.name in worth else {}),
            },
        )
        for cell in notebook.source_cells
    )


def restore(cells: Iterable[NotebookNode], wanted: tuple[Wanted, ...]) -> list[NotebookNode]:
    """Return the submission's cells with every wanted cell among them exactly once.

    Of two cells with one id the last counts, as with nbgrader; the others stay as plain cells. A cell whose id was
    changed is known by its kind and role where just as many of those are missing.
    """
    known = {cell.name: cell for cell in wanted}
    given = list(cells)
    renamed = _renamed(given, wanted)
    made: list[NotebookNode] = []
    places: dict[str, NotebookNode] = {}
    for cell in reversed(given):
        name = renamed.get(id(cell)) or _name(cell)
        cell.metadata = NotebookNode()
        if name in known and name not in places:
            _shape(cell, known[name])
            places[name] = cell
            if id(cell) in renamed:
                cell.metadata[NOTE] = "had another id"
        elif name in places and known[name].metadata["solution"]:
            places[name].metadata[NOTE] = "stood twice"
        made.append(cell)
    made.reverse()
    return _with_missing(made, wanted, places)


def plain_cell(given: NotebookNode) -> NotebookNode:
    """Return a cell with what a notebook of today's format has in one, and nothing else that stood in it.

    Args:
        given: of format 4, with a text and metadata.
    """
    kind = given.cell_type if given.cell_type in KINDS else "raw"
    source = given.get("source", "")
    made = NotebookNode(
        id=given.get("id"),
        cell_type=kind,
        source=source if isinstance(source, str) else "".join(source),
        metadata=given.get("metadata", NotebookNode()),
    )
    if kind == "code":
        made.outputs, made.execution_count = [], None
    elif _are_attachments(given.get("attachments")):
        made.attachments = given.attachments
    return made


def _are_attachments(given: object) -> bool:
    return isinstance(given, dict) and all(
        isinstance(bundle, dict) and all(isinstance(data, str) for data in bundle.values())
        for bundle in given.values()
    )


def name_cells(cells: Iterable[NotebookNode]) -> None:
    """Give an id to each cell that has none, or one that the format does not allow, or another cell's."""
    taken: set[object] = set()
    for number, cell in enumerate(cells):
        name = cell.get("id")
        if not (isinstance(name, str) and ID.match(name)) or name in taken:
            cell.id = f"cell-{number}"
        taken.add(cell.id)


def _renamed(cells: list[NotebookNode], wanted: tuple[Wanted, ...]) -> dict[int, str]:
    """Pair cells of unknown ids with missing cells, in order; returns names by the identity of the cell."""
    known, names = {cell.name for cell in wanted}, {_name(cell) for cell in cells}
    missing: dict[tuple[object, ...], list[str]] = {}
    strange: dict[tuple[object, ...], list[int]] = {}
    for one in wanted:
        if one.name not in names:
            role = (one.kind, *(one.metadata[part] for part in ROLE))
            missing.setdefault(role, []).append(one.name)
    for cell in cells:
        said = cell.metadata.get("nbgrader")
        if isinstance(said, dict) and _name(cell) not in known:
            role = (cell.cell_type, *(bool(said.get(part)) for part in ROLE))
            strange.setdefault(role, []).append(id(cell))
    return {
        cell: name
        for role, gone in missing.items()
        if len(strange.get(role, ())) == len(gone)
        for cell, name in zip(strange[role], gone, strict=True)
    }


def _name(cell: NotebookNode) -> str:
    named = cell.metadata.get("nbgrader")
    name = named.get("grade_id") if isinstance(named, dict) else None
    return name if isinstance(name, str) else ""


def _shape(cell: NotebookNode, wanted: Wanted) -> None:
    if cell.cell_type != wanted.kind:
        cell.cell_type = wanted.kind
        for key in ("outputs", "execution_count", "attachments"):
            cell.pop(key, None)
    if wanted.kind == "code":
        cell.outputs, cell.execution_count = [], None
    if wanted.locked:
        cell.source = wanted.source
    cell.metadata = NotebookNode(nbgrader=NotebookNode(wanted.metadata), deletable=False)


def _with_missing(
    made: list[NotebookNode], wanted: tuple[Wanted, ...], places: dict[str, NotebookNode]
) -> list[NotebookNode]:
    """Put each cell that is gone behind the one that came before it in the assignment."""
    before: NotebookNode | None = None
    for one in wanted:
        cell = places.get(one.name)
        if cell is None:
            cell = NotebookNode(cell_type=one.kind, id=f"restored-{one.name}"[:64], source="")
            _shape(cell, one)
            cell.source = one.source
            cell.metadata[NOTE] = "was missing"
            at = 0 if before is None else next(i for i, c in enumerate(made) if c is before) + 1
            made.insert(at, cell)
        before = cell
    return made


class RestoreCells(NbGraderPreprocessor):  # type: ignore[misc]  # nbgrader publishes no types
    """Give a submission the cells, ids, points, locked texts and kernel of the assignment."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Restore one notebook; `resources["nbgrader"]` names student, assignment, notebook and gradebook."""
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as book:
            wanted = wanted_cells(book.find_notebook(names["notebook"], names["assignment"]))
        nb.metadata = NotebookNode()
        nb.cells = restore([*map(plain_cell, nb.cells)], wanted)
        name_cells(nb.cells)
        return nb, resources
