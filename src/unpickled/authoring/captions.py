"""Captions: what is spoken, cut into cues that a viewer can read, as SubRip and as WebVTT.

A cue has at most two lines of 42 characters and 20 characters a second, as Netflix's style guide for timed text asks
(https://partnerhelp.netflixstudios.com/hc/en-us/articles/217350977). Cues show the written form, ".pt", and last as
long as the spoken one, "dot p t". Where to cut is chosen for a whole paragraph at once: the cheapest way through it,
where a cut costs least at the end of a sentence and most after "the".

Formats: WebVTT, https://www.w3.org/TR/webvtt1/; SubRip has no standard, and is written as players read it, with a comma
before the milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

from unpickled.authoring.spoken import SpokenForms, pace
from unpickled.content import Deck

__all__ = ["CHARACTERS", "LINES", "RATE", "Cue", "cues", "srt", "vtt"]

CHARACTERS, LINES = 42, 2  # of a line, of a cue
RATE = 20  # characters a second
SECONDS = 7.0  # a cue that stays longer is read twice

AFTER = {".": 0.0, "?": 0.0, "!": 0.0, ":": 0.5, ";": 0.5, ",": 1.0}  # what a cut after this costs
BEFORE = frozenset(
    (
        "and",
        "or",
        "but",
        "because",
        "so",
        "since",
        "that",
        "which",
        "when",
        "if",
        "unless",
        "without",
    )
)
CLINGS = frozenset(
    ("a", "an", "the", "of", "to", "in", "on", "at", "by", "for", "from", "with", "without", "and", "or", "is", "no")
)  # fmt: skip
PER_CUE, SHORT = 2.5, 4.0  # for each cue, for one that fills less than half a line
INNER_STOP, STUB = (
    1.0,
    6.0,
)  # for a sentence that ends inside a cue, for one whose first words end it


@dataclass(frozen=True, slots=True)
class Cue:
    """One caption: its slide's id, when it is seen, in seconds, and its one or two lines."""

    slide: str
    start: float
    end: float
    lines: tuple[str, ...]

    @property
    def rate(self) -> float:
        """Characters a second, a line's end counted as none."""
        return sum(map(len, self.lines)) / (self.end - self.start)


def cues(
    deck: Deck, forms: SpokenForms, measured: Mapping[str, tuple[float, float]] | None = None
) -> tuple[Cue, ...]:
    """Cut a deck's spoken text into cues.

    Args:
        deck: the slides, in order.
        forms: how what is written is said.
        measured: when each slide's audio begins and ends, in seconds, by slide id; by words a minute where not given.

    Returns:
        The cues in order; none begins before the one before it ends.
    """
    made: list[Cue] = []
    cutter = _Cutter(forms, deck.words_per_minute)
    for slide in pace(deck, forms):
        start, end = (measured or {}).get(slide.slide.id, (slide.start, slide.end))
        blocks, seconds, unit = cutter.fitted(slide.slide.spoken, end - start)
        at = start
        for block, share in zip(blocks, seconds, strict=True):
            made.append(Cue(slide.slide.id, at, at + share * unit, _lines(block)))
            at += share * unit
    return tuple(made)


def srt(made: Sequence[Cue]) -> str:
    """Write cues as a SubRip file."""
    blocks = (
        f"{number}\n{_time(cue.start, ',')} --> {_time(cue.end, ',')}\n" + "\n".join(cue.lines)
        for number, cue in enumerate(made, 1)
    )
    return "\n\n".join(blocks) + "\n"


def vtt(made: Sequence[Cue]) -> str:
    """Write cues as a WebVTT file; a cue is called by its slide and its number there, as in "pickle-3"."""
    count: dict[str, int] = {}
    blocks = ["WEBVTT"]
    for cue in made:
        count[cue.slide] = count.get(cue.slide, 0) + 1
        words = "\n".join(escape(line, quote=False) for line in cue.lines)
        head = f"{cue.slide}-{count[cue.slide]}\n{_time(cue.start, '.')} --> {_time(cue.end, '.')}"
        blocks.append(f"{head}\n{words}")
    return "\n\n".join(blocks) + "\n"


@dataclass(frozen=True, slots=True)
class _Cutter:
    """Cuts paragraphs into cues: knows how long words take to say."""

    forms: SpokenForms
    words_per_minute: int

    def fitted(
        self, paragraphs: Sequence[str], lasts: float
    ) -> tuple[list[Sequence[str]], list[float], float]:
        """Cut a slide's paragraphs; return the cues, their seconds, and by how much these stretch to fill `lasts`.

        Where the audio is slower than our own pace, they are cut once more, so that none stays for too long.
        """
        stretch = 1.0
        for _ in range(2):
            blocks = [block for text in paragraphs for block in self.cut(text.split(), stretch)]
            seconds = [self.seconds(block) for block in blocks]
            unit = lasts / max(1e-9, sum(seconds))
            if max(seconds, default=0.0) * unit <= SECONDS:
                break
            stretch = unit
        return blocks, seconds, unit

    def cut(self, words: Sequence[str], stretch: float = 1.0) -> Iterator[Sequence[str]]:
        """Cut a paragraph into cues: the cheapest of all ways whose every cue fits."""
        best: list[tuple[float, int]] = [(0.0, 0)]
        for end in range(1, len(words) + 1):
            ways = []
            for start in range(end - 1, -1, -1):
                block = words[start:end]
                if end - start > 1 and not self._fits(block, stretch):
                    break
                ways.append((best[start][0] + _cost(block, words[end : end + 1]), start))
            best.append(min(ways))
        ends = [len(words)]
        while ends[-1]:
            ends.append(best[ends[-1]][1])
        return (words[start:end] for start, end in pairwise(reversed(ends)))

    def seconds(self, block: Sequence[str]) -> float:
        """Say how long a cue is to be seen: as long as it is said, and long enough to be read."""
        text = " ".join(block)
        said = self.forms.words(text) * 60 / max(1, self.words_per_minute)
        return max(said, len(text) / (RATE - 1))

    def _fits(self, block: Sequence[str], stretch: float) -> bool:
        return _short(" ".join(block)) and self.seconds(block) * stretch <= SECONDS


def _cost(block: Sequence[str], after: Sequence[str]) -> float:
    stops = [n for n, word in enumerate(block[:-1], 1) if word[-1] in ".?!"]
    stub = STUB if stops and len(block) - stops[-1] < 3 else 0.0
    short = SHORT if sum(map(len, block)) + len(block) - 1 < CHARACTERS / 2 else 0.0
    parting = _parting(block[-1], after[0]) if after else 0.0
    return PER_CUE + INNER_STOP * len(stops) + stub + short + parting


def _parting(word: str, following: str) -> float:
    """Return what it costs to part two words, be it by a cue's end or a line's."""
    if word[-1] in AFTER:
        return AFTER[word[-1]]
    pair = (word.lower(), following.lower())
    if pair[0] in CLINGS or pair == ("so", "that") or following[:1].isdecimal():
        return 8.0
    return 2.0 if pair[1] in BEFORE else 4.0


def _short(text: str) -> bool:
    """Tell whether a text can be broken into lines that are short enough, of which there are two."""
    if len(text) <= CHARACTERS:
        return True
    at = text.rfind(" ", 0, CHARACTERS + 1)
    return at > 0 and len(text) - at - 1 <= CHARACTERS


def _lines(block: Sequence[str]) -> tuple[str, ...]:
    """Break a cue into at most two lines: where the sense breaks, and as even as can be."""
    whole = " ".join(block)
    if len(whole) <= CHARACTERS or len(block) == 1:
        return (whole,)
    ways = []
    for at in range(1, len(block)):
        one, two = " ".join(block[:at]), " ".join(block[at:])
        over = max(0, len(one) - CHARACTERS) + max(0, len(two) - CHARACTERS)
        uneven = abs(len(one) - len(two)) / 5
        ways.append((over, uneven + _parting(block[at - 1], block[at]), one, two))
    return min(ways)[2:]


def _time(seconds: float, point: str) -> str:
    whole = round(seconds * 1000)
    minutes, rest = divmod(whole, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest // 1000:02}{point}{rest % 1000:03}"
