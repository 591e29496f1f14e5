"""Look at a submission before nbgrader does: what cannot be graded is named in words that tell what to do."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from unpickled.kernels import storable

__all__ = [
    "LARGEST",
    "MOST_CELLS",
    "Found",
    "cell_names",
    "entries",
    "folder_problem",
    "handed_in",
    "parse_notebook",
    "problem_in",
    "read_notebook",
    "shown_name",
]

LARGEST = 20_000_000
"""Bytes of a notebook that are read."""
MOST_CELLS = 2_000
MOST_BESIDE = 16_000_000
"""Bytes of all files beside a notebook."""
MOST_FILES = 1_000
"""Files and folders beside it."""
DEEPEST = 16
"""Folders within each other."""
LONGEST = 400
"""Bytes of a file's name with its folders: more of them, behind the course's own, may be more than a system takes."""
_LEVELS = (1, 2, 3, 4, 5, 6)
"""Of headings in format 3, which nbformat writes anew with as many signs."""
_HALF_A_PAIR = re.compile(rb"\\u[dD][89a-fA-F]")
"""The escape in JSON of a surrogate, which alone is no character."""


@dataclass(frozen=True, slots=True)
class Found:
    """What a file that should be a notebook is.

    Attributes:
        problem: why it cannot be read as one; empty where it can.
        names: the grade ids of its cells.
    """

    problem: str = ""
    names: frozenset[str] = frozenset()


def cell_names(assignment: Any) -> frozenset[str]:
    """Return the grade ids of an assignment's cells (an `nbgrader.api.Assignment`)."""
    return frozenset(
        cell.name for notebook in assignment.notebooks for cell in notebook.source_cells
    )


def folder_problem(folder: Path, notebooks: Sequence[str]) -> str:
    """Return what is wrong with a submission's folder, without a look into its notebooks; empty for nothing.

    Args:
        folder: what a student handed in.
        notebooks: file names of the assignment's; one of them is enough, as for stock nbgrader.
    """
    try:
        if problem := _odd_entry(folder):
            return problem
        there = [folder / name for name in notebooks if (folder / name).is_file()]
        if not there:
            others = sorted(p.name for p in folder.glob("*.ipynb") if p.is_file())[:3]
            more = f"; there is {', '.join(others)}: rename it if it is the one" if others else ""
            return f"{' or '.join(notebooks)} was not handed in{more}"
        if problem := next(filter(None, (_too_large(one.stat().st_size) for one in there)), ""):
            return problem
        if (size := sum(_sizes_beside(folder))) > MOST_BESIDE:
            most = MOST_BESIDE // 1_000_000
            return f"the files beside the notebook are {size // 1_000_000} MB; more than {most} are not taken"
        return _wrong_time(folder)
    except OSError as error:
        return f"it cannot be read: {error.strerror}"


def problem_in(found: Found, notebook: str, names: frozenset[str]) -> str:
    """Return why what was found is not this assignment's notebook; empty where it is.

    Args:
        found: in the file.
        notebook: the name of the assignment's notebook.
        names: the grade ids of its cells.
    """
    if not found.problem and names and not found.names & names:
        return f"none of its cells is one of {notebook}'s: this is another notebook"
    return found.problem


def entries(folder: Path) -> Iterator[tuple[os.DirEntry[str], int]]:
    """Yield what lies in a folder and below, outer things first, with how many folders are around each.

    However many and however deep: a little more than can be graded is looked at, and no more.
    """
    waiting, seen = [(os.fspath(folder), 0)], 0
    while waiting and seen <= MOST_FILES:
        place, depth = waiting.pop()
        with os.scandir(place) as found:
            inside = sorted(found, key=lambda entry: entry.name)
        seen += len(inside)
        for entry in inside:
            yield entry, depth
            if depth < DEEPEST and entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, depth + 1))


def shown_name(name: str) -> str:
    """Return a file's name as text that can be printed and stored; bytes that are no UTF-8 as escapes."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _odd_entry(folder: Path) -> str:
    """Return what is wrong with the first odd thing in a folder."""
    for number, (entry, depth) in enumerate(entries(folder)):
        name = os.path.relpath(entry.path, folder)
        where = shown_name(name)
        if number >= MOST_FILES:
            return f"there are more than {MOST_FILES:,} files and folders in it"
        if depth >= DEEPEST or len(os.fsencode(name)) > LONGEST:
            return f"{where[:60]}… lies too deep, or has too long a name"
        if problem := _odd_kind(entry, where):
            return problem
    return ""


def _odd_kind(entry: os.DirEntry[str], where: str) -> str:
    kind = entry.stat(follow_symlinks=False).st_mode
    if stat.S_ISLNK(kind):
        return f"{where} is a link, and links are not followed: put the file itself there"
    if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        return f"{where} is neither a file nor a folder: remove it"
    return ""


def _sizes_beside(folder: Path) -> Iterator[int]:
    for path in folder.rglob("*"):
        if path.suffix != ".ipynb" and path.is_file():
            yield path.stat().st_size


def handed_in(folder: Path) -> datetime | None:
    """Return the time in a submission's `timestamp.txt`, in UTC without a zone as nbgrader has it; None for none.

    Raises:
        ValueError: what stands there is no time.
    """
    from nbgrader.utils import parse_utc  # noqa: PLC0415 - slow to import

    path = folder / "timestamp.txt"
    if not path.exists():
        return None
    with path.open("rb") as file:
        text = file.read(1000).decode("utf-8").strip()
    try:
        return parse_utc(text) if text else None
    except (OverflowError, TypeError) as error:
        raise ValueError(text) from error


def _wrong_time(folder: Path) -> str:
    try:
        handed_in(folder)
    except ValueError:
        text = (folder / "timestamp.txt").read_bytes()[:40].decode("utf-8", "replace").strip()
        remedy = 'write it as "2026-12-04 23:59:00 UTC", or remove the file'
        return f"timestamp.txt holds no time, but {text!r}: {remedy}"
    return ""


def read_notebook(path: Path) -> Found:
    """Return whether a file is a notebook that can be graded, and what its cells are called; nothing is run.

    Raises:
        OSError: it cannot be read.
    """
    if problem := _too_large(path.stat().st_size):
        return Found(problem)
    return parse_notebook(path.read_bytes())[0]


def parse_notebook(data: bytes) -> tuple[Found, Any]:
    """Return what a notebook's bytes are, and the notebook as JSON has it; None where it cannot be graded."""
    if problem := _too_large(len(data)):
        return Found(problem), None
    if not data:
        return Found("the notebook is empty"), None
    try:
        notebook = json.loads(data.decode("utf-8"))
        if _HALF_A_PAIR.search(data):
            notebook = storable(notebook)
        found = _shape(notebook)
    except UnicodeDecodeError:
        found = Found("the notebook is not UTF-8 text")
    except json.JSONDecodeError as error:
        found = Found(f"the notebook is damaged: its JSON ends or breaks at line {error.lineno}")
    except (RecursionError, ValueError):
        found = Found("the notebook is damaged: its JSON cannot be read")
    return found, None if found.problem else notebook


def _too_large(size: int) -> str:
    if size <= LARGEST:
        return ""
    return f"the notebook is {size // 1_000_000} MB; more than {LARGEST // 1_000_000} are not read"


def _shape(data: object) -> Found:
    if isinstance(data, dict) and not _is_version(data.get("nbformat")):
        return Found("this is JSON, but no notebook of format 1 to 4")
    cells = _cells(data)
    if cells is None:
        return Found("this is JSON, but no notebook: it has no list of cells")
    if len(cells) > MOST_CELLS:
        return Found(f"the notebook has {len(cells)} cells; more than {MOST_CELLS} are not read")
    for number, cell in enumerate(cells, 1):
        if problem := _cell_problem(cell):
            return Found(f"the notebook is damaged: cell {number} {problem}")
    return Found(names=frozenset(filter(None, map(_name, cells))))


def _is_version(number: object) -> bool:
    return type(number) is int and 1 <= number <= 4


def _cells(data: object) -> list[Any] | None:
    """Return the cells of a notebook; one of format 3, which nbformat upgrades, has them in worksheets."""
    if not isinstance(data, dict):
        return None
    sheets = [data] if isinstance(data.get("cells"), list) else data.get("worksheets")
    if not isinstance(sheets, list):
        return None
    lists = [sheet.get("cells") if isinstance(sheet, dict) else None for sheet in sheets]
    if not all(isinstance(cells, list) for cells in lists):
        return None
    return [cell for cells in lists for cell in cells or ()]


def _cell_problem(cell: object) -> str:
    if not isinstance(cell, dict) or not isinstance(cell.get("cell_type"), str):
        return "is no cell"
    text = cell.get("source", cell.get("input", ""))  # "input" is format 3's word
    if not isinstance(text, str) and not (
        isinstance(text, list) and all(isinstance(line, str) for line in text)
    ):
        return "has a text that is none"
    if not isinstance(cell.get("metadata", {}), dict):
        return "has metadata that are none"
    outputs = cell.get("outputs", [])
    if not isinstance(outputs, list) or not all(isinstance(one, dict) for one in outputs):
        return "has outputs that are none"
    if cell["cell_type"] == "heading" and cell.get("level", 1) not in _LEVELS:
        return "is a heading of no level that there is"
    return ""


def _name(cell: Mapping[str, Any]) -> str:
    known = cell.get("metadata", {}).get("nbgrader")
    name = known.get("grade_id") if isinstance(known, dict) else None
    return name if isinstance(name, str) else ""
