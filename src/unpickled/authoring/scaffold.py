"""A new lesson to begin with: an entry in course.toml, a page, a practice card and a deck that pass every check.

All of it is there in the end, or nothing: the folders are moved into place whole, and the entry comes last.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

from unpickled.authoring.files import Output, write
from unpickled.content import Course, load_course
from unpickled.content.outline import COURSE
from unpickled.content.practice import practice_path
from unpickled.errors import ContentError, SetupError

__all__ = ["new_lesson"]

ID = re.compile(r"[A-Za-z][A-Za-z0-9]*(?:[.-][A-Za-z0-9]+)*")
LONGEST = 24, 80  # characters of an id, of a title
TAKEN = ("data", "start", "pictures")
UNUSABLE = re.compile(r"[{}\[\]<>|`#*\\\"\n\r\t]")
FIELD = re.compile(r"«(\w+)»")


def new_lesson(root: Path, lesson: str, title: str) -> tuple[Path, ...]:
    """Write a lesson that builds and passes its checks.

    Args:
        root: the course's folder.
        lesson: its id, such as "L4.4.3".
        title: a line of plain words.

    Returns:
        The files that an author goes on with; course.toml is the last.

    Raises:
        ContentError: id or title cannot be used, or the lesson is there already.
        SetupError: a file cannot be written.
    """
    course = load_course(root)
    _require_new(root, course, lesson)
    fields = _fields(course, lesson, _sound(title))
    folders: dict[Path, tuple[str, ...]] = {root / "course" / lesson: ("page.py", "deck.md")}
    folders[(root / practice_path(lesson)).parent] = ("practice.toml",)
    made: list[Path] = []
    with _all_or_nothing(list(folders)):
        for folder, names in folders.items():
            made += _place(folder, {_named(name, fields): _filled(name, fields) for name in names})
        entry = (root / COURSE).read_text(encoding="utf-8").rstrip("\n") + "\n"
        write([Output(root / COURSE, (entry + _filled("course.toml", fields)).encode())])
    return (*made, root / COURSE)


def _require_new(root: Path, course: Course, lesson: str) -> None:
    if not ID.fullmatch(lesson) or len(lesson) > LONGEST[0] or lesson.lower() in TAKEN:
        remedy = "Use letters, digits, dots and hyphens, beginning with a letter: L4.4.3."
        raise ContentError(lesson or '""', "cannot be a lesson's id", remedy)
    if any(one.id.lower() == lesson.lower() for one in course.lessons):
        raise ContentError(
            lesson, f"is there already, in {COURSE}", "Edit it, or choose another id."
        )
    for name in ("course", "quizzes", "slides", "video-scripts"):
        folder = root / name
        found = [one.name for one in folder.iterdir()] if folder.is_dir() else []
        same = next((one for one in found if one.lower() == lesson.lower()), "")
        if same:
            raise ContentError(
                f"{name}/{same}", "is there already", "Move it away, or choose another id."
            )


def _sound(title: str) -> str:
    title = title.strip()
    if not title or len(title) > LONGEST[1] or UNUSABLE.search(title):
        remedy = (
            f"Use at most {LONGEST[1]} characters, without brackets, quotation marks or Markdown."
        )
        raise ContentError(f'"{title}"', "cannot be a lesson's title", remedy)
    return title


def _fields(course: Course, lesson: str, title: str) -> Mapping[str, str]:
    last = course.lessons[-1]
    page = f"01-{_slug(title) or 'first-page'}"
    if page in {one.id for one in course.pages}:
        page = f"{lesson}-{page}"
    return {
        "id": lesson,
        "title": title,
        "module": last.module,
        "kind": last.kind,
        "status": last.status,
        "objective": f"{lesson}-idea",
        "page": page,
        "card": f"p-{lesson}-idea",
    }


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    return "-".join(words)[:48].strip("-")


def _named(name: str, fields: Mapping[str, str]) -> str:
    return f"{fields['page']}.py" if name == "page.py" else name


def _filled(name: str, fields: Mapping[str, str]) -> str:
    """Fill a template; a field that is a whole value of TOML gets its quotes."""
    text = (
        files("unpickled.authoring")
        .joinpath("lesson_files", f"{name}.txt")
        .read_text(encoding="utf-8")
    )
    lines = []
    for line in text.splitlines(keepends=True):
        quoted = re.match(r"\w+ = \[?«", line) is not None
        lines.append(FIELD.sub(lambda field: _value(fields[field[1]], quoted=quoted), line))  # noqa: B023 - called at once
    return "".join(lines)


def _value(text: str, *, quoted: bool) -> str:
    return json.dumps(text, ensure_ascii=False) if quoted else text


def _place(folder: Path, texts: Mapping[str, str]) -> Iterator[Path]:
    """Write a folder's files beside it and move it into place."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".new-") as draft:
        write(
            [Output(Path(draft) / "lesson" / name, text.encode()) for name, text in texts.items()]
        )
        (Path(draft) / "lesson").replace(folder)
    return iter([folder / name for name in texts])


@contextmanager
def _all_or_nothing(folders: list[Path]) -> Iterator[None]:
    """Remove the folders again when anything stops us, be it Ctrl-C."""
    try:
        yield
    except BaseException as error:
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)
        if isinstance(error, OSError):
            problem = f"cannot be written: {error.strerror}"
            raise SetupError(
                str(folders[0]), problem, "See to its folder's permissions."
            ) from error
        raise
