"""`build_pages`: every lesson as one HTML file, run anew where anything that decides it has changed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from unpickled.authoring.files import Output, write
from unpickled.authoring.notebooks import Builder
from unpickled.authoring.offline.joining import join
from unpickled.authoring.offline.rendering import render
from unpickled.authoring.offline.running import run_page
from unpickled.authoring.pages import lesson_page
from unpickled.authoring.stamps import maker
from unpickled.content import Lesson, load_course
from unpickled.errors import ContentError

__all__ = ["OUT", "Made", "build_pages"]

OUT = Path("build", "html")
_MARK = b"\n<!-- made from "


@dataclass(frozen=True, slots=True)
class Made:
    """One lesson's page: the file, its bytes, and whether it was made or found up to date."""

    path: Path
    size: int
    fresh: bool


def build_pages(root: Path, lesson: str, say: Callable[[str], None]) -> Iterator[Made]:
    """Make the page of one lesson, or of each, and yield it when it is there.

    A page is written in one step when it is whole. It says at its end what it was made from.

    Args:
        root: the course's checkout.
        lesson: its id; empty for all.
        say: told of each notebook that is run.

    Raises:
        ContentError: there is no such lesson, a notebook fails, or a page is too large.
    """
    lessons = load_course(root).lessons
    chosen = [one for one in lessons if lesson in ("", one.id)]
    if not chosen:
        known = ", ".join(one.id for one in lessons)
        raise ContentError(lesson, "there is no such lesson", f"Choose from: {known}.")
    builder = Builder(root)
    for one in chosen:
        yield _page(root, one, builder, say)


def _page(root: Path, lesson: Lesson, builder: Builder, say: Callable[[str], None]) -> Made:
    sources = {page.id: lesson_page(root, lesson.id, page.id) for page in lesson.pages}
    books = {name: builder.notebook(source) for name, source in sources.items()}
    mark = _MARK + _inputs(root, lesson, books).encode() + b" -->\n"
    goal = root / OUT / f"{lesson.id}.html"
    if goal.is_file() and goal.read_bytes().endswith(mark):
        return Made(goal, goal.stat().st_size, fresh=False)

    def run(name: str) -> tuple[str, object]:
        say(f"running {lesson.id}/{name}")
        return name, run_page(books[name], f"{lesson.id}/{name}", sources[name].parent)

    with ThreadPoolExecutor(max(1, os.cpu_count() or 1)) as pool:
        ran = list(pool.map(run, books))
    say(f"writing {goal.relative_to(root)}")
    folders = {name: source.parent for name, source in sources.items()}
    data = render(lesson, join(ran), folders, version("unpickled")) + mark
    write([Output(goal, data)])
    return Made(goal, len(data), fresh=True)


def _inputs(root: Path, lesson: Lesson, books: dict[str, bytes]) -> str:
    """Sum up what decides a page: its notebooks, the course's data and pictures, and this package."""
    found = hashlib.sha256(maker().encode())
    for name, book in books.items():
        found.update(name.encode() + b"\0" + book)
    for folder in (root / "course" / "data", root / "course" / lesson.id / "pictures"):
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            found.update(path.name.encode() + b"\0" + path.read_bytes())
    return found.hexdigest()
