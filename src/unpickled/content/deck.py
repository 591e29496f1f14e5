"""The deck of a lesson as frozen records: slides, what stands on them, and what is spoken to them.

`course/LESSON/deck.md` is the one source of slides, script, captions and teleprompter; `deck_source.read_deck` reads
it. Whatever a text asks of the course's data, as in `{{ risk(format="gguf") }}`, has been put in by then.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "LAYOUTS",
    "Bullets",
    "Data",
    "Deck",
    "Exemption",
    "Part",
    "Slide",
    "Steps",
    "Text",
]

LAYOUTS = ("title", "text", "checklist", "table", "code", "picture", "terminal", "next")
"""How a slide is laid out; the writers know each of these and no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph, with `**strong**`, `` `code` `` and `[@source]` in it; `line` is its line in the file, from 1."""

    text: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Bullets:
    """A list without an order; each item is inline text as in `Text`, and begins on its line of `lines`."""

    items: tuple[str, ...]
    line: int
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Steps:
    """A numbered checklist; each item is inline text that begins with its step in `**strong**`; `lines` as above."""

    items: tuple[str, ...]
    line: int
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Data:
    """Something out of the course's data or of a real run: `{{ name(key="value") }}` on a line of its own.

    Names: `formats` (the format table), `timeline` (the incidents' picture), `disassembly` (a specimen as our tracer
    reads it; `specimen`, `highlight`), `terminal` (both scanners run on a specimen; `specimen`).
    """

    name: str
    options: Mapping[str, str]
    line: int


Part = Text | Bullets | Steps | Data


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """One slide.

    Attributes:
        id: unique in the deck, and stable: files and links are named after it.
        number: from 1.
        title: plain text.
        layout: one of `LAYOUTS`.
        parts: what is seen, from top to bottom.
        spoken: what is said, as paragraphs in written form (".pt", not "dot p t").
        line: of its heading in the file, from 1.
        seconds: how long it may be spoken to.
        spoken_lines: where each paragraph of `spoken` begins in the file.
    """

    id: str
    number: int
    title: str
    layout: str
    parts: tuple[Part, ...]
    spoken: tuple[str, ...]
    line: int
    seconds: int = 0
    spoken_lines: tuple[int, ...] = ()

    @property
    def texts(self) -> tuple[tuple[int, str], ...]:
        """Every text that is seen below the title, with its line: paragraphs and the items of lists."""
        found: list[tuple[int, str]] = []
        for part in self.parts:
            if isinstance(part, Text):
                found.append((part.line, part.text))
            elif not isinstance(part, Data):
                lines = part.lines or (part.line,) * len(part.items)
                found += zip(lines, part.items, strict=True)
        return tuple(found)

    def data(self, name: str) -> Data | None:
        """Return what the slide takes from the course's data under this name, or None."""
        return next((p for p in self.parts if isinstance(p, Data) and p.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemption:
    """One rule that one slide may break, and why; an exemption that nothing needs any more is a fault itself."""

    slide: str
    rule: str
    reason: str
    line: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deck:
    """The slides of a lesson and the bounds that they keep.

    Attributes:
        lesson: such as "L4.4.2".
        title: of the lesson.
        place: the file, relative to the checkout, for messages.
        target_minutes, cap_minutes: of the spoken text: what is aimed at, and what is too long.
        words_per_minute: how fast it is spoken, words counted in their spoken form.
        slides: in order.
        exemptions: rules that single slides may break.
    """

    lesson: str
    title: str
    place: str
    target_minutes: float
    cap_minutes: float
    words_per_minute: int
    slides: tuple[Slide, ...]
    exemptions: tuple[Exemption, ...] = ()
