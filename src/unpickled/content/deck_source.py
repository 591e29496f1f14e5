"""deck.md as one record: TOML front matter, then a section for each slide with what is seen and what is said.

    +++                                                       front matter, TOML
    +++
    ## Title {#id layout=checklist seconds=45}                one slide; `seconds` is how long it may be spoken to
    1. **Step.** The rest                                     or `- a bullet`, a paragraph, {{ formats() }} alone
    ### Spoken
    What is said, as paragraphs.

The format is our own: Markdown's headings and lists, with the attributes of a heading in braces as Pandoc writes them
(https://pandoc.org/MANUAL.html#extension-header_attributes). Whatever else Markdown has is refused with its line, since
no slide would show it as meant. Reading goes on after a fault, so that an author sees all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from unpickled.content.deck import LAYOUTS, Deck, Exemption, Slide
from unpickled.content.deck_blocks import Line, Reader
from unpickled.content.deck_values import Values
from unpickled.content.loaders import Faults, load
from unpickled.content.schema import SLUG, Document, Row
from unpickled.errors import ContentError

__all__ = ["deck_lessons", "deck_path", "load_deck", "read_deck"]

FENCE = "+++"
PACES = 80, 220  # words a minute that people can follow
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")
MARKS = (("`", "code marks"), ("**", "bold text"), ("[@", "a citation"), ("{{", "a call"))
HEADING = re.compile(r"##\s+(?P<title>.*?)\s*(?:\{(?P<attributes>[^{}]*)\})?\s*$")
SPOKEN = re.compile(r"###\s+Spoken\s*$")
EXAMPLE = "Write it as: ## Title {#id layout=text seconds=30}."


def deck_path(lesson: str) -> str:
    """Return where a lesson's deck is, relative to the course's folder."""
    return f"course/{lesson}/deck.md"


def deck_lessons(root: Path) -> tuple[str, ...]:
    """Return the lessons that have a deck, by their folders' names."""
    return tuple(sorted(path.parent.name for path in root.glob("course/*/deck.md")))


def load_deck(lesson: str, root: Path | None = None) -> Deck:
    """Return a lesson's deck.

    Raises:
        ContentError: the deck is missing or wrong: its first fault.
    """
    return load(lambda place, faults: read_deck(place, faults, lesson), root)


def read_deck(root: Path, faults: Faults, lesson: str) -> Deck:
    """Read a lesson's deck and collect the faults; what could be read is in the deck all the same."""
    path = deck_path(lesson)
    lines = _lines(root, path, faults)
    end = next((n for n, line in enumerate(lines[1:], 1) if line.text.strip() == FENCE), 0)
    if lines and (lines[0].text.strip() != FENCE or not end):
        problem = f"does not begin with front matter between two lines {FENCE}"
        faults.append(ContentError(f"{path}:1", problem, "Begin it as the other decks do."))
        return _deck(None, path, lesson, ())
    toml = "\n".join("" if line.text.strip() == FENCE else line.text for line in lines[: end + 1])
    head = Document(root, path, faults, text=toml).top("the front matter", 1) if lines else None
    reader = Reader(path, Values(root), faults)
    slides = tuple(_slides(reader, lines[end + 1 :]))
    if lines and not slides:
        faults.append(ContentError(path, "has no slide", EXAMPLE))
    return _deck(head, path, lesson, slides)


def _lines(root: Path, path: str, faults: Faults) -> list[Line]:
    try:
        text = (root / path).read_bytes().decode("utf-8")
    except FileNotFoundError:
        remedy = f"Write it; unpickled author new {Path(path).parent.name} makes one to begin with."
        faults.append(ContentError(path, "the file is missing", remedy))
    except UnicodeDecodeError as error:
        line = 1 + error.object[: error.start].count(b"\n")
        problem = f"byte {error.start} is not UTF-8"
        faults.append(ContentError(f"{path}:{line}", problem, "Save the file as UTF-8."))
    except OSError as error:
        remedy = "Check what is at this path, and its permissions."
        faults.append(ContentError(path, f"cannot be read: {error.strerror}", remedy))
    else:
        if not text.strip():
            faults.append(ContentError(path, "is empty", "Begin it as the other decks do."))
            return []
        text = text.removeprefix("\ufeff")  # which some editors save before the first character
        read = [
            Line(number, words) for number, words in enumerate(re.split(r"\r\n|\r|\n", text), 1)
        ]
        for one in read:
            found = CONTROL.search(one.text)
            if found:
                problem = f"holds the control character U+{ord(found[0]):04X}"
                remedy = "Take it out: no slide can show it."
                faults.append(ContentError(f"{path}:{one.number}", problem, remedy))
        return read
    return []


def _deck(head: Row | None, path: str, lesson: str, slides: tuple[Slide, ...]) -> Deck:
    if head is None:
        return Deck(
            lesson=lesson, title="", place=path, target_minutes=0, cap_minutes=0,
            words_per_minute=0, slides=slides,
        )  # fmt: skip
    named = head.slug("lesson")
    if named and named != lesson:
        head.fault(f'says lesson = "{named}"', f'Its folder says "{lesson}".', key="lesson")
    deck = Deck(
        lesson=lesson,
        title=head.text("title"),
        place=path,
        target_minutes=head.number("target_minutes"),
        cap_minutes=head.number("cap_minutes"),
        words_per_minute=head.minutes("words_per_minute"),
        slides=slides,
        exemptions=tuple(_exemption(row) for row in head.rows("exempt")),
    )
    if deck.target_minutes > deck.cap_minutes > 0:
        problem = f"aims at {deck.target_minutes:g} minutes, above its cap of {deck.cap_minutes:g}"
        head.fault(problem, "Lower the target, or raise the cap.", key="target_minutes")
    slowest, fastest = PACES
    if deck.words_per_minute > 0 and not slowest <= deck.words_per_minute <= fastest:
        problem = f"is spoken at words_per_minute = {deck.words_per_minute}"
        remedy = f"Nobody follows that: choose {slowest} to {fastest}; 130 is a calm pace."
        head.fault(problem, remedy, key="words_per_minute")
    head.close()
    return deck


def _exemption(row: Row) -> Exemption:
    made = Exemption(
        slide=row.slug("slide"), rule=row.slug("rule"), reason=row.text("reason"), line=row.line
    )
    row.close()
    return made


def _slides(reader: Reader, lines: list[Line]) -> Iterator[Slide]:
    """Yield each slide; a heading that is none of ours and what stands before the first slide are faults."""
    seen: dict[str, int] = {}
    starts = [n for n, line in enumerate(lines) if re.match(r"##\s", line.text)]
    for line in lines[: starts[0] if starts else len(lines)]:
        if line.text.strip():
            reader.fault(line.number, "stands before the first slide", "Move it into a slide.")
            break
    ends = [*starts[1:], len(lines)]
    for number, (start, end) in enumerate(zip(starts, ends, strict=False), start=1):
        yield _slide(reader, number, lines[start:end], seen)


def _slide(reader: Reader, number: int, lines: list[Line], seen: dict[str, int]) -> Slide:
    heading, body = lines[0], lines[1:]
    match = HEADING.match(heading.text)
    title = match["title"] if match else ""
    given = _attributes(reader, heading.number, (match and match["attributes"]) or "")
    identity = given.get("id", "")
    if not title:
        reader.fault(heading.number, "a slide has no title", EXAMPLE)
    for mark, what in MARKS:
        if mark in title:
            problem = f'slide "{identity}" has {what} in its title, which would show the marks'
            reader.fault(heading.number, problem, "Write the title in plain words.")
    if not identity:
        reader.fault(heading.number, f'slide "{title}" has no id', EXAMPLE)
    elif identity in seen:
        problem = (
            f'slide "{title}" has the id "{identity}", which the slide of line {seen[identity]} has'
        )
        reader.fault(heading.number, problem, "Ids are unique in a deck: choose another.")
    seen.setdefault(identity, heading.number)
    cut = next((n for n, line in enumerate(body) if SPOKEN.match(line.text)), len(body))
    spoken = list(reader.spoken(body[cut + 1 :]))
    return Slide(
        id=identity,
        number=number,
        title=title,
        layout=_layout(reader, heading.number, title, given),
        parts=reader.parts(body[:cut]),
        spoken=tuple(line.text for line in spoken),
        line=heading.number,
        seconds=_seconds(reader, heading.number, title, given),
        spoken_lines=tuple(line.number for line in spoken),
    )


def _attributes(reader: Reader, line: int, written: str) -> dict[str, str]:
    given: dict[str, str] = {}
    for word in written.split():
        key, _, value = ("id", "=", word[1:]) if word.startswith("#") else word.partition("=")
        if key not in ("id", "layout", "seconds"):
            reader.fault(line, f'a slide has no attribute "{word}"', EXAMPLE)
        elif key in given:
            reader.fault(line, f"a slide has two of {key}", "Leave one.")
        elif key == "id" and not SLUG.fullmatch(value):
            remedy = "Use letters, digits, dots and hyphens, no spaces."
            reader.fault(line, f'a slide has the unusable id "{value}"', remedy)
        given.setdefault(key, value)
    return given


def _layout(reader: Reader, line: int, title: str, given: dict[str, str]) -> str:
    layout = given.get("layout", "")
    if layout not in LAYOUTS:
        what = f'the unknown layout "{layout}"' if layout else "no layout"
        reader.fault(line, f'slide "{title}" has {what}', f"Use one of: {', '.join(LAYOUTS)}.")
        return "text"
    return layout


def _seconds(reader: Reader, line: int, title: str, given: dict[str, str]) -> int:
    written = given.get("seconds", "")
    if not written.isdecimal() or int(written) < 1:
        problem = f'slide "{title}" does not say how many seconds it may be spoken to'
        reader.fault(line, problem, "Add seconds=30, or what it needs.")
        return 0
    return int(written)
