"""The course's content: TOML and lesson sources, loaded into frozen records and checked before anyone reads them.

Every problem is a `ContentError` that names file, line, row and remedy. `check` reports all of them at once.
"""

from __future__ import annotations

from unpickled.content.answers import Judgement, judge, normalise
from unpickled.content.checks import check
from unpickled.content.deck import Deck, Slide
from unpickled.content.deck_source import deck_lessons, load_deck
from unpickled.content.experiments import CALLS, OUTCOMES
from unpickled.content.loaders import (
    RISKS,
    load_errata,
    load_formats,
    load_glossary,
    load_incidents,
    load_sources,
)
from unpickled.content.model import (
    Choice,
    Course,
    Erratum,
    Experiment,
    Format,
    Incident,
    Item,
    Lesson,
    Objective,
    Page,
    Source,
    Tag,
    Term,
    Wrong,
)
from unpickled.content.outline import load_course
from unpickled.content.practice import load_practice, practice_item
from unpickled.content.root import course_root

__all__ = [
    "CALLS",
    "OUTCOMES",
    "RISKS",
    "Choice",
    "Course",
    "Deck",
    "Erratum",
    "Experiment",
    "Format",
    "Incident",
    "Item",
    "Judgement",
    "Lesson",
    "Objective",
    "Page",
    "Slide",
    "Source",
    "Tag",
    "Term",
    "Wrong",
    "check",
    "course_root",
    "deck_lessons",
    "judge",
    "load_course",
    "load_deck",
    "load_errata",
    "load_formats",
    "load_glossary",
    "load_incidents",
    "load_practice",
    "load_sources",
    "normalise",
    "practice_item",
]
