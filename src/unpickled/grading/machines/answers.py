"""What a worker answers, held against what was asked, before anything of it is believed.

A worker decides points: who grades has to trust it with them. But it is no more than a voice on the network, so its
answer can name no file, no cell, no number of points that the assignment does not have, and no cell that the form
grader would take for the author's.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any

from unpickled.grading.plans import Plan
from unpickled.grading.restoring import Wanted
from unpickled.grading.wire import strict

__all__ = ["LARGEST", "checked"]

LARGEST = 100_000_000  # characters of an answer
_LINES, _LINE = 1000, 10_000
_DIGEST = re.compile(r"[0-9a-f]{64}")


def checked(text: object, plan: Plan, asked: Iterable[str]) -> dict[str, Any]:
    """Return an answer as `working.work` gives it.

    Args:
        text: what came.
        plan: of the assignment.
        asked: names of the notebooks that were sent.

    Raises:
        ValueError: it is no answer to that; says why.
    """
    try:
        return _checked(text, plan, asked)
    except (RecursionError, KeyError, TypeError) as error:
        raise ValueError(f"it cannot be read: {type(error).__name__}") from error


def _checked(text: object, plan: Plan, asked: Iterable[str]) -> dict[str, Any]:
    if not isinstance(text, str) or len(text) > LARGEST:
        raise ValueError("no text, or too much of it")
    said = strict(text)
    _require(isinstance(said, dict) and isinstance(said.get("problem"), str), "no answer")
    if said["problem"]:
        return {"problem": said["problem"][:1000]}
    _require(set(said) == {"problem", "notebooks", "scores", "evidence"}, "other parts")
    names = set(asked)
    for part in ("notebooks", "scores"):
        _require(isinstance(said[part], dict) and set(said[part]) == names, f"other {part}")
    evidence = said["evidence"]
    _require(
        isinstance(evidence, list) and all(isinstance(e, str) for e in evidence), "no evidence"
    )
    said["evidence"] = [one[:_LINE] for one in evidence[:_LINES]]
    for name in names:
        _require_notebook(said["notebooks"][name], plan.notebooks[name])
        _require_scores(said["scores"][name], plan.notebooks[name])
    return dict(said)


def _require(true: object, problem: str) -> None:
    if not true:
        raise ValueError(problem)


def _require_notebook(text: object, wanted: tuple[Wanted, ...]) -> None:
    """Make sure that what claims to be the author's is."""
    _require(isinstance(text, str), "a notebook that is no text")
    notebook = json.loads(
        str(text)
    )  # its outputs are a learner's: NaN in them is no fault of the worker's
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise ValueError("a notebook without cells")
    left = {cell.name: cell for cell in wanted}
    for cell in cells:
        metadata = cell.get("metadata")
        known = metadata.get("nbgrader") if isinstance(metadata, dict) else None
        if known is None:
            continue
        name = known.get("grade_id") if isinstance(known, dict) else None
        own = left.pop(name, None) if isinstance(name, str) else None
        if own is None or known != own.metadata or cell.get("cell_type") != own.kind:
            raise ValueError("a cell that the assignment does not have")
        if own.locked and _text(cell.get("source")) != own.source:
            raise ValueError(f"another text of the locked cell {own.name}")
    _require(not left, "a notebook with a cell missing")


def _require_scores(said: Any, wanted: tuple[Wanted, ...]) -> None:
    """Make sure that every graded cell has points within its own, and every comment its cell."""
    _require(isinstance(said, dict) and set(said) == {"judged", "comments"}, "no scores")
    judged, comments = said["judged"], said["comments"]
    _require(isinstance(judged, list) and isinstance(comments, dict), "no scores")
    worth = {
        cell.name: float(cell.metadata.get("points") or 0)
        for cell in wanted
        if cell.metadata["grade"] or cell.metadata["task"]
    }
    for row in judged:
        _require(isinstance(row, list) and len(row) == 3 and isinstance(row[0], str), "no score")
        _require(row[0] in worth, "points for a cell that has none, or twice")
        _require(isinstance(row[2], str) and _DIGEST.fullmatch(row[2]), "no digest")
        _require_points(row[1], worth.pop(row[0]))
    _require(not worth, "no points for a graded cell")
    own = {c.name for c in wanted if c.metadata["solution"] or c.metadata["task"]}
    _require(set(comments) <= own, "a comment on a cell that takes none")
    _require(
        all(one is None or (isinstance(one, str) and len(one) < 1e6) for one in comments.values()),
        "a comment that is no text",
    )


def _require_points(said: Any, maximum: float) -> None:
    _require(isinstance(said, dict) and set(said) == {"points", "review", "comment"}, "no points")
    _require(isinstance(said["review"], bool) and isinstance(said["comment"], str), "no points")
    points: Mapping[str, object] | object = said["points"]
    if points is None:
        return
    if isinstance(points, bool) or not isinstance(points, (int, float)):
        raise ValueError("points that are no number")
    if not (math.isfinite(points) and 0 <= points <= maximum + 1e-9):
        raise ValueError(f"{points:g} points of {maximum:g}")


def _text(source: object) -> object:
    return "".join(map(str, source)) if isinstance(source, list) else source
