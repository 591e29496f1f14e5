"""The pages of the course in their order: where each one's source is, and the way to its neighbours."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from unpickled.content import Course

__all__ = ["Page", "address", "lesson_page", "pages"]

REFERENCES = "09-references"


@dataclass(frozen=True, slots=True)
class Page:
    """One notebook of the course.

    Attributes:
        id: stem of the file, stable: progress is kept under it.
        title: the heading that the page carries.
        source: the py:percent file.
        before: link text and relative address of the page before, or None.
        after: the same of the page after.
        place: "3 of 9" within the lesson, "3b of 9" beside it; empty on the start page.
        references: relative address of the page that lists the sources.
    """

    id: str
    title: str
    source: Path
    before: tuple[str, str] | None
    after: tuple[str, str] | None
    place: str
    references: str

    def navigation(self) -> str:
        """Return the Markdown line that leads to the neighbours."""
        parts = []
        if self.before:
            parts.append(f"[← {self.before[0]}]({self.before[1]})")
        if self.place:
            parts.append(self.place)
        if self.after:
            parts.append(f"[{self.after[0]} →]({self.after[1]})")
        return " · ".join(parts)


def pages(root: Path, course: Course) -> tuple[Page, ...]:
    """Return every page: the start page, then each lesson's pages in the order of course.toml."""
    rows = [("start", "Start", root / "course" / "start.py", "")]
    for lesson in course.lessons:
        folder = root / "course" / lesson.id
        for page in lesson.pages:
            place = f"{page.number} of {lesson.counted}" if page.number else ""
            rows.append((page.id, page.title, folder / f"{page.id}.py", place))
    listing = root / "course" / _referring(course) / f"{REFERENCES}.py"
    made = []
    for index, (identity, title, source, place) in enumerate(rows):
        before = rows[index - 1] if index else None
        after = rows[index + 1] if index + 1 < len(rows) else None
        made.append(
            Page(
                id=identity,
                title=title,
                source=source,
                before=before and (before[1], address(source, before[2])),
                after=after and (after[1], address(source, after[2])),
                place=place,
                references=address(source, listing),
            )
        )
    return tuple(made)


def _referring(course: Course) -> str:
    """Return the lesson whose last page lists the sources of all; the first one, if none does."""
    with_listing = (
        lesson.id for lesson in course.lessons if any(p.id == REFERENCES for p in lesson.pages)
    )
    return next(with_listing, course.lessons[0].id)


def lesson_page(root: Path, lesson: str, page: str) -> Path:
    """Return where the source of one page of a lesson is."""
    return root / "course" / lesson / f"{page}.py"


def address(here: Path, there: Path) -> str:
    """Return the relative address of `there`'s notebook from `here`'s, with forward slashes."""
    return Path(os.path.relpath(there.with_suffix(".ipynb"), here.parent)).as_posix()
