"""Captions held against their bounds: measured audio can be faster than anyone reads, and a word longer than a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from unpickled.authoring.audio import AUDIO, measured
from unpickled.authoring.captions import CHARACTERS, LINES, RATE, Cue, cues
from unpickled.authoring.spoken import SpokenForms, read_spoken
from unpickled.content import Deck
from unpickled.errors import ContentError

__all__ = ["caption_faults"]

ROUNDING = 0.05  # characters a second: times are written in milliseconds


def caption_faults(root: Path, deck: Deck) -> list[ContentError]:
    """Return a fault for each caption that cannot be read in its time, or does not fit its lines.

    Args:
        root: the course's folder, where measured audio may be.
        deck: the deck.
    """
    forms = SpokenForms(read_spoken(root, []))
    try:
        made = cues(deck, forms, measured(root, deck, forms))
    except ContentError as error:
        return [error]
    lines = {slide.id: slide.line for slide in deck.slides}
    return [
        ContentError(f"{deck.place}:{lines[cue.slide]}", f'slide "{cue.slide}" {problem}', remedy)
        for cue in made
        for problem, remedy in _faults(cue)
    ]


def _faults(cue: Cue) -> Iterator[tuple[str, str]]:
    text = " ".join(cue.lines)
    longest = max(map(len, cue.lines))
    if longest > CHARACTERS or len(cue.lines) > LINES:
        problem = (
            f'has a caption line of {longest} characters, and {CHARACTERS} are the most: "{text}"'
        )
        yield problem, "Write the long word otherwise."
    if cue.end <= cue.start or cue.rate > RATE + ROUNDING:
        rate = f"{cue.rate:.0f}" if cue.end > cue.start else "endless"
        problem = f'has a caption of {rate} characters a second, and {RATE} are the most: "{text}"'
        yield problem, f"Say it in fewer words, or more slowly; the times are in {AUDIO}."
