"""What others found out about a file, as a view draws it, without paths: scanners, an inspection, a restricted load."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unpickled.errors import CourseError

from .plain import plain

if TYPE_CHECKING:
    from unpickled.restricted import WeightsOnly
    from unpickled.scanners import FileReport
    from unpickled.weights import Inspection

__all__ = ["reason", "told_by_inspection", "told_by_scanners", "told_by_torch", "without_place"]

_TENSORS = 200
_ENTRIES = 200
_VALUE = 400  # characters


def told_by_scanners(report: FileReport, name: str) -> dict[str, Any]:
    """A `FileReport`, without the path."""
    form = report.format
    shown = " ".join(
        part for part in ((form.label, form.note and f"({form.note})") if form else ()) if part
    )
    return {
        "name": name,
        "verdict": str(report.verdict),
        "text": report.verdict.text,
        "advice": report.advice,
        "format": shown,
        "reports": [{**plain(one), "text": one.verdict.text} for one in report.reports],
    }


def told_by_torch(found: WeightsOnly, path: Path) -> dict[str, Any]:
    """A `WeightsOnly`, without the path."""
    return {**plain(found), "path": path.name, "message": without_place(found.message, path)}


def told_by_inspection(found: Inspection) -> dict[str, Any]:
    """An `Inspection`'s contents, with as many entries as a panel has room for."""
    inside = found.contents
    return {
        "metadata": [[name, _cut(value)] for name, value in inside.metadata[:_ENTRIES]],
        "entries": len(inside.metadata),
        "tensors": [plain(tensor) for tensor in inside.tensors[:_TENSORS]],
        "total": inside.total,
        "risks": [plain(risk) for risk in inside.risks if risk.kind != "name"],
        "isolation": found.isolation,
    }


def reason(action: Callable[[], Any], path: Path) -> tuple[Any, str]:
    """Do something with a file; return what came of it, or None and a sentence without the file's path."""
    try:
        return action(), ""
    except CourseError as error:
        said = f"{error.problem[:1].upper()}{error.problem[1:]}. {error.remedy}".strip()
        return None, without_place(said, path)
    except OSError as error:
        return None, f"It could not be read: {error.strerror or type(error).__name__}."


def without_place(text: str, path: Path) -> str:
    """Leave out of a sentence where the file lies."""
    for place in (os.fspath(path.absolute()), os.fspath(path)):
        text = text.replace(place, path.name)
    return text


def _cut(text: str) -> str:
    return text if len(text) <= _VALUE else f"{text[: _VALUE - 1]}…"
