"""The weight-format table of the lesson: filtered, searched, sorted, each row's notes and sources on demand.

Its last column says what the experiments behind a row showed on this machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import traitlets

from .base import CourseWidget, json_trait
from .plain import plain

__all__ = ["OUTCOMES", "FormatTable"]

_RISKS = [
    {"id": "high", "word": "High"},
    {"id": "some", "word": "Some"},
    {"id": "low", "word": "Low"},
    {"id": "none", "word": "None"},
]
OUTCOMES = {
    "made": "canary appeared",
    "refused": "refused",
    "loaded": "nothing happened",
    "failed": "could not be tried",
    "told": "told, not tried",
    "": "not tried yet",
}
"""What happened in an experiment, in words."""

_SOURCE_FIELDS = ("id", "title", "publisher", "url")
_TRY_FIELDS = ("what", "call", "expect", "reason")


class FormatTable(CourseWidget, module="table"):
    """Show the format table.

    Args:
        formats: the rows: `content.Format`, or mappings with its fields.
        sources: sources by id, so that each row's can be linked; an id that is missing here is shown as it is.
        errata: errata by id, for rows that correct the lesson's text.
        seen: outcomes by experiment: `progress.Outcome`, or mappings with its fields.
        message: what the learner should know first, a sentence or two; empty if there is nothing to say.
    """

    rows = json_trait([])
    risks = json_trait(_RISKS)
    message = traitlets.Unicode("").tag(sync=True)
    view = json_trait({"risks": [], "text": "", "sort": "", "down": False, "open": []})

    def __init__(
        self,
        formats: Iterable[Any],
        *,
        sources: Mapping[str, Any] | None = None,
        errata: Mapping[str, Any] | None = None,
        seen: Mapping[str, Any] | None = None,
        message: str = "",
        **kwargs: Any,
    ) -> None:
        known, wrong = plain(sources or {}), plain(errata or {})
        self._formats = [plain(row) for row in formats]
        rows = [_row(row, known, wrong) for row in self._formats]
        super().__init__(
            rows=_with_seen(rows, self._formats, seen or {}), message=message, **kwargs
        )

    def show_seen(self, seen: Mapping[str, Any]) -> None:
        """Show other outcomes, by experiment, in the last column."""
        self.rows = _with_seen(self.rows, self._formats, seen)


def _row(row: dict[str, Any], sources: dict[str, Any], errata: dict[str, Any]) -> dict[str, Any]:
    found = [sources.get(name, {"id": name, "title": name}) for name in row["sources"]]
    erratum = errata.get(row.get("corrected") or "")
    return {
        **{name: value for name, value in row.items() if name != "experiments"},
        "sources": [{key: source.get(key, "") for key in _SOURCE_FIELDS} for source in found],
        "corrected": erratum
        and {"lesson_said": erratum["lesson_said"], "true_today": erratum["true_today"]},
    }


def _with_seen(
    rows: Iterable[dict[str, Any]], formats: Iterable[dict[str, Any]], seen: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the rows anew, each with its experiments and what they showed."""
    known = plain(seen)
    return [
        {**row, "seen": _seen(one.get("experiments", []), known)}
        for row, one in zip(rows, formats, strict=True)
    ]


def _seen(experiments: Iterable[dict[str, Any]], known: Mapping[str, Any]) -> dict[str, Any]:
    """Return the experiments of a row with their outcomes, and how the whole of them stands.

    `state` is "all" (each was tried), "some" or "none"; `holds` whether all that was tried went as the row says.
    """
    tries = [
        {
            **{name: one.get(name, "") for name in _TRY_FIELDS},
            "happened": happened,
            "word": OUTCOMES[happened],
            "expected": bool(outcome.get("expected", True)),
        }
        for one in experiments
        for outcome in [known.get(one["id"], {})]
        for happened in ["told" if one["expect"] == "told" else outcome.get("happened", "")]
    ]
    outcomes = [known[one["id"]] for one in experiments if one["id"] in known]
    open_ = [one for one in tries if not one["happened"]]
    return {
        "tries": tries,
        "state": "none" if not outcomes else "some" if open_ else "all",
        "holds": all(one["expected"] for one in tries),
        "with": ", ".join(dict.fromkeys(one["tool"] for one in outcomes if one["tool"])),
        "when": _day(max((one["when"] for one in outcomes), default="")),
    }


def _day(moment: str) -> str:
    """Return the day of an ISO moment, on this machine's clock, as a reader writes it: "29 Nov 2026"."""
    try:
        found = datetime.fromisoformat(moment).astimezone()
    except ValueError:
        return ""
    return f"{found.day} {found:%b %Y}"
