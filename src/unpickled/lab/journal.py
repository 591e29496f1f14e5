"""Progress on the bench: what cards report is written down, and what is written down is shown in the rails.

One `Journal` belongs to one kernel. It knows the rails and cards that are on the page, so that an answer turns the
rail at once, and a reset clears the card.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from unpickled import content
from unpickled.certificate import certificate
from unpickled.errors import ContentError, ProgressError
from unpickled.here import not_kept
from unpickled.progress import NAME, Progress, Record, carry_out, progress_path, status, take_in
from unpickled.widgets import QuizCard, Rail

__all__ = ["Journal", "journal"]


@dataclass(slots=True)
class _Hung:
    """A rail, the page that it stands on, and what it tells the learner for good."""

    page: str
    rail: Rail
    told: str


class Journal:
    """The learner's progress, and the widgets that show it.

    Args:
        root: the course's folder.
    """

    def __init__(self, root: Path) -> None:
        self._root = root
        self._course = content.load_course(root)
        self._items = {item.id: item for item in content.load_practice(root)}
        self._progress = Progress(progress_path(root), version=self._course.version)
        self._cards: dict[str, list[QuizCard]] = {}
        self._rails: list[_Hung] = []
        self._trouble = ""  # why the last write or look failed; the next good write ends it

    def card(self, identity: str) -> QuizCard:
        """Make the card of a practice item, as the learner left it.

        Raises:
            ContentError: there is no such item.
        """
        item = content.practice_item(identity, self._root)
        record = self._records().get(identity)
        card = QuizCard(item, state=_left(record, item), on_result=self._answered)
        card.observe(functools.partial(self._hinted, item), names="state")
        self._cards.setdefault(identity, []).append(card)
        return card

    def rail(self, page: str) -> Rail:
        """Make the rail of a page.

        Raises:
            ContentError: there is no such page.
        """
        if page not in {known.id for known in self._course.pages}:
            raise ContentError(page, "there is no such page", "See course/course.toml.")
        pages, exercises = self._shown(page)
        told = f"{self._notices()} {not_kept()}".strip()
        message = f"{self._trouble} {told}".strip()
        rail = Rail(pages, current=page, exercises=exercises, message=message, on_reset=self.reset)
        self._rails.append(_Hung(page, rail, told))
        return rail

    def summary(self) -> dict[str, str]:
        """Return the state of every exercise by its id: "new", "tried", "done" or "changed"."""
        records = self._records()
        return {
            item.id: status(records.get(item.id), item=item.fingerprint)
            for item in self._items.values()
        }

    def reset(self, exercise: str) -> None:
        """Forget one exercise, and clear its cards on this page; where it cannot be forgotten, the rails say why."""
        with suppress(ProgressError), self._writing():
            self._progress.reset(exercise)
            for card in self._cards.get(exercise, []):
                card.reset()

    def carried(self) -> bytes:
        """Return the progress as the bytes of a file.

        Raises:
            ProgressError: it may not be read.
        """
        return carry_out(self._progress)

    def certified(self, name: str) -> str:
        """Return the page of what was completed, for a name that may be empty.

        Raises:
            NothingDoneError: none of the exercises was done or tried yet.
            ProgressError: the file may not be read.
        """
        items = self._items.values()
        return certificate(self._course, items, self._progress, name=name, day=date.today())

    def take_in(self, raw: bytes, name: str = NAME) -> str:
        """Add what a file of some name knows, turn the rails, and say what came of it.

        Raises:
            ProgressError: it is no progress file, or nothing can be written.
        """
        told = take_in(self._progress, raw, place=name)
        self._refresh()
        return str(told)

    def _answered(self, exercise: str, correct: bool, _tries: int) -> None:
        with self._writing():
            item = self._items[exercise].fingerprint
            self._progress.attempt(exercise, correct=correct, item=item)

    def _hinted(self, item: content.Item, change: Mapping[str, Any]) -> None:
        before, after = change["old"].get("hints", 0), change["new"].get("hints", 0)
        if after <= before:
            return
        with suppress(ProgressError), self._writing():
            self._progress.hint(item.id, after, item=item.fingerprint)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Turn the rails after a write, or tell in them why there was none; whoever asked for it hears of that, too."""
        try:
            yield
            self._trouble = ""
        except ProgressError as error:
            self._trouble = str(error)
            raise
        finally:
            self._refresh()

    def _records(self) -> dict[str, Record]:
        try:
            return self._progress.records()
        except ProgressError as error:
            self._trouble = self._trouble or str(error)
            return {}

    def _refresh(self) -> None:
        shown = [self._shown(hung.page) for hung in self._rails]
        notices = self._notices()  # looking may have set a file aside
        for hung, (pages, exercises) in zip(self._rails, shown, strict=True):
            hung.told = notices or hung.told
            with hung.rail.hold_sync():
                hung.rail.pages, hung.rail.exercises = pages, exercises
                hung.rail.message = f"{self._trouble} {hung.told}".strip()

    def _notices(self) -> str:
        """Take what the learner was not told yet: a file that was set aside."""
        return " ".join(self._progress.take_notices())

    def _shown(self, here: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """Return all pages with their states, and the exercises of the page `here`."""
        states = self.summary()
        of_page = {page.id: self._on(page.id, states) for page in self._course.pages}
        pages = [
            {
                "id": page.id,
                "title": page.title,
                "href": self._address(here, page.id),
                "state": _page_state([one["done"] for one in of_page[page.id]]),
                "number": page.number,
                "of": str(of),
            }
            for page, of in self._counted()
        ]
        return pages, of_page[here]

    def _counted(self) -> Iterator[tuple[content.Page, int]]:
        """Yield every page, and how many pages its lesson counts."""
        yield self._course.start, 0
        for lesson in self._course.lessons:
            yield from ((page, lesson.counted) for page in lesson.pages)

    def _on(self, page: str, states: Mapping[str, str]) -> list[dict[str, Any]]:
        items = [item for item in self._items.values() if item.page == page]
        return [
            {
                "id": item.id,
                "title": item.title,
                "done": states[item.id] == "done",
                "tried": states[item.id] != "new",  # one hint is enough
            }
            for item in items
        ]

    def _address(self, here: str, there: str) -> str:
        path = os.path.relpath(self._notebook(there), self._notebook(here).parent)
        return Path(path).as_posix()

    def _notebook(self, page: str) -> Path:
        folder = self._root / "course"
        for lesson in self._course.lessons:
            if page in {known.id for known in lesson.pages}:
                return folder / lesson.id / f"{page}.ipynb"
        return folder / f"{page}.ipynb"


def _page_state(done: Iterable[bool]) -> str:
    done = list(done)
    if done and all(done):
        return "done"
    return "partly" if any(done) else "open"


def _left(record: Record | None, item: content.Item) -> dict[str, Any]:
    """Return what a card should remember of its last time; a changed question starts unsolved."""
    if record is None:
        return {}
    solved = status(record, item=item.fingerprint) == "done"
    return {"tries": record.tries, "hints": min(record.hints, len(item.hints)), "solved": solved}


@functools.cache
def journal() -> Journal:
    """Return this kernel's journal of the course that it stands in."""
    return Journal(content.course_root())
