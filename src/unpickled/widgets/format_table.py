"""The weight-format table of the lesson: filtered, searched, sorted, each row's notes and sources on demand."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .base import CourseWidget, json_trait
from .plain import plain

__all__ = ["FormatTable"]

_RISKS = [
    {"id": "high", "word": "High"},
    {"id": "some", "word": "Some"},
    {"id": "low", "word": "Low"},
    {"id": "none", "word": "None"},
]
_SOURCE_FIELDS = ("id", "title", "publisher", "url")


class FormatTable(CourseWidget, module="table"):
    """Show the format table.

    Args:
        formats: the rows: `content.Format`, or mappings with its fields.
        sources: sources by id, so that each row's can be linked; an id that is missing here is shown as it is.
        errata: errata by id, for rows that correct the lesson's text.
    """

    rows = json_trait([])
    risks = json_trait(_RISKS)
    view = json_trait({"risks": [], "text": "", "sort": "", "down": False, "open": []})

    def __init__(
        self,
        formats: Iterable[Any],
        *,
        sources: Mapping[str, Any] | None = None,
        errata: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        known, wrong = plain(sources or {}), plain(errata or {})
        rows = [_row(plain(row), known, wrong) for row in formats]
        super().__init__(rows=rows, **kwargs)


def _row(row: dict[str, Any], sources: dict[str, Any], errata: dict[str, Any]) -> dict[str, Any]:
    found = [sources.get(name, {"id": name, "title": name}) for name in row["sources"]]
    erratum = errata.get(row.get("corrected") or "")
    return {
        **row,
        "sources": [{key: source.get(key, "") for key in _SOURCE_FIELDS} for source in found],
        "corrected": erratum
        and {"lesson_said": erratum["lesson_said"], "true_today": erratum["true_today"]},
    }
