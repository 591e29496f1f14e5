"""What the search looks through: every part of the course's pages under its heading, and the glossary's terms."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from unpickled.content import Course, load_course, load_glossary

__all__ = ["Entry", "entries"]

Entry = dict[str, str]

_HEADING = re.compile(r"^(#{1,6})\s+(.+?)\s*$", re.MULTILINE)
_LINK = re.compile(r"!?\[((?:[^\[\]]|\[[^\]]*\])*)\]\([^)]*\)")
_BLOCK = re.compile(r"^\s*(?:[-+>]|\d+\.)\s+|^[|:\- ]*-{3,}[|:\- ]*$|\|", re.MULTILINE)
_INLINE = re.compile(r"<[^>\n]{1,200}>|\*{1,3}|`+")
_CITED = re.compile(r"\[\[[^\]]*\](?:\([^)]*\))?(?:[,;]\s*\[[^\]]*\]\([^)]*\))*\]")
_TERMS, _SOURCES = "08-key-terms", "09-references"


def entries(root: Path, page: str) -> list[Entry]:
    """Return every place of the course, as the widget takes them.

    Args:
        root: the course's folder.
        page: id of the page that the search stands on; addresses are relative to it.
    """
    course = load_course(root)
    places = _places(root, course)
    here = places.get(page, root / "course" / "start.ipynb")
    titles = {one.id: one.title for one in course.pages}
    found = []
    for name, path in places.items():
        address = Path(os.path.relpath(path, here.parent)).as_posix()
        if name == _TERMS:
            found += [
                {"kind": "term", "title": term.term, "where": titles[name], "text": _plain(term.text), "href": address}
                for term in load_glossary(root)
            ]  # fmt: skip
        elif name != _SOURCES:  # titles of other people's pages; citations lead to them
            found += [
                {"kind": "text", "title": head, "where": titles[name], "text": text, "href": address + place}
                for head, place, text in _parts(path, titles[name])
            ]  # fmt: skip
    return found


def _places(root: Path, course: Course) -> dict[str, Path]:
    folder = root / "course"
    rows = {course.start.id: folder / f"{course.start.id}.ipynb"}
    for lesson in course.lessons:
        rows |= {page.id: folder / lesson.id / f"{page.id}.ipynb" for page in lesson.pages}
    return rows


def _parts(path: Path, title: str) -> Iterator[tuple[str, str, str]]:
    """Yield heading, anchor and text of each part of a notebook's prose; nothing of one that cannot be read."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        prose = "\n\n".join(
            "".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"
            and cell["metadata"].get("editable", True)
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return
    marks = list(_HEADING.finditer(prose))
    for at, mark in enumerate(marks):
        text = prose[mark.end() : marks[at + 1].start() if at + 1 < len(marks) else len(prose)]
        head = _plain(mark[2])
        first = len(mark[1]) == 1
        yield (
            title if first else head,
            "" if first else f"#{quote(head.replace(' ', '-'))}",
            _plain(text),
        )


def _plain(markdown: str) -> str:
    text = _LINK.sub(r"\1", _CITED.sub("", markdown))
    return " ".join(_INLINE.sub("", _BLOCK.sub(" ", text)).replace("\\_", "_").split())
