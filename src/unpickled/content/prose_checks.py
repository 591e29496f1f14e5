"""The lesson sources held against the course's data: pages, titles, citations, claims, links, cards and corrections."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unpickled.content import prose
from unpickled.content.model import Course, Erratum, Item, Page
from unpickled.errors import ContentError

__all__ = ["Citation", "check_prose"]

ERRATA = "course/data/errata.toml"
PRACTICE = "quizzes/*/practice.toml"


@dataclass(frozen=True, slots=True)
class Citation:
    """A source id that prose cites, and where."""

    place: str
    source: str


@dataclass(frozen=True, slots=True)
class _Source:
    """One lesson source, read and split."""

    page: Page
    path: Path
    name: str
    cells: tuple[prose.Cell, ...]

    def fault(self, line: int, problem: str, remedy: str) -> ContentError:
        return ContentError(f"{self.name}:{line}" if line else self.name, problem, remedy)


def check_prose(
    root: Path,
    course: Course,
    items: Iterable[Item],
    errata: Iterable[Erratum],
    faults: list[ContentError],
) -> tuple[Citation, ...]:
    """Check every lesson source below `root`, and return what they cite.

    Args:
        root: the course's folder.
        course: its pages, in order.
        items: every practice item.
        errata: every correction of the lesson's text; none, where they could not be read.
        faults: the list to add to.
    """
    sources = list(_read(root, course, faults))
    for source in sources:
        faults.extend(_title(source))
        faults.extend(_claims(source))
        faults.extend(_links(source))
    faults.extend(_cards(sources, list(items)))
    faults.extend(_corrections(sources, {erratum.id: erratum for erratum in errata}))
    faults.extend(_strays(root, sources))
    return tuple(
        Citation(f"{source.name}:{line}", identity)
        for source in sources
        for line, identity in prose.citations(source.cells)
    )


def _read(root: Path, course: Course, faults: list[ContentError]) -> Iterator[_Source]:
    folders = [(root / "course", course.start)]
    folders += [
        (root / "course" / lesson.id, page) for lesson in course.lessons for page in lesson.pages
    ]
    for folder, page in folders:
        if not page.id:
            continue  # course.toml does not name it, which has been told
        path = folder / f"{page.id}.py"
        name = path.relative_to(root).as_posix()
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:
            remedy = "Write it, or take the page out of course/course.toml."
            faults.append(ContentError(name, f'the source of page "{page.id}" is missing', remedy))
        except (OSError, UnicodeDecodeError) as error:
            faults.append(
                ContentError(name, f"cannot be read ({error})", "It must be a UTF-8 text file.")
            )
        else:
            yield _Source(page, path, name, prose.cells(text))


def _title(source: _Source) -> Iterator[ContentError]:
    found, wanted = prose.title(source.cells), source.page.title
    if found is None:
        yield source.fault(0, "has no title", f'Begin the first Markdown cell with "# {wanted}".')
    elif found.text != wanted:
        problem = f'has the title "{found.text}", and course/course.toml says "{wanted}"'
        yield source.fault(found.number, problem, "Make them the same.")


def _claims(source: _Source) -> Iterator[ContentError]:
    for paragraph in prose.paragraphs(source.cells):
        what = prose.claim(paragraph.text)
        if what:
            begin = paragraph.text if len(paragraph.text) <= 60 else f"{paragraph.text[:57]}…"
            remedy = "Cite one, as [@source-id]; the ids are in course/data/sources.toml."
            yield source.fault(
                paragraph.number, f'states {what} without a source: "{begin}"', remedy
            )


def _links(source: _Source) -> Iterator[ContentError]:
    for line, address in prose.links(source.cells):
        target = source.path.parent / address
        written = target.with_suffix(".py") if target.suffix == ".ipynb" else target
        if not written.exists() and not target.exists():
            yield source.fault(
                line, f'links to "{address}", which is not there', "Correct the address."
            )


def _cards(sources: list[_Source], items: list[Item]) -> Iterator[ContentError]:
    known = {item.id: item for item in items}
    shown: Counter[str] = Counter()
    for source in sources:
        for line, identity in prose.cards(source.cells):
            shown[identity] += 1
            item = known.get(identity)
            if item is None:
                problem = f'shows the card "{identity}", which is no practice item'
                yield source.fault(line, problem, f"Correct the id; they are in {PRACTICE}.")
            elif item.page != source.page.id:
                problem = f'shows the card "{identity}", which belongs on page "{item.page}"'
                yield source.fault(
                    line, problem, f"Move it there, or change its page in {PRACTICE}."
                )
            elif shown[identity] == 2:
                yield source.fault(
                    line, f'shows the card "{identity}" a second time', "Show each card once."
                )
    by_page = {source.page.id: source for source in sources}
    for item in items:
        if item.page in by_page and not shown[item.id]:
            problem = f'does not show the card "{item.id}", which belongs on it'
            yield by_page[item.page].fault(0, problem, f'Add lab.card("{item.id}") in a code cell.')


def _corrections(sources: list[_Source], known: dict[str, Erratum]) -> Iterator[ContentError]:
    """Hold the pages that an erratum names against the paragraphs that are marked as correcting it."""
    for source in sources if known else ():
        here = source.page.id
        marked = list(prose.corrections(source.cells))
        for line, identity in marked:
            if identity not in known:
                problem = f'corrects "{identity}", which is no erratum'
                yield source.fault(line, problem, f"Correct the id; they are in {ERRATA}.")
            elif here not in known[identity].pages:
                problem = f'corrects "{identity}", and the erratum\'s pages do not name this one'
                yield source.fault(line, problem, f'Add "{here}" to its pages in {ERRATA}.')
        for paragraph in prose.paragraphs(source.cells):
            if "**Corrected.**" in paragraph.text and not prose.CORRECTS.search(paragraph.text):
                remedy = f"Write {{# corrects: id #}} into it; the ids are in {ERRATA}."
                yield source.fault(paragraph.number, "corrects something, and not what", remedy)
        found = {identity for _, identity in marked}
        for erratum in () if prose.lists_errata(source.cells) else known.values():
            if here in erratum.pages and erratum.id not in found:
                problem = f'does not correct "{erratum.id}", though the erratum names this page'
                remedy = f"Write it, marked {{# corrects: {erratum.id} #}}, or take the page out of {ERRATA}."
                yield source.fault(0, problem, remedy)


def _strays(root: Path, sources: list[_Source]) -> Iterator[ContentError]:
    listed = {source.path for source in sources}
    for path in sorted((root / "course").rglob("*.py")):
        if path not in listed and not any(
            part.startswith(".") for part in path.relative_to(root).parts
        ):
            name = path.relative_to(root).as_posix()
            yield ContentError(
                name, "is no page of the course", "List it in course/course.toml, or remove it."
            )
