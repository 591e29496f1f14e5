"""The progress file itself: what was answered, and how often."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path

from unpickled.errors import ProgressError
from unpickled.progress.bounds import HINTS, MOST, ROOM, TRIES
from unpickled.progress.document import Document, Record, parse, record, status
from unpickled.progress.keeping import Kept, now

__all__ = ["NothingDoneError", "Progress", "progress_path"]


class NothingDoneError(ProgressError):
    """No exercise was done or tried yet, so there is nothing to show.

    Args:
        place: the progress file.
    """

    def __init__(self, place: str) -> None:
        super().__init__(place, "nothing was done yet", "Solve a practice card first.")


def progress_path(root: Path) -> Path:
    """Return where progress is kept: UNPICKLED_PROGRESS, or `.unpickled/progress.json` below the course."""
    named = os.environ.get("UNPICKLED_PROGRESS")
    return Path(named).expanduser() if named else root / ".unpickled" / "progress.json"


class Progress(Kept):
    """A progress file; making one touches nothing.

    Args:
        path: the file. Its folder is made at the first write.
        version: the course's content version, noted with each change.
        clock: gives the current moment; tests set it.
    """

    holds = "exercises"

    def __init__(
        self, path: Path, *, version: str = "", clock: Callable[[], datetime] = now
    ) -> None:
        super().__init__(path, clock=clock)
        self._version = version

    def _parse(self, raw: bytes) -> tuple[Document, str]:
        return parse(raw)

    def records(self) -> dict[str, Record]:
        """Return every exercise's record by id.

        Raises:
            ProgressError: the file is there and may not be read.
        """
        return {key: record(entry) for key, entry in self._document()["exercises"].items()}

    def status(self, exercise: str, *, item: str = "") -> str:
        """Return "new", "tried", "done", or "changed": solved, but the exercise is not the same any more."""
        return status(self.records().get(exercise), item=item)

    def attempt(self, exercise: str, *, correct: bool, item: str = "") -> Record:
        """Count one answer. What was solved once stays solved, whatever follows.

        Args:
            exercise: its stable id.
            correct: whether the answer was right.
            item: fingerprint of the exercise as it is now.

        Raises:
            ProgressError: the file cannot be written.
        """

        def change(entry: Document) -> None:
            entry["tries"] = min(entry["tries"] + 1, TRIES)
            if correct or entry["state"] != "done":
                entry["state"] = "done" if correct else "tried"
                entry["item"] = item
                entry["version"] = self._version

        return self._change(exercise, change)

    def hint(self, exercise: str, tier: int, *, item: str = "") -> Record:
        """Note that the hints up to `tier` (1 is the first) are open.

        Raises:
            ProgressError: the file cannot be written.
        """

        def change(entry: Document) -> None:
            entry["hints"] = max(entry["hints"], min(tier, HINTS))
            if entry["state"] != "done":
                entry["item"] = item
                entry["version"] = self._version

        return self._change(exercise, change)

    def reset(self, exercise: str) -> bool:
        """Forget one exercise; returns whether there was anything to forget.

        Raises:
            ProgressError: the file cannot be written.
        """
        with self._locked():
            document = self._sound()
            known = document["exercises"].pop(exercise, None) is not None
            if known:
                self._write(document)
        return known

    def reset_all(self) -> int:
        """Forget every exercise; returns how many there were.

        Raises:
            ProgressError: the file cannot be written.
        """
        with self._locked():
            document = self._sound()
            count = len(document["exercises"])
            if count:
                self._write({**document, "exercises": {}})
        return count

    def entries(self) -> dict[str, Document]:
        """Return every exercise's record as it is stored.

        Raises:
            ProgressError: the file is there and may not be read.
        """
        return dict(self._document()["exercises"])

    def add(
        self,
        known: Mapping[str, Document],
        better: Callable[[Document | None, Document], Document],
    ) -> int:
        """Add records from elsewhere; returns how many of them changed something here.

        Args:
            known: records by exercise, each sound.
            better: makes one record of the one that is here, if any, and the one that comes.

        Raises:
            ProgressError: the file cannot be written, or it would be too many. Nothing was changed.
        """
        with self._locked():
            document = self._sound()
            before = document["exercises"]
            after = {key: better(before.get(key), entry) for key, entry in known.items()}
            changed = len([key for key, entry in after.items() if before.get(key) != entry])
            if changed:
                self._leave_room(before, whole := {**before, **after})
                self._write({**document, "exercises": whole})
        return changed

    def _leave_room(self, before: Document, after: Document) -> None:
        """Refuse what others bring before it takes the room of the learner's own answers."""
        if len(before) < len(after) > MOST - ROOM:
            problem = f"with that there would be {len(after):,} records, more than {MOST - ROOM:,}"
            remedy = "Take in files of this course only, which has far fewer exercises."
            raise ProgressError(str(self.path), problem, remedy)

    def _change(self, exercise: str, change: Callable[[Document], None]) -> Record:
        with self._locked():
            document = self._sound()
            fresh = {"state": "tried", "tries": 0, "hints": 0, "version": self._version, "item": ""}
            entry = document["exercises"].setdefault(exercise, fresh)
            change(entry)
            entry["when"] = self._moment()
            self._mend_clocks(document["exercises"].values())
            self._write(document)
            return record(entry)

    def _mend_clocks(self, entries: Iterable[Document]) -> None:
        """Date what a clock that ran ahead has written back to now: no other place would take it in."""
        latest = self.latest()
        for entry in entries:
            if entry["when"] > latest:
                entry["when"] = self._moment()
