"""Spoken forms: what a narrator says for ".pt", and so how many words and seconds a text takes.

`course/data/spoken.toml` lists them. Script, teleprompter and every count of words go through here, so that a text that
is short to read and long to say is counted as it is said.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unpickled.content import Deck, Slide
from unpickled.content.loaders import DATA, Faults, load
from unpickled.content.schema import Document, Row

__all__ = [
    "FORMS",
    "Pace",
    "SpokenForm",
    "SpokenForms",
    "clock",
    "load_spoken",
    "pace",
    "read_spoken",
]

FORMS = f"{DATA}/spoken.toml"
WORD = re.compile(r"[^\W_]+(?:['\N{RIGHT SINGLE QUOTATION MARK}-][^\W_]+)*")
TOKEN = re.compile(r"\S+")
EDGES = "\"'()[]\N{LEFT DOUBLE QUOTATION MARK}\N{RIGHT DOUBLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}"
UNSPEAKABLE = re.compile(r"[\d_=/\\@#*<>|{}\[\]~^&+%$`]|\w\.\w|^\.\w")


@dataclass(frozen=True, slots=True)
class SpokenForm:
    """One row: what is written, what is said for it, and the line where the row begins."""

    written: str
    said: str
    line: int = 0


@dataclass(frozen=True, slots=True)
class Pace:
    """How a slide is spoken to: its words as they are said, and when it begins and ends, in seconds."""

    slide: Slide
    words: int
    start: float
    end: float

    @property
    def seconds(self) -> float:
        """How long it takes."""
        return self.end - self.start


class SpokenForms:
    """The table of spoken forms, ready to be applied; a longer form wins over a shorter one inside it.

    Args:
        forms: the rows.
    """

    def __init__(self, forms: Iterable[SpokenForm]) -> None:
        self._said = {form.written: form.said for form in forms}
        written = sorted(self._said, key=lambda form: (-len(form), form))
        alone = "|".join(map(re.escape, written)) or r"(?!)"
        # ".pt" is not said inside "model.pt", nor "2.6" inside "12.6" or "2.6.1"
        self._pattern = re.compile(rf"(?<!\w)(?<!\d\.)(?:{alone})(?!\w|\.\d)")

    def say(self, text: str) -> str:
        """Return the text as it is said; a form that begins a sentence has a capital."""
        return self._pattern.sub(lambda found: self._form(text[: found.start()], found[0]), text)

    def _form(self, before: str, written: str) -> str:
        said = self._said[written]
        begins = not before or before.rstrip()[-1:] in (".", "?", "!")
        return said[:1].upper() + said[1:] if begins else said

    def words(self, text: str) -> int:
        """Count the words of a written text as they are said; "thirty-second" is one, ".pt" three."""
        return len(WORD.findall(self.say(text)))

    def used(self, text: str) -> Iterator[str]:
        """Yield each written form that occurs in a text."""
        yield from self._pattern.findall(text)

    def unsaid(self, text: str) -> Iterator[str]:
        """Yield each piece of a text that nobody could read aloud as it stands: it has digits, signs or inner dots."""
        for token in TOKEN.findall(self.say(text)):
            bare = token.strip(EDGES).rstrip(".,:;?!").strip(EDGES)
            if UNSPEAKABLE.search(bare):
                yield bare

    def __getitem__(self, written: str) -> str:
        return self._said[written]


def load_spoken(root: Path) -> SpokenForms:
    """Return the course's spoken forms.

    Raises:
        ContentError: the table is missing or breaks its schema.
    """
    return SpokenForms(load(read_spoken, root))


def read_spoken(root: Path, faults: Faults) -> tuple[SpokenForm, ...]:
    """Read the rows of spoken.toml and collect the faults."""
    document = Document(root, FORMS, faults)
    document.expect_tables("spoken")
    made: dict[str, SpokenForm] = {}
    for row in document.rows("spoken"):
        form = _form(row)
        if form.written in made:
            row.fault(f'says a second time how "{form.written}" is said', "Leave one of them.")
        made.setdefault(form.written, form)
    return tuple(made.values())


def _form(row: Row) -> SpokenForm:
    form = SpokenForm(row.text("written"), row.text("said"), row.line)
    row.close()
    row.label = f'spoken form "{form.written}"'
    if any(UNSPEAKABLE.search(word) for word in form.said.split()):
        remedy = "Write it out in words: dot p t, two point six."
        row.fault(f'is said "{form.said}", which nobody can read aloud', remedy, key="said")
    return form


def pace(deck: Deck, forms: SpokenForms) -> tuple[Pace, ...]:
    """Return each slide's words and times, one slide after another at the deck's words a minute."""
    made: list[Pace] = []
    at = 0.0
    for slide in deck.slides:
        words = sum(forms.words(paragraph) for paragraph in slide.spoken)
        end = at + words * 60 / max(1, deck.words_per_minute)
        made.append(Pace(slide, words, at, end))
        at = end
    return tuple(made)


def clock(seconds: float) -> str:
    """Write a time as minutes and seconds: 76.4 is "1:16"."""
    whole = round(seconds)
    return f"{whole // 60}:{whole % 60:02}"
