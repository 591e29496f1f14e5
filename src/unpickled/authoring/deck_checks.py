"""A deck held against its bounds and against the course's data: each fault with its line, and what to do about it.

Rules about one slide have names, and a deck may exempt a slide from one, with a reason (`[[exempt]]` in its front
matter). An exemption that nothing needs any more is a fault itself, so that the list cannot outlive its reasons.
What needs a browser (overflow, type, contrast) is measured by `slides.layout_faults`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from unpickled.authoring import deck_claims as claims
from unpickled.authoring.deck_claims import Fault
from unpickled.authoring.slides.disassembly import LINES, listing
from unpickled.authoring.spoken import (
    FORMS,
    Pace,
    SpokenForm,
    SpokenForms,
    clock,
    pace,
    read_spoken,
)
from unpickled.content import Course, Deck, Format, Incident, Lesson, Slide, prose
from unpickled.content.deck import Bullets, Steps
from unpickled.content.loaders import Faults, read_formats, read_incidents
from unpickled.content.outline import COURSE
from unpickled.errors import ContentError
from unpickled.specimens import catalogue

__all__ = ["POINTS", "RULES", "Scene", "deck_faults", "spoken_faults"]

POINTS = 5  # items of lists on one slide
SCRIPT = re.compile(r"\bvideo(?:'s)? script\b", re.IGNORECASE)
SENTENCE = re.compile(r"(?<=[.!?])\s+")
OFF = 0.5  # minutes that a deck may be off its target
NEEDS = {
    "checklist": "a numbered list",
    "code": "{{ disassembly(…) }}",
    "picture": "{{ timeline() }}",
    "table": "{{ formats() }}",
    "terminal": "{{ terminal(…) }}",
}
DRAWN = {"code": "disassembly", "picture": "timeline", "table": "formats", "terminal": "terminal"}


@dataclass(frozen=True, slots=True)
class Scene:
    """What a deck is held against."""

    deck: Deck
    forms: SpokenForms
    paces: Mapping[int, Pace]
    formats: tuple[Format, ...]
    incidents: tuple[Incident, ...]

    @property
    def minutes(self) -> float:
        """What the whole deck takes."""
        return max((pace.end for pace in self.paces.values()), default=0.0) / 60

    @property
    def words(self) -> int:
        """All its words, as they are said."""
        return sum(pace.words for pace in self.paces.values())


def deck_faults(root: Path, deck: Deck, course: Course) -> list[ContentError]:
    """Check a deck that could be read.

    Args:
        root: the course's folder.
        deck: the deck, as `read_deck` gives it.
        course: what course.toml says.

    Returns:
        Every fault, in no order.
    """
    unread: Faults = []  # what is wrong in the tables themselves is told by the checks of the content
    forms = SpokenForms(read_spoken(root, unread))
    scene = Scene(
        deck=deck,
        forms=forms,
        paces={one.slide.number: one for one in pace(deck, forms)},
        formats=read_formats(root, unread),
        incidents=read_incidents(root, unread),
    )
    found = [
        ContentError(f"{deck.place}:{line}", p, r) for line, p, r in _whole(root, scene, course)
    ]
    found += _pages(root, scene)
    exempt = {(one.slide, one.rule): one for one in deck.exemptions}
    needed = set()
    for slide in deck.slides:
        for name, rule in RULES.items():
            for line, problem, remedy in rule(scene, slide):
                if (slide.id, name) in exempt:
                    needed.add((slide.id, name))
                else:
                    told = f'slide "{slide.id}" {problem}'
                    found.append(ContentError(f"{deck.place}:{line}", told, remedy))
    found += _needless(deck, needed)
    return found


def spoken_faults(root: Path, decks: Iterable[Deck]) -> list[ContentError]:
    """Check the table of spoken forms: its schema, and that each form is said in a deck."""
    found: Faults = []
    rows: tuple[SpokenForm, ...] = read_spoken(root, found)
    forms = SpokenForms(rows)
    said = [text for deck in decks for slide in deck.slides for text in slide.spoken]
    used = {form for text in said for form in forms.used(text)}
    for row in rows if said else ():
        if row.written and row.written not in used:
            problem = f'spoken form "{row.written}" occurs in no deck'
            found.append(ContentError(f"{FORMS}:{row.line}", problem, "Take it out."))
    return found


def _needless(deck: Deck, needed: set[tuple[str, str]]) -> Iterator[ContentError]:
    ids = {slide.id for slide in deck.slides}
    for one in deck.exemptions:
        place = f"{deck.place}:{one.line}"
        if one.slide not in ids:
            problem = f'exempts the slide "{one.slide}", which is not there'
            yield ContentError(place, problem, f"The slides are: {', '.join(sorted(ids))}.")
        elif one.rule not in RULES:
            problem = f'exempts from the rule "{one.rule}", which is unknown'
            yield ContentError(place, problem, f"The rules are: {', '.join(RULES)}.")
        elif (one.slide, one.rule) not in needed:
            problem = f'exempts slide "{one.slide}" from "{one.rule}", which it keeps by now'
            yield ContentError(place, problem, "Take the exemption out.")


def _whole(root: Path, scene: Scene, course: Course) -> Iterator[Fault]:
    """Check what belongs to no single slide: the lesson, and the minutes in all."""
    deck = scene.deck
    lesson = next((one for one in course.lessons if one.id == deck.lesson), None)
    if course.lessons and lesson is None:
        yield 1, f'is the deck of "{deck.lesson}", which is no lesson of {COURSE}', "List it there."
    if lesson:
        yield from _lesson(root, deck, lesson)
    for slide in deck.slides:
        if slide.layout == "title" and deck.title and slide.title not in ("", deck.title):
            problem = f'slide "{slide.id}" shows the title "{slide.title}", and the deck has "{deck.title}"'
            yield slide.line, problem, "Make them the same."
    line = _line(root, deck, "cap_minutes")
    if deck.cap_minutes and scene.minutes > deck.cap_minutes:
        problem = (
            f"takes {clock(scene.minutes * 60)}, and its cap is {clock(deck.cap_minutes * 60)}"
        )
        over = scene.words - round(deck.cap_minutes * deck.words_per_minute)
        yield line, problem, f"Take {over} words out of what is spoken."
    elif deck.target_minutes and abs(scene.minutes - deck.target_minutes) > OFF:
        problem = f"takes {clock(scene.minutes * 60)}, and its target is {clock(deck.target_minutes * 60)}"
        off = round((scene.minutes - deck.target_minutes) * deck.words_per_minute)
        remedy = f"Take about {off} words out" if off > 0 else f"Say about {-off} words more"
        yield _line(root, deck, "target_minutes"), problem, f"{remedy}, or correct the target."
    budget = sum(slide.seconds for slide in deck.slides)
    if deck.cap_minutes and budget > deck.cap_minutes * 60:
        problem = f"gives its slides {clock(budget)} in all, and its cap is {clock(deck.cap_minutes * 60)}"
        yield line, problem, f"Take {budget - deck.cap_minutes * 60:g} seconds off its slides."


def _lesson(root: Path, deck: Deck, lesson: Lesson) -> Iterator[Fault]:
    if deck.title and deck.title != lesson.title:
        problem = f'has the title "{deck.title}", and {COURSE} says "{lesson.title}"'
        yield _line(root, deck, "title"), problem, "Make them the same."
    if deck.cap_minutes > lesson.stated_minutes > 0:
        problem = f"may take {deck.cap_minutes:g} minutes, and {COURSE} states {lesson.stated_minutes} for the lesson"
        yield _line(root, deck, "cap_minutes"), problem, "Lower the cap, or raise stated_minutes."


def _pages(root: Path, scene: Scene) -> Iterator[ContentError]:
    """Hold what the lesson's pages say of the script's minutes and words; a correction quotes another script."""
    for path in sorted((root / "course" / scene.deck.lesson).glob("*.py")):
        try:
            parts = prose.cells(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError):
            continue  # told by the course's own check
        texts = [
            (paragraph.number, sentence)
            for paragraph in prose.paragraphs(parts)
            if not prose.CORRECTS.search(paragraph.text)
            for sentence in SENTENCE.split(paragraph.text)
            if SCRIPT.search(sentence)
        ]
        name = path.relative_to(root).as_posix()
        for line, problem, remedy in claims.lesson_time(texts, scene.minutes, scene.words):
            yield ContentError(f"{name}:{line}", f"{problem} in the script", remedy)


def _line(root: Path, deck: Deck, key: str) -> int:
    """Return the line of a key in the front matter."""
    lines = (root / deck.place).read_text(encoding="utf-8").splitlines()
    return next((n for n, line in enumerate(lines, 1) if line.startswith(key)), 1)


def _script(_: Scene, slide: Slide) -> Iterator[Fault]:
    if not any(slide.spoken):
        remedy = "Write it below ### Spoken, at the end of the slide."
        yield slide.line, "has no spoken text", remedy


def _seconds(scene: Scene, slide: Slide) -> Iterator[Fault]:
    one = scene.paces[slide.number]
    if slide.seconds and round(one.seconds) > slide.seconds:
        over = one.words - slide.seconds * scene.deck.words_per_minute // 60
        problem = f"is spoken to for {round(one.seconds)} seconds, and may take {slide.seconds}"
        remedy = f"Take {over} words out, or give it seconds={round(one.seconds)}."
        yield slide.line, problem, remedy


def _points(_: Scene, slide: Slide) -> Iterator[Fault]:
    lists = [part for part in slide.parts if isinstance(part, Bullets | Steps)]
    count = sum(len(part.items) for part in lists)
    if count > POINTS:
        remedy = "Say the least important ones instead, or make two slides."
        yield lists[0].line, f"has {count} points, and {POINTS} are the most", remedy


def _layout(_: Scene, slide: Slide) -> Iterator[Fault]:
    need = NEEDS.get(slide.layout)
    if slide.layout == "checklist":
        there = any(isinstance(part, Steps) for part in slide.parts)
    else:
        there = not need or slide.data(DRAWN[slide.layout]) is not None
    if not there:
        problem = f"has the layout {slide.layout} and not what that lays out"
        yield slide.line, problem, f"Give it {need}, or another layout."


def _specimen(_: Scene, slide: Slide) -> Iterator[Fault]:
    known = {specimen.id for specimen in catalogue()}
    for name in ("disassembly", "terminal"):
        part = slide.data(name)
        if part and part.options["specimen"] not in known:
            problem = f'shows the specimen "{part.options["specimen"]}", which is unknown'
            yield part.line, problem, "See src/unpickled/specimens/catalogue.toml."


def _code(scene: Scene, slide: Slide) -> Iterator[Fault]:
    """Hold the listing against what a slide can show, and its red lines against the opcode that they stand for."""
    part = slide.data("disassembly")
    if part is None or part.options["specimen"] not in {one.id for one in catalogue()}:
        return
    try:
        shown = listing(
            part.options["specimen"], part.options["highlight"], f"{scene.deck.place}:{part.line}"
        )
    except ContentError as error:
        yield part.line, f"has a listing that fails: {error.problem}", error.remedy
        return
    if len(shown.rows) > LINES:
        problem = f"has {len(shown.rows)} lines of code, and {LINES} are the most"
        yield part.line, problem, "Choose a smaller specimen."
    red = [row.opcode for row in shown.rows if row.trick]
    if red and "REDUCE" not in red:
        problem = f"has red lines without a REDUCE: {', '.join(red)}"
        yield part.line, problem, "Choose a specimen whose call is made by REDUCE."


def _source(scene: Scene, slide: Slide) -> Iterator[Fault]:
    yield from claims.unsourced(slide, scene.formats, scene.incidents)


def _said(scene: Scene, slide: Slide) -> Iterator[Fault]:
    for line, text in zip(slide.spoken_lines, slide.spoken, strict=True):
        for piece in scene.forms.unsaid(text):
            problem = f'says "{piece}", and {FORMS} does not say how that sounds'
            yield line, problem, "Add it there, or write it out in words."


def _table(scene: Scene, slide: Slide) -> Iterator[Fault]:
    if slide.data("formats"):
        yield from claims.table(slide, scene.formats)


def _steps(_: Scene, slide: Slide) -> Iterator[Fault]:
    yield from claims.steps(slide)


def _time(scene: Scene, slide: Slide) -> Iterator[Fault]:
    yield from claims.title_time(slide, scene.paces[slide.number].seconds)
    texts = [*slide.texts, *zip(slide.spoken_lines, slide.spoken, strict=True)]
    for line, problem, remedy in claims.lesson_time(texts, scene.minutes, scene.words):
        if slide.layout == "title":
            yield line, problem, remedy
        elif slide.layout != "next":  # which tells of another lesson
            yield line, problem, f"{remedy[:-1]}, or exempt the slide, if that is not the lesson's."


RULES: Mapping[str, Callable[[Scene, Slide], Iterator[Fault]]] = {
    "script": _script,
    "seconds": _seconds,
    "points": _points,
    "layout": _layout,
    "specimen": _specimen,
    "code": _code,
    "source": _source,
    "said": _said,
    "table": _table,
    "steps": _steps,
    "time": _time,
}
"""Every rule about one slide, by the name that an exemption uses."""
