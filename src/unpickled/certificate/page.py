"""What was completed, read out of one state of the progress file, and the page that shows it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from itertools import groupby
from pathlib import Path

from unpickled.content import Course, Item
from unpickled.progress import NAME as PROGRESS
from unpickled.progress import (
    NothingDoneError,
    Progress,
    Record,
    carry_out,
    one_line,
    parse,
    record,
    status,
)

__all__ = ["Completed", "Line", "certificate", "completed", "to_page"]

_NAME_LETTERS = 200  # of a learner's name that are shown
_STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")
_COMMANDS = "\n".join(
    f"<dt>{system}</dt><dd><code>{command} {PROGRESS}</code></dd>"
    for system, command in (
        ("Linux", "sha256sum"),
        ("macOS", "shasum -a 256"),
        ("Windows, in PowerShell (it writes capitals)", "Get-FileHash -Algorithm SHA256"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One exercise: the page it stands on, its title, and when it was solved with how many answers; "" for never."""

    page: str
    title: str
    day: str = ""
    tries: int = 0
    hints: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """What a progress file says of a course.

    Attributes:
        course: the course's title.
        version: of its content.
        lines: every exercise, in the order of the pages.
        sha256: in hex, of the bytes that `unpickled.progress.carry_out` gives at the same moment.
    """

    course: str
    version: str
    lines: tuple[Line, ...]
    sha256: str

    @property
    def solved(self) -> int:
        """How many exercises are solved."""
        return sum(bool(line.day) for line in self.lines)


def completed(course: Course, items: Iterable[Item], progress: Progress) -> Completed:
    """Read what was completed; the sum is of the very bytes that were read.

    They are those of the file to carry, which a learner can have on the site, too; nobody sees a `progress.json` there.
    An exercise that has changed since it was solved is not solved.

    Args:
        course: gives the pages' order and titles.
        items: the exercises.
        progress: where the learner's answers are.

    Raises:
        NothingDoneError: none of the exercises was done or tried yet.
        ProgressError: the file cannot be read.
    """
    raw = carry_out(progress)
    records = {key: record(entry) for key, entry in parse(raw)[0]["exercises"].items()}
    places = {page.id: at for at, page in enumerate(course.pages)}
    titles = {page.id: page.title for page in course.pages}
    known = sorted((one for one in items if one.page in places), key=lambda one: places[one.page])
    if not any(one.id in records for one in known):
        raise NothingDoneError(str(progress.path))
    return Completed(
        course=course.title,
        version=course.version,
        lines=tuple(_line(titles[one.page], one, records) for one in known),
        sha256=hashlib.sha256(raw).hexdigest(),
    )


def certificate(
    course: Course, items: Iterable[Item], progress: Progress, *, name: str = "", day: date
) -> str:
    """Return the page of what was completed; see `completed` and `to_page`.

    Raises:
        NothingDoneError: none of the exercises was done or tried yet.
        ProgressError: the file cannot be read.
    """
    return to_page(completed(course, items, progress), name=name, day=day)


def _line(page: str, item: Item, records: Mapping[str, Record]) -> Line:
    found = records.get(item.id)
    if found is None or status(found, item=item.fingerprint) != "done":
        return Line(page=page, title=item.title)
    return Line(
        page=page, title=item.title, day=found.when[:10], tries=found.tries, hints=found.hints
    )


def to_page(told: Completed, *, name: str = "", day: date) -> str:
    """Return the page: plain HTML that fetches nothing, one sheet of paper where that is enough.

    Args:
        told: what was completed.
        name: of the learner, as they write it; a line to write on where it is empty.
        day: of today.
    """
    whole = told.solved == len(told.lines)
    count = f"all {len(told.lines)}" if whole else f"{told.solved} of {len(told.lines)}"
    sentence = f"{count} exercises solved"
    parts = "\n".join(_part(*group) for group in groupby(told.lines, lambda line: line.page))
    who = escape(_shown(name)) or '<span class="blank" aria-label="a line for the name"></span>'
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Completed: {escape(told.course)}</title>
<style>
{_STYLE}</style>
</head>
<body>
<main>
<p class="course">{escape(told.course)}</p>
<h1>{who}</h1>
<p class="sentence">{sentence}, {day.isoformat()}</p>
<table>
<thead><tr><th scope="col">Exercise</th><th scope="col">Solved</th>
<th scope="col" class="number">Answers</th><th scope="col" class="number">Hints</th></tr></thead>
{parts}
</table>
<h2>What this page is</h2>
<p>A copy of what the learner's own progress file said on that day, for version {escape(told.version)} of the course. It
is a record to keep. It is no proof of who gave the answers: whoever has the file can change it.</p>
<dl>
<dt>sha256 of the progress file</dt><dd><code>{told.sha256}</code></dd>
</dl>
<h2>To compare</h2>
<p>Keep the progress file beside this page, and save it before your next answer, which changes the sum: with <b>Save my
progress to a file</b> on the course's start page, or in a terminal with
<code>unpickled progress export {PROGRESS}</code>. In the folder where the file is, one of these gives the same sum:</p>
<dl>
{_COMMANDS}
</dl>
<p>If the browser has given the file another name, write that one.</p>
</main>
</body>
</html>
"""


def _shown(name: str) -> str:
    """Return a name that can be written as UTF-8 and is seen as it stands there, on one line of some length."""
    return one_line(name.encode(errors="replace").decode(), _NAME_LETTERS)


def _part(page: str, lines: Iterable[Line]) -> str:
    rows = "\n".join(map(_row, lines))
    head = f'<tr><th scope="rowgroup" colspan="4">{escape(page)}</th></tr>'
    return f"<tbody>\n{head}\n{rows}\n</tbody>"


def _row(line: Line) -> str:
    cells = f'<th scope="row">{escape(line.title)}</th>'
    if not line.day:
        nothing = '<td class="number">-</td>' * 2
        return f'<tr class="open">{cells}<td>not yet</td>{nothing}</tr>'
    return (
        f'<tr>{cells}<td>{escape(line.day)}</td><td class="number">{line.tries}</td>'
        f'<td class="number">{line.hints}</td></tr>'
    )
