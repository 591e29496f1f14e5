"""What the course's files say, as frozen records: one dataclass for each kind of TOML table.

Nothing here reads a file; `loaders` and `practice` do. A record is whole and valid once it exists.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import date

__all__ = [
    "Choice",
    "Course",
    "Erratum",
    "Experiment",
    "Format",
    "Incident",
    "Item",
    "Lesson",
    "Objective",
    "Page",
    "Source",
    "Tag",
    "Term",
    "Wrong",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Something that the course relies on; prose cites it as `[@id]`."""

    id: str
    short: str
    title: str
    publisher: str
    url: str
    kind: str
    checked: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """What shows that a row of the format table is true.

    Attributes:
        what: the file, in a few words.
        expect: "made" (the canary appears), "refused", "loaded" (and nothing else happens), or "told" (not tried).
        specimen: id of the file's recipe; empty where it is told.
        call: how it is loaded, one of `experiments.CALLS`; empty where it is told.
        shows: what the refusal, or what was found, must hold: so that it happened for the reason that is meant.
        reason: why it is told and not tried, and what is known.
        sources: who says so.
    """

    id: str
    what: str
    expect: str
    specimen: str = ""
    call: str = ""
    shows: str = ""
    reason: str = ""
    sources: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits over what is done and expected: an outcome that was seen counts for this and no other."""
        done = [self.specimen, self.call, self.expect, self.shows]
        return hashlib.sha256(json.dumps(done).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """One row of the weight-format table; `risk` is high, some, low or none, `corrected` an erratum's id or empty."""

    id: str
    name: str
    extensions: tuple[str, ...]
    pickle: str
    risk: str
    risk_text: str
    notes: str
    detail: str
    sources: tuple[str, ...]
    corrected: str = ""
    experiments: tuple[Experiment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One point of the timeline; `date` is as exact as is known: "2019", "2025-02" or "2024-02-27"."""

    id: str
    date: str
    title: str
    text: str
    kind: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Erratum:
    """One correction of the lesson's text; `method` says how we know where no source can be cited."""

    id: str
    lesson_said: str
    true_today: str
    notes: str = ""
    method: str = ""
    sources: tuple[str, ...]
    checked: date
    pages: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """One word of the glossary; `key` marks the lesson's own key terms."""

    id: str
    term: str
    text: str
    sources: tuple[str, ...]
    key: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What a learner can do after the lesson."""

    id: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """The lesson's place in a framework, with that framework's own number and name."""

    framework: str
    id: str
    name: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One notebook: `id` is its stem and never changes, `section` the heading of the lesson's text it stands for."""

    id: str
    title: str
    minutes: int
    section: str = ""

    @property
    def number(self) -> str:
        """Its number as the id says it: "4" of "04-minimum-bar", "3b" of a page beside 03; none of the start page."""
        found = re.match(r"0*(\d+[a-z]?)-", self.id)
        return found[1] if found else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """One lesson: `minutes` for working through its pages, `stated_minutes` as its text announces."""

    id: str
    title: str
    module: str
    kind: str
    status: str
    minutes: int
    stated_minutes: int
    objectives: tuple[Objective, ...]
    tags: tuple[Tag, ...]
    pages: tuple[Page, ...]

    @property
    def counted(self) -> int:
        """How many pages are counted: "3b" stands beside 3 and makes the lesson no longer."""
        return sum(page.number.isdecimal() for page in self.pages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """The whole course in its order; `version` is the content's, kept beside each solved exercise."""

    id: str
    title: str
    version: str
    start: Page
    lessons: tuple[Lesson, ...]

    @property
    def pages(self) -> tuple[Page, ...]:
        """Every page in reading order, the start page first."""
        return (self.start, *(page for lesson in self.lessons for page in lesson.pages))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer to choose, and why it is right or wrong."""

    text: str
    right: bool
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrong:
    """Wrong typed answers that are worth a reply of their own."""

    match: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One practice exercise, shown as a card on `page`.

    Attributes:
        title: a few plain words for lists; the question itself is `prompt`.
        kind: "choice" (see `choices`) or "text" (see `accepted` and `wrong`).
        covers: ids of objectives and table rows that it exercises.
        expects: what kind of typed answer is wanted, in a few words that give nothing away; empty for a choice.
        hints: from gentle to plain, two or three.
        explain: what is shown once it is solved.
    """

    id: str
    title: str
    page: str
    kind: str
    covers: tuple[str, ...]
    prompt: str
    choices: tuple[Choice, ...] = ()
    expects: str = ""
    accepted: tuple[str, ...] = ()
    wrong: tuple[Wrong, ...] = ()
    hints: tuple[str, ...]
    explain: str
    sources: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Twelve hex digits over what decides the answer: unchanged by better hints, changed by another question."""
        asked = [
            self.kind,
            self.prompt,
            [[c.text, c.right] for c in self.choices],
            list(self.accepted),
        ]
        return hashlib.sha256(json.dumps(asked).encode()).hexdigest()[:12]
