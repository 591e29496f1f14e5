"""Macros: what a lesson's Markdown may ask of the course's data, so that no fact is typed twice.

Each macro returns Markdown. A source writes `{{ glossary() }}`; citations that a macro writes as `[@id]` are
linked afterwards like the author's own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from unpickled.authoring.pages import Page, address, lesson_page
from unpickled.authoring.timeline import describe
from unpickled.authoring.units import TIMELINE, scripts_folder, slides_folder
from unpickled.content import (
    Lesson,
    deck_lessons,
    load_course,
    load_errata,
    load_formats,
    load_glossary,
    load_incidents,
    load_sources,
)

__all__ = ["macros"]

RISK = {"high": "⬛ high", "some": "◧ some", "low": "◔ low", "none": "○ none"}


def macros(root: Path, page: Page) -> Mapping[str, Any]:
    """Return the names that the templates of `page` can use; nothing is loaded before it is called."""
    return {
        "page": page,
        "lesson": _lesson(root, page),
        "objectives": lambda: objectives(root, page),
        "tags": lambda: tags(root, page),
        "way": lambda: way(root, page),
        "slides_and_script": lambda: slides_and_script(root, page),
        "table_formats": lambda: table_formats(root),
        "glossary": lambda: glossary(root),
        "references": lambda: references(root),
        "errata": lambda: errata(root),
        "timeline": lambda: timeline(root, page),
        "incident_list": lambda: incident_list(root),
    }


def objectives(root: Path, page: Page) -> str:
    """List what the reader of the page's lesson will be able to do; on the start page, of each lesson."""
    lessons = load_course(root).lessons
    own = [one for one in lessons if one.id == page.source.parent.name] or lessons
    return "\n\n".join(
        "\n\n".join([*_head(one, own), _bullets(objective.text for objective in one.objectives)])
        for one in own
    )


def tags(root: Path, page: Page) -> str:
    """List the frameworks' entries that the page's lesson belongs to, as they are numbered today."""
    rows = _lesson(root, page).tags
    return _bullets(f"{tag.framework}: **{tag.id} {tag.name}** [@{tag.source}]" for tag in rows)


def way(root: Path, page: Page) -> str:
    """Number the pages of each lesson, linked, with their minutes and its own; several lessons have heads.

    A page "3b" stands below 3: Markdown has no such number in its lists.
    """
    lessons = load_course(root).lessons
    parts = []
    for lesson in lessons:
        rows = []
        for target in lesson.pages:
            link = address(page.source, lesson_page(root, lesson.id, target.id))
            row = f"[{target.title}]({link}), {target.minutes} min"
            whole = target.number.isdecimal()
            rows.append(f"{target.number}. {row}" if whole else f"    - {target.number} {row}")
        promised = f"{lesson.stated_minutes} minute{'s' if lesson.stated_minutes != 1 else ''}"
        time = (
            f"The text of {lesson.id} promises about {promised} for reading it. With everything tried out, count on "
            f"{lesson.minutes}."
        )
        parts.append("\n\n".join([*_head(lesson, lessons), "\n".join(rows), time]))
    return "\n\n".join(parts)


def slides_and_script(root: Path, page: Page) -> str:
    """Link each lesson's slides and the script of its video, as a build makes them from its deck."""
    rows = []
    for name in deck_lessons(root):
        slides, script = slides_folder(root, name), scripts_folder(root, name)
        there = [slides / "slides.pdf", slides / "slides.html", script / "script.md"]
        pdf, html, words = (
            Path(os.path.relpath(one, page.source.parent)).as_posix() for one in there
        )
        rows += [
            f"**The slides** of {name}: [to read or print]({pdf}), or [to present]({html}), with a speaker view "
            "(JupyterLab asks you to *Trust HTML* first).",
            f"**The script** of its video, with each slide's words and times: [script]({words}).",
        ]
    return _bullets(rows)


def table_formats(root: Path) -> str:
    """Draw the format table as Markdown, for readers without widgets; risk by word and shape."""
    head = (
        "| Format | Pickle-based? | Risk | Code execution on load? | Notes |\n|---|---|---|---|---|"
    )
    rows = [
        f"| {row.name} | {row.pickle} | {RISK[row.risk]} | {row.risk_text} | {row.notes} {_cite(row.sources)} |"
        for row in load_formats(root)
    ]
    return "\n".join([head, *rows])


def glossary(root: Path) -> str:
    """Define each term in a paragraph of its own."""
    terms = load_glossary(root)
    return "\n\n".join(f"**{_plain(t.term)}.** {t.text} {_cite(t.sources)}" for t in terms)


def references(root: Path) -> str:
    """List every source under a heading that citations lead to."""
    rows = [
        f"##### {source.short}\n\n*{source.title}*. {source.publisher}, {source.kind}. <{source.url}> "
        f"(checked {source.checked})"
        for source in load_sources(root).values()
    ]
    return "\n\n".join(rows)


def errata(root: Path) -> str:
    """Show what the lesson text said, what is true, why, and when it was checked."""
    head = "| The lesson said | True today | Checked |\n|---|---|---|"
    rows = []
    for row in load_errata(root):
        truth = _sentences(row.true_today, row.notes, row.method, _cite(row.sources))
        rows.append(f"| {row.lesson_said} | {truth} | {_unbroken(row.checked)} |")
    return "\n".join([head, *rows])


def timeline(root: Path, page: Page) -> str:
    """Show the timeline picture, with all of its words as its alternative text."""
    picture = Path(os.path.relpath(root / TIMELINE, page.source.parent)).as_posix()
    return f"![{describe(load_incidents(root))}]({picture})"


def incident_list(root: Path) -> str:
    """List the incidents of the picture as text, each with its sources."""
    rows = load_incidents(root)
    return _bullets(f"**{row.date}** {row.title}. {row.text} {_cite(row.sources)}" for row in rows)


def _head(lesson: Lesson, among: Sequence[Lesson]) -> list[str]:
    """Return a lesson's title as a line of its own, where it is one of several."""
    return [f"**{lesson.id}: {lesson.title}**"] if len(among) > 1 else []


def _lesson(root: Path, page: Page) -> Lesson:
    """Return the lesson that a page belongs to; the first one for the start page."""
    lessons = load_course(root).lessons
    return next((one for one in lessons if one.id == page.source.parent.name), lessons[0])


def _plain(text: str) -> str:
    """Keep Markdown from reading the underscores of `__reduce__` as emphasis."""
    return text.replace("_", r"\_")


def _sentences(*parts: str) -> str:
    return " ".join(part for part in parts if part)


def _unbroken(day: date) -> str:
    """Write a date with hyphens at which no line ends."""
    return day.isoformat().replace("-", "\N{NON-BREAKING HYPHEN}")


def _cite(sources: Iterable[str]) -> str:
    sources = list(sources)
    if not sources:
        return ""
    return "[" + "; ".join(f"@{source}" for source in sources) + "]"


def _bullets(rows: Iterable[str]) -> str:
    return "\n".join(f"- {row}" for row in rows)
