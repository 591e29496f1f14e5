"""Look at a submission before nbgrader does: what cannot be graded is named in words that tell what to do."""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["LARGEST", "MOST_CELLS", "problem_of"]

LARGEST = 20_000_000
"""Bytes of a notebook that are read."""
MOST_CELLS = 2_000


def problem_of(folder: Path, notebook: str) -> str:
    """Return why the submission in `folder` cannot be graded; empty where it can.

    Args:
        folder: what a student handed in.
        notebook: file name that the assignment's notebook has.
    """
    path = folder / notebook
    if path.is_symlink() or not path.is_file():
        others = sorted(p.name for p in folder.glob("*.ipynb") if p.is_file())[:3]
        found = f"; there is {', '.join(others)}: rename it if it is the one" if others else ""
        return f"{notebook} was not handed in{found}"
    try:
        size = path.stat().st_size
        if size > LARGEST:
            most = LARGEST // 1_000_000
            return f"the notebook is {size // 1_000_000} MB; more than {most} are not read"
        return _text(path.read_bytes())
    except OSError as error:
        return f"the notebook cannot be read: {error.strerror}"


def _text(data: bytes) -> str:
    if not data:
        return "the notebook is empty"
    try:
        return _shape(json.loads(data.decode("utf-8")))
    except UnicodeDecodeError:
        return "the notebook is not UTF-8 text"
    except json.JSONDecodeError as error:
        return f"the notebook is damaged: its JSON ends or breaks at line {error.lineno}"
    except (RecursionError, ValueError):
        return "the notebook is damaged: its JSON cannot be read"


def _shape(data: object) -> str:
    if not isinstance(data, dict) or not isinstance(data.get("cells"), list):
        if isinstance(data, dict) and isinstance(data.get("worksheets"), list):
            return ""  # an old notebook; nbformat upgrades it
        return "this is JSON, but no notebook: it has no list of cells"
    if len(data["cells"]) > MOST_CELLS:
        return f"the notebook has {len(data['cells'])} cells; more than {MOST_CELLS} are not read"
    return ""
