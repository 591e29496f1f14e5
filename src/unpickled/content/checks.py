"""All course files held against each other: `check` reports every fault at once.

A file that breaks its schema is reported, and what could be read of it is checked on. Nothing is held against a
table of which nothing could be read: one fault is enough.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from unpickled.content import loaders, prose
from unpickled.content.cves import cves
from unpickled.content.deck_source import deck_lessons, read_deck
from unpickled.content.loaders import DATA, FILES, Faults
from unpickled.content.model import (
    Course,
    Erratum,
    Experiment,
    Format,
    Incident,
    Item,
    Lesson,
    Source,
    Term,
)
from unpickled.content.outline import COURSE, read_course
from unpickled.content.practice import practice_path, read_practice
from unpickled.content.prose_checks import Citation, check_prose
from unpickled.errors import ContentError

__all__ = ["check"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Everything:
    """What could be read of the course's files."""

    root: Path
    course: Course
    sources: tuple[Source, ...]
    formats: tuple[Format, ...]
    incidents: tuple[Incident, ...]
    errata: tuple[Erratum, ...]
    terms: tuple[Term, ...]
    items: dict[str, tuple[Item, ...]]

    @property
    def experiments(self) -> tuple[Experiment, ...]:
        """Those of all rows."""
        return tuple(one for row in self.formats for one in row.experiments)

    def fault(self, path: str, identity: str, problem: str, remedy: str) -> ContentError:
        """Make a fault at the line of `path` where the row `identity` begins."""
        return ContentError(_place(self.root, path, identity), problem, remedy)


def check(root: Path) -> list[ContentError]:
    """Check every course file below `root`.

    Schema of each file; ids that another file names; sources unknown or never used; objectives, table rows and
    pages without practice; lesson sources (titles, citations, claims without a source, links, cards); decks (form and
    citations; what they claim and how long they take is checked where slides are made).

    Returns:
        Every fault, sorted by file and line; empty if there is none.
    """
    faults: Faults = []
    course = read_course(root, faults)
    all_ = _Everything(
        root=root,
        course=course,
        sources=loaders.read_sources(root, faults),
        formats=loaders.read_formats(root, faults),
        incidents=loaders.read_incidents(root, faults),
        errata=loaders.read_errata(root, faults),
        terms=loaders.read_glossary(root, faults),
        items={lesson.id: read_practice(root, faults, lesson.id) for lesson in course.lessons},
    )
    cited = check_prose(
        root,
        course,
        [item for items in all_.items.values() for item in items],
        all_.errata,
        faults,
    )
    cited += tuple(_cited_on_slides(root, faults))
    faults.extend(_check_sources(all_, cited))
    faults.extend(_check_cves(all_))
    faults.extend(_check_errata(all_))
    for lesson in course.lessons:
        faults.extend(_check_practice(all_, lesson))
    faults.extend(_check_rows(all_))
    faults.extend(_check_ids(all_))
    return sorted(faults, key=lambda fault: _order(fault.place))


def _cited_on_slides(root: Path, faults: Faults) -> Iterator[Citation]:
    for lesson in deck_lessons(root):
        deck = read_deck(root, faults, lesson)
        for slide in deck.slides:
            for line, text in slide.texts:
                for match in prose.CITATION.finditer(text):
                    for word in match[1].split(";"):
                        yield Citation(f"{deck.place}:{line}", word.strip().lstrip("@"))


def _check_sources(all_: _Everything, cited: tuple[Citation, ...]) -> Iterator[ContentError]:
    known = {source.id for source in all_.sources}
    used = set()
    for path, kind, identity, name in _uses(all_):
        used.add(name)
        if known and name not in known:
            problem = f'{kind} "{identity}" names the source "{name}", which is unknown'
            yield all_.fault(
                path, identity, problem, f"Add it to {DATA}/sources.toml, or correct the id."
            )
    for citation in cited:
        used.add(citation.source)
        if known and citation.source not in known:
            problem = f'cites "{citation.source}", which is no known source'
            yield ContentError(
                citation.place, problem, f"Add it to {DATA}/sources.toml, or correct the id."
            )
    whole = (
        all_.formats and all_.incidents and all_.errata and all_.terms and all(all_.items.values())
    )
    for source in all_.sources if whole else ():
        if source.id not in used:
            problem = f'source "{source.id}" is used nowhere'
            remedy = "Cite it, name it in a row's sources, or remove it."
            yield all_.fault(f"{DATA}/sources.toml", source.id, problem, remedy)


def _check_cves(all_: _Everything) -> Iterator[ContentError]:
    """Hold each CVE number in an incident, a format or an experiment against that row's sources."""
    told: list[tuple[str, Format | Experiment | Incident, str]] = []
    told += [("incident", row, f"{row.title} {row.text}") for row in all_.incidents]
    told += [("format", row, f"{row.risk_text} {row.notes} {row.detail}") for row in all_.formats]
    told += [("experiment", one, f"{one.what} {one.reason}") for one in all_.experiments]
    for kind, row, text in told:
        for number in cves(text):
            if number.lower() not in row.sources:
                problem = f'{kind} "{row.id}" names {number}, and not its record as a source'
                remedy = f'Correct the number, or add "{number.lower()}" to its sources.'
                yield all_.fault(f"{DATA}/{FILES[kind]}.toml", row.id, problem, remedy)


def _uses(all_: _Everything) -> Iterator[tuple[str, str, str, str]]:
    """Yield file, kind of row, its id and the source that it names, for each use in the data."""
    kinds: dict[str, tuple[Format | Experiment | Incident | Erratum | Term, ...]] = {
        "format": all_.formats,
        "experiment": all_.experiments,
        "incident": all_.incidents,
        "erratum": all_.errata,
        "term": all_.terms,
    }
    for kind, rows in kinds.items():
        for row in rows:
            yield from (
                (f"{DATA}/{FILES[kind]}.toml", kind, row.id, source) for source in row.sources
            )
    for lesson in all_.course.lessons:
        yield from ((COURSE, "tag", tag.id, tag.source) for tag in lesson.tags)
        for item in all_.items[lesson.id]:
            yield from (
                (practice_path(lesson.id), "item", item.id, source) for source in item.sources
            )


def _check_errata(all_: _Everything) -> Iterator[ContentError]:
    pages = {page.id for page in all_.course.pages}
    for erratum in all_.errata:
        for page in erratum.pages:
            if page not in pages and all_.course.lessons and all_.course.start.id:
                problem = f'erratum "{erratum.id}" names the page "{page}", which is unknown'
                yield all_.fault(
                    f"{DATA}/errata.toml", erratum.id, problem, f"Use an id out of {COURSE}."
                )
    known = {erratum.id for erratum in all_.errata}
    for row in all_.formats:
        if known and row.corrected and row.corrected not in known:
            problem = f'format "{row.id}" names the erratum "{row.corrected}", which is unknown'
            yield all_.fault(
                f"{DATA}/formats.toml", row.id, problem, f"Use an id out of {DATA}/errata.toml."
            )


def _check_practice(all_: _Everything, lesson: Lesson) -> Iterator[ContentError]:
    path, items = practice_path(lesson.id), all_.items[lesson.id]
    objectives = {objective.id for objective in lesson.objectives}
    rows = {row.id for row in all_.formats}
    pages = {page.id for page in lesson.pages}
    for item in items:
        for identity in item.covers:
            if rows and identity not in objectives | rows:
                problem = f'item "{item.id}" covers "{identity}", which is neither an objective nor a table row'
                yield all_.fault(
                    path, item.id, problem, f"Use an id out of {COURSE} or {DATA}/formats.toml."
                )
        if not objectives & set(item.covers):
            problem = f'item "{item.id}" covers no objective'
            yield all_.fault(
                path, item.id, problem, f"Name at least one of: {', '.join(sorted(objectives))}."
            )
        if item.page not in pages:
            problem = (
                f'item "{item.id}" names the page "{item.page}", which the lesson does not have'
            )
            yield all_.fault(path, item.id, problem, f"Use an id out of {COURSE}.")
        yield from _unsourced(all_, path, item)
    if items:
        covered = {identity for item in items for identity in item.covers}
        for what, wanted, found in (
            ("objective", objectives, covered),
            ("page", pages, {item.page for item in items}),
        ):
            for identity in sorted(wanted - found):
                yield ContentError(
                    path, f'no item for the {what} "{identity}"', "Write at least one."
                )
        yield from _same_place(path, items)
        yield from _same_title(path, items)


def _check_rows(all_: _Everything) -> Iterator[ContentError]:
    """Find table rows that no lesson's practice exercises."""
    first = next((lesson.id for lesson in all_.course.lessons if all_.items[lesson.id]), "")
    covered = {name for items in all_.items.values() for item in items for name in item.covers}
    for row in sorted({row.id for row in all_.formats} - covered) if first else ():
        problem = f'no item for the table row "{row}"'
        yield ContentError(practice_path(first), problem, "Write at least one.")


def _check_ids(all_: _Everything) -> Iterator[ContentError]:
    """Find ids that two lessons share: progress is kept under them."""
    pages: dict[str, str] = {}
    items: dict[str, str] = {}
    for lesson in all_.course.lessons:
        for seen, kind, path, ids in (
            (pages, "page", COURSE, [page.id for page in lesson.pages]),
            (items, "item", practice_path(lesson.id), [item.id for item in all_.items[lesson.id]]),
        ):
            for identity in ids:
                if seen.setdefault(identity, lesson.id) != lesson.id:
                    problem = (
                        f'{kind} "{identity}" of {lesson.id} has the id of one of {seen[identity]}'
                    )
                    yield ContentError(path, problem, "Progress is kept under it: choose another.")


def _unsourced(all_: _Everything, path: str, item: Item) -> Iterator[ContentError]:
    if item.sources:
        return
    texts = (
        item.prompt,
        item.explain,
        *item.hints,
        *(choice.why for choice in item.choices),
        *(wrong.why for wrong in item.wrong),
    )
    found = next((what for what in map(prose.claim, texts) if what), "")
    if found:
        problem = f'item "{item.id}" states {found} without a source'
        yield all_.fault(path, item.id, problem, "Name it in the item's sources.")


def _same_place(path: str, items: tuple[Item, ...]) -> Iterator[ContentError]:
    """Find a right answer that can be guessed by its place: half or more of them in the same one."""
    places = Counter(
        index for item in items for index, choice in enumerate(item.choices, 1) if choice.right
    )
    total = sum(places.values())
    for place, count in places.items():
        if total >= 6 and count * 2 >= total:
            problem = f"the right choice is number {place} in {count} of {total} items"
            yield ContentError(path, problem, "Move some, so that the place gives nothing away.")


def _same_title(path: str, items: tuple[Item, ...]) -> Iterator[ContentError]:
    """Find items that a list of titles would not tell apart."""
    first: dict[str, str] = {}
    for item in items:
        if item.title and first.setdefault(item.title, item.id) != item.id:
            problem = f'the items "{first[item.title]}" and "{item.id}" have the same title'
            yield ContentError(path, problem, "Tell them apart.")


def _place(root: Path, path: str, identity: str) -> str:
    try:
        lines = (root / path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return path
    pattern = re.compile(rf"""\s*id\s*=\s*["']{re.escape(identity)}["']""")
    found = next((number for number, text in enumerate(lines, 1) if pattern.match(text)), 0)
    return f"{path}:{found}" if found else path


def _order(place: str) -> tuple[str, int]:
    path, _, line = place.partition(":")
    return path, int(line) if line.isdecimal() else 0
