"""Generated files: which there are, which are stale, and how they reach the disk."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from unpickled.authoring.assignments import notebook
from unpickled.authoring.lab_files import labs
from unpickled.authoring.notebooks import Builder, as_built
from unpickled.authoring.quiz_notebook import quiz_notebook, quiz_path
from unpickled.authoring.timeline import timeline_svg
from unpickled.content import load_incidents

__all__ = ["Output", "edited", "outputs", "stale", "write"]

TIMELINE = Path("course/L4.4.2/pictures/timeline.svg")
QUIZ = "L4.4.2"


@dataclass(frozen=True, slots=True)
class Output:
    """One generated file: where it goes and every byte of it."""

    path: Path
    data: bytes


def outputs(root: Path) -> tuple[Output, ...]:
    """Compute every generated file of the course below `root`, in memory.

    Raises:
        ContentError: a source or a data file is wrong.
    """
    builder = Builder(root)
    made = [
        Output(source.with_suffix(".ipynb"), builder.notebook(source))
        for source in builder.sources()
    ]
    made.append(Output(quiz_path(root, QUIZ), quiz_notebook(root, QUIZ)))
    made += [Output(lab.notebook, notebook(lab)) for lab in labs(root)]
    made.append(Output(root / TIMELINE, timeline_svg(load_incidents(root)).encode()))
    return tuple(made)


def stale(made: Iterable[Output]) -> list[Path]:
    """Return the paths whose file on disk is missing or differs from what the sources give.

    A notebook that was only run in place is not stale, and `write` leaves it and its outputs alone.
    """
    return [output.path for output in made if not _is_current(output)]


def write(made: Iterable[Output]) -> list[Path]:
    """Write the outputs that differ, each atomically; returns the paths that were written.

    A notebook that somebody edited by hand is kept beside the new one, as `NAME.edited-1.ipynb`.
    """
    changed = []
    for output in made:
        if not _is_current(output):
            if edited(output.path):
                changed.append(_set_aside(output.path))
            _replace(output)
            changed.append(output.path)
    return changed


def edited(path: Path) -> bool:
    """Tell whether a file is a notebook with work in it that no source holds: a cell changed or added by hand."""
    return path.suffix == ".ipynb" and path.is_file() and not as_built(path.read_bytes())


def _is_current(output: Output) -> bool:
    """Tell whether the file says what the source says; what a learner's run left in a notebook does not count."""
    if not output.path.is_file():
        return False
    found = output.path.read_bytes()
    return found == output.data or (
        output.path.suffix == ".ipynb" and _written(found) == _written(output.data)
    )


def _written(notebook: bytes) -> object:
    """Return what an author wrote of a notebook: its cells in order and what they are worth, without their results."""
    try:
        cells = json.loads(notebook)["cells"]
        return [
            (
                cell["id"],
                cell["cell_type"],
                "".join(cell["source"]),
                cell["metadata"].get("nbgrader"),
            )
            for cell in cells
        ]
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _set_aside(path: Path) -> Path:
    """Keep a copy under the first free name, and return it."""
    for number in count(1):
        kept = path.with_suffix(f".edited-{number}.ipynb")
        if not kept.exists():
            shutil.copy2(path, kept)
            return kept
    raise AssertionError


def _replace(output: Output) -> None:
    output.path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=output.path.parent, prefix=f".{output.path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(output.data)
        Path(name).chmod(0o644)
        Path(name).replace(output.path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
