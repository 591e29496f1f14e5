"""Captions held against their bounds: a pace or measured audio can be too fast to read, a word longer than a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from unpickled.authoring.audio import AUDIO, measured, recorded
from unpickled.authoring.captions import CHARACTERS, RATE, Cue, cues
from unpickled.authoring.spoken import SpokenForms, read_spoken
from unpickled.authoring.units import scripts_folder
from unpickled.content import Deck
from unpickled.errors import ContentError

__all__ = ["caption_faults"]

ROUNDING = 0.05  # characters a second: times are written in milliseconds


def caption_faults(root: Path, deck: Deck) -> list[ContentError]:
    """Return the worst caption of each slide that cannot be read in its time, and of each that does not fit its lines.

    Args:
        root: the course's folder, where measured audio may be.
        deck: the deck.
    """
    forms = SpokenForms(read_spoken(root, []))
    try:
        made = cues(deck, forms, measured(root, deck, forms))
        heard = recorded(root, deck, forms)
    except ContentError as error:
        return [error]
    audio = (scripts_folder(root, deck.lesson) / AUDIO).relative_to(root).as_posix()
    by_audio = f"Say it in fewer words, or more slowly: its times are in {audio}."
    by_words = f"Say it in fewer words, or lower words_per_minute = {deck.words_per_minute}."
    return [
        ContentError(f"{deck.place}:{slide.line}", f'slide "{slide.id}" {problem}', remedy)
        for slide in deck.slides
        for problem, remedy in _faults(
            [cue for cue in made if cue.slide == slide.id],
            by_audio if slide.id in heard else by_words,
        )
    ]


def _faults(made: Sequence[Cue], slower: str) -> Iterator[tuple[str, str]]:
    wide = _worst(made, lambda cue: max(map(len, cue.lines)), CHARACTERS)
    if wide:
        longest = max(map(len, wide.lines))
        problem = f"has a caption line of {longest} characters, and {CHARACTERS} are the most"
        yield f"{problem}: {_text(wide)}", "Write the long word otherwise."
    fast = _worst(made, _rate, RATE + ROUNDING)
    if fast:
        rate = f"{fast.rate:.1f}" if fast.end > fast.start else "endless"
        problem = f"has a caption of {rate} characters a second, and {RATE} are the most"
        yield f"{problem}: {_text(fast)}", slower


def _worst(made: Sequence[Cue], measure: Callable[[Cue], float], most: float) -> Cue | None:
    """Return the first cue of those that are furthest above a bound."""
    worst = max(made, key=measure, default=None)
    return worst if worst and measure(worst) > most else None


def _rate(cue: Cue) -> float:
    return cue.rate if cue.end > cue.start else float("inf")


def _text(cue: Cue) -> str:
    return f'"{" ".join(cue.lines)}"'
