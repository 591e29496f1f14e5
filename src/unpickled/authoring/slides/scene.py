"""What each slide shows, fetched once for every writer: rows, incidents, disassemblies, terminal runs, sources.

The deck says what to show; here it is looked up, and whatever is not there is an error that names the deck's line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from pathlib import Path

from unpickled.authoring.slides import terminal
from unpickled.authoring.slides.disassembly import Listing, listing
from unpickled.authoring.slides.inline import cited
from unpickled.content import Format, Incident, load_formats, load_incidents, load_sources
from unpickled.content.deck import Data, Deck, Slide
from unpickled.errors import ContentError

__all__ = ["Byte", "Grid", "Scene", "Stretch"]

CACHE = Path(".cache/slides")
LESSON = {"formats": "each row: see the lesson", "timeline": "each event: see the lesson"}


@dataclass(frozen=True, slots=True)
class Stretch:
    """A slide's part of the talk: its number, and its share of the time, from 0 to 1."""

    number: int
    start: float
    share: float


@dataclass(frozen=True, slots=True)
class Byte:
    """One byte for the picture on the title slide; `trick` where it belongs to the marked call."""

    text: str
    trick: bool


@dataclass(frozen=True, slots=True)
class Grid:
    """The bytes of a pickle as a picture; a larger pickle is cut to the lines around its trick.

    Attributes:
        columns: bytes in a line.
        size, line: of their type, and from line to line, in pixels.
        bytes: in order.
        words, marked, rest: the sentences below it; `marked` stands out as the bytes do.
    """

    columns: int
    size: int
    line: int
    bytes: tuple[Byte, ...]
    words: str
    marked: str
    rest: str


GRIDS = (
    (80, 20, 36, 60),
    (150, 27, 28, 44),
    (0, 43, 18, 33),
)  # up to so many bytes: columns, size, line
LINES = 8  # of the last of them


class Scene:
    """A deck with everything that its slides show.

    Args:
        root: the course's folder.
        deck: the slides.
    """

    def __init__(self, root: Path, deck: Deck) -> None:
        self.root = root
        self.deck = deck

    @cached_property
    def formats(self) -> Sequence[Format]:
        """The rows of the format table."""
        return load_formats(self.root)

    @cached_property
    def incidents(self) -> Sequence[Incident]:
        """The events of the timeline."""
        return load_incidents(self.root)

    def place(self, line: int) -> str:
        """Return a line of the deck as an error names it."""
        return f"{self.deck.place}:{line}"

    def listing(self, part: Data) -> Listing:
        """Disassemble what a part asks for.

        Raises:
            ContentError: it cannot be had; see `disassembly.listing`.
        """
        options = part.options
        return listing(options["specimen"], options["highlight"], self.place(part.line))

    def sessions(self, part: Data) -> Sequence[terminal.Session]:
        """Run both scanners on what a part asks for; a run that is kept from an earlier build is not made again.

        Raises:
            ContentError: there is no such specimen.
            SetupError: a scanner is missing.
        """
        place = self.place(part.line)
        return terminal.run(part.options["specimen"], place, cache=self.root / CACHE)

    def sources(self, slide: Slide) -> tuple[str, ...]:
        """Return what the foot of a slide says about where its claims come from.

        Raises:
            ContentError: a citation names a source that is not in sources.toml.
        """
        known = self._labels
        found: list[str] = []
        for line, text in slide.texts:
            for identity in cited([text]):
                if identity not in known:
                    problem = f'cites "{identity}", which is no known source'
                    remedy = "Add it to course/data/sources.toml, or correct the id."
                    raise ContentError(self.place(line), problem, remedy)
                found.append(known[identity])
        found += [said for name, said in LESSON.items() if slide.data(name)]
        return tuple(dict.fromkeys(found))

    @cached_property
    def _labels(self) -> Mapping[str, str]:
        return {key: source.short for key, source in load_sources(self.root).items()}

    @cached_property
    def stretches(self) -> Sequence[Stretch]:
        """How the slides share the time of the talk."""
        seconds = [max(1, slide.seconds) for slide in self.deck.slides]
        total = sum(seconds)
        starts = accumulate([0, *seconds[:-1]])
        return [
            Stretch(slide.number, start / total, own / total)
            for slide, start, own in zip(self.deck.slides, starts, seconds, strict=True)
        ]

    @cached_property
    def opening(self) -> Listing | None:
        """The deck's first disassembly that has something marked; the title slide shows its bytes."""
        for slide in self.deck.slides:
            part = slide.data("disassembly")
            if part and part.options["highlight"]:
                return self.listing(part)
        return None

    @cached_property
    def grid(self) -> Grid:
        """Return the bytes of `opening`, which is there."""
        shown = self.opening
        if shown is None:
            return Grid(1, 18, 18, (), "", "", "")
        total, red = len(shown.data), shown.end - shown.start
        columns, size, line = next(rest for most, *rest in GRIDS if total <= most or not most)
        room = columns * LINES
        first = (
            max(0, min(shown.start // columns - LINES // 2, -(-total // columns) - LINES)) * columns
        )
        seen = range(first, min(total, first + room))
        of_all = (
            f"the {total} bytes" if len(seen) == total else f"{len(seen)} of the {total:,} bytes"
        )
        return Grid(
            columns,
            size,
            line,
            tuple(Byte(f"{shown.data[n]:02x}", shown.start <= n < shown.end) for n in seen),
            f"{shown.file}, {of_all} of its pickle.",
            f"The {red} red ones",
            "call a function as soon as it is loaded.",
        )
