"""course.toml as one record: the course's order, titles, minutes, objectives and tags."""

from __future__ import annotations

from pathlib import Path

from unpickled.content.loaders import Faults, load, unique
from unpickled.content.model import Course, Lesson, Objective, Page, Tag
from unpickled.content.schema import Document, Row

__all__ = ["COURSE", "load_course", "read_course"]

COURSE = "course/course.toml"


def load_course(root: Path | None = None) -> Course:
    """Return the course's order, titles, minutes, objectives and tags."""
    return load(read_course, root)


def read_course(root: Path, faults: Faults) -> Course:
    """Read course.toml; see `load_course`."""
    document = Document(root, COURSE, faults)
    document.expect_tables("course", "lesson")
    head = document.row("course")
    course = Course(
        id=head.slug(),
        title=head.text("title"),
        version=head.text("version"),
        start=_page(head.row("start"), in_lesson=False),
        lessons=unique((row, _lesson(row)) for row in document.rows("lesson")),
    )
    head.close()
    return course


def _lesson(row: Row) -> Lesson:
    lesson = Lesson(
        id=row.slug(),
        title=row.text("title"),
        module=row.text("module"),
        kind=row.text("kind"),
        status=row.text("status"),
        minutes=row.minutes(),
        stated_minutes=row.minutes("stated_minutes"),
        objectives=unique((r, _objective(r)) for r in row.rows("objective")),
        tags=unique((r, _tag(r)) for r in row.rows("tag")),
        pages=unique((r, _page(r)) for r in row.rows("page")),
    )
    for name in ("objectives", "pages"):
        if not getattr(lesson, name):
            row.fault(f"has no {name}", f"Add at least one [[lesson.{name[:-1]}]].")
    total = sum(page.minutes for page in lesson.pages)
    if lesson.pages and total != lesson.minutes:
        problem = f"says {lesson.minutes} minutes, and its pages add up to {total}"
        row.fault(problem, f"Set minutes = {total}, or correct a page.", key="minutes")
    row.close()
    return lesson


def _page(row: Row, *, in_lesson: bool = True) -> Page:
    section = row.text("section") if in_lesson else ""
    page = Page(id=row.slug(), title=row.text("title"), minutes=row.minutes(), section=section)
    row.close()
    return page


def _objective(row: Row) -> Objective:
    objective = Objective(id=row.slug(), text=row.text("text"))
    row.close()
    return objective


def _tag(row: Row) -> Tag:
    tag = Tag(
        framework=row.text("framework"),
        id=row.text("id"),
        name=row.text("name"),
        source=row.slug("source"),
    )
    row.close()
    return tag
