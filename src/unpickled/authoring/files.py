"""Generated files and the disk: which of them are stale, and how the new ones are written.

A file is replaced in one step, so that whoever reads it, or stops us, meets the old one or the new one. What counts as
the same is told by kind: a notebook that was only run is what it was, and so is a presentation packed by another zlib.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from unpickled.errors import SetupError

__all__ = ["Output", "edited", "stale", "write"]


@dataclass(frozen=True, slots=True)
class Output:
    """One generated file: where it goes and every byte of it."""

    path: Path
    data: bytes


def stale(made: Iterable[Output]) -> list[Path]:
    """Return the paths whose file on disk is missing or differs from what the sources give.

    A notebook that was only run in place is not stale, and `write` leaves it and its outputs alone.
    """
    return [output.path for output in made if not _is_current(output)]


def write(made: Iterable[Output]) -> list[Path]:
    """Write the outputs that differ, each atomically; returns the paths that were written.

    A notebook that somebody edited by hand is kept beside the new one, as `NAME.edited-1.ipynb`.

    Raises:
        SetupError: a file cannot be written; those before it have been.
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
    if path.suffix != ".ipynb" or not path.is_file():
        return False
    from unpickled.authoring.notebooks import as_built  # noqa: PLC0415 - jupytext is slow to import

    return not as_built(path.read_bytes())


def _is_current(output: Output) -> bool:
    """Tell whether the file says what the source says; what a learner's run left in a notebook does not count."""
    if not output.path.is_file():
        return False
    found = output.path.read_bytes()
    if found == output.data:
        return True
    read = {".ipynb": _written, ".pptx": _packed}.get(output.path.suffix)
    return read is not None and read(found) == read(output.data) is not None


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


def _packed(archive: bytes) -> object:
    """Return what a zip archive holds, by name: how tightly it is packed depends on the machine's zlib."""
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            return {name: opened.read(name) for name in opened.namelist()}
    except (zipfile.BadZipFile, OSError, EOFError, ValueError):
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
    name = ""
    try:
        output.path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=output.path.parent, prefix=f".{output.path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(output.data)
        Path(name).chmod(0o644)
        Path(name).replace(output.path)
    except BaseException as error:
        if name:
            Path(name).unlink(missing_ok=True)
        if isinstance(error, OSError):
            remedy = "Make room, or see to the folder's permissions."
            raise SetupError(
                str(output.path), f"cannot be written: {error.strerror}", remedy
            ) from error
        raise
