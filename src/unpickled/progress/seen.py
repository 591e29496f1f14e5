"""What the learner's own machine showed: the last outcome of each experiment of the format table.

It is kept in a file beside the progress, so that a damaged one costs no answers. Format: `{"schema": 1, "outcomes": {id
of the experiment: {"happened": "made" | "refused" | "loaded" | "failed", "expected": bool, "tool": text, "when": ISO
8601, "item": fingerprint of the experiment}}}`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unpickled.progress.document import SCHEMA, Document, decode, is_schema
from unpickled.progress.keeping import Kept
from unpickled.progress.store import progress_path

__all__ = ["HAPPENED", "Outcome", "Seen", "seen_path"]

HAPPENED = ("made", "refused", "loaded", "failed")
_LONGEST = 200


def seen_path(root: Path) -> Path:
    """Return where outcomes are kept: beside the progress file, under its name with `-seen`."""
    path = progress_path(root)
    return path.with_name(f"{path.stem}-seen{path.suffix}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What happened in one experiment.

    Attributes:
        id: the experiment.
        happened: one of `HAPPENED`.
        expected: whether that is what its row says.
        tool: the loader with its version, "torch 2.13.0".
        item: fingerprint of the experiment as it was.
        when: moment of the last run, ISO 8601 in UTC; set when it is noted.
    """

    id: str
    happened: str
    expected: bool
    tool: str
    item: str
    when: str = ""


class Seen(Kept):
    """The file of outcomes; see `Kept` for how it is kept."""

    holds = "outcomes"

    def outcomes(self) -> dict[str, Outcome]:
        """Return every outcome by its experiment.

        Raises:
            ProgressError: the file is there and may not be read.
        """
        kept = self._document()[self.holds]
        return {key: Outcome(id=key, **entry) for key, entry in kept.items()}

    def note(self, outcomes: Iterable[Outcome]) -> None:
        """Keep these, each in place of the one before.

        Raises:
            ProgressError: the file cannot be written.
        """
        with self._locked():
            document = self._sound()
            for one in outcomes:
                document[self.holds][one.id] = {
                    "happened": one.happened,
                    "expected": one.expected,
                    "tool": one.tool,
                    "item": one.item,
                    "when": self._moment(),
                }
            self._write(document)

    def _parse(self, raw: bytes) -> tuple[Document, str]:
        nothing: Document = {"schema": SCHEMA, self.holds: {}}
        document, damage = decode(raw)
        if damage:
            return nothing, damage
        if not isinstance(document, dict) or not isinstance(document.get(self.holds), dict):
            return nothing, "it holds something else"
        if not is_schema(document.get("schema")):
            return nothing, "its schema is unknown"
        good = {key: entry for key, entry in document[self.holds].items() if _is_outcome(entry)}
        bad = len(document[self.holds]) - len(good)
        kept = {**nothing, self.holds: good}
        return kept, f"{bad} of its records cannot be read" if bad else ""


def _is_outcome(entry: Any) -> bool:
    fields = {"happened", "expected", "tool", "item", "when"}
    if not isinstance(entry, dict) or set(entry) != fields or type(entry["expected"]) is not bool:
        return False
    texts = [entry[name] for name in fields - {"expected"}]
    short = all(isinstance(text, str) and len(text) <= _LONGEST for text in texts)
    return short and entry["happened"] in HAPPENED
