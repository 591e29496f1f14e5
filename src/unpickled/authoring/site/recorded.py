"""`site/recorded.json`: what came of everything that no browser can run, and whether it is of today's pages.

`tools/record_site.py` makes it (`make recorded`). A cell's run is found by the cell's text, so that a changed cell
has none, and a build of the site refuses until it was recorded anew.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unpickled.authoring.site.lacking import Needs, needs
from unpickled.errors import ContentError

__all__ = [
    "RECORDED",
    "cell_key",
    "code_cells",
    "notebooks",
    "page_needs",
    "read_recorded",
    "unrecorded",
]

RECORDED = Path("site", "recorded.json")
REMEDY = "Record it: make recorded"


def cell_key(source: str) -> str:
    """Return what a cell's run is found by; the same as `lab.cells.cell_key`, which stands above us."""
    return hashlib.sha256(source.strip().encode()).hexdigest()[:16]


def notebooks(root: Path) -> list[Path]:
    """Return the course's notebooks, without what a front end or the builder set aside."""
    found = sorted((root / "course").rglob("*.ipynb"))
    return [
        path
        for path in found
        if ".ipynb_checkpoints" not in path.parts and ".edited-" not in path.name
    ]


def code_cells(notebook: bytes) -> list[str]:
    """Return the sources of a notebook's code cells."""
    cells = json.loads(notebook)["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def page_needs(notebook: bytes, modules: frozenset[str]) -> dict[str, Needs]:
    """Return, for each code cell of a page that a browser cannot run, what it needs."""
    sources = code_cells(notebook)
    found = zip(sources, needs(sources, modules), strict=True)
    return {source: need for source, need in found if need.what}


def read_recorded(root: Path) -> dict[str, Any]:
    """Read the recorded runs of a checkout.

    Raises:
        ContentError: there are none.
    """
    try:
        told: dict[str, Any] = json.loads((root / RECORDED).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ContentError(RECORDED.as_posix(), "it cannot be read", REMEDY) from error
    return told


def unrecorded(root: Path, modules: frozenset[str]) -> Iterator[ContentError]:
    """Yield a fault for each cell that no browser can run and that has no recorded run."""
    kept = read_recorded(root)["cells"]
    for path in notebooks(root):
        for source, need in page_needs(path.read_bytes(), modules).items():
            if cell_key(source) not in kept:
                line = next(line for line in source.splitlines() if line.strip())
                problem = f"the cell {line!r} needs {need.what}, and has no recorded run"
                yield ContentError(path.relative_to(root).as_posix(), problem, REMEDY)
