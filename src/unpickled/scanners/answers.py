"""What a scanner said and what it read to say so: the raw answer, before it is judged.

It crosses from the worker process as JSON, so it holds only text and numbers, and every list and text is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from unpickled.scanners.verdicts import Finding

__all__ = ["Answer", "Complaint", "Look"]

_LIST = 2_000
_TEXT = 300


@dataclass(frozen=True, slots=True)
class Look:
    """One stretch of bytes that the scanner parsed as pickles.

    `to_the_end` is False where the scanner by design stops after one pickle, so that a short look is no error.
    """

    where: str
    start: int
    end: int
    to_the_end: bool


@dataclass(frozen=True, slots=True)
class Complaint:
    """Something the scanner said it could not do: `kind` is unreadable, failed or skipped."""

    kind: str
    where: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A scanner's answer about one file; `judged` are the places whose format it knows and has checked."""

    flagged: tuple[Finding, ...] = ()
    unlisted: tuple[Finding, ...] = ()
    looks: tuple[Look, ...] = ()
    judged: tuple[str, ...] = ()
    complaints: tuple[Complaint, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return a bounded JSON form."""
        return {
            "flagged": _rows(self.flagged),
            "unlisted": _rows(self.unlisted),
            "looks": _rows(self.looks),
            "judged": [_short(place) for place in self.judged[:_LIST]],
            "complaints": _rows(self.complaints),
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Answer:
        """Build an answer from `to_json`'s form.

        Raises:
            TypeError, KeyError: if the form is another.
        """
        return cls(
            flagged=tuple(Finding(**row) for row in data["flagged"]),
            unlisted=tuple(Finding(**row) for row in data["unlisted"]),
            looks=tuple(Look(**row) for row in data["looks"]),
            judged=tuple(data["judged"]),
            complaints=tuple(Complaint(**row) for row in data["complaints"]),
        )


def _rows(items: Iterable[Finding | Look | Complaint]) -> list[dict[str, Any]]:
    rows = [asdict(item) for item in items][:_LIST]
    return [{key: _short(value) for key, value in row.items()} for row in rows]


def _short(value: Any) -> Any:
    if isinstance(value, str) and len(value) > _TEXT:
        return value[: _TEXT - 1] + "…"
    return value
