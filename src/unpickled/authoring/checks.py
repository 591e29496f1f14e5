"""Everything that `unpickled author check` holds to its rules, each fault with its place and its remedy.

The course's files among each other (`content.check`), each deck's bounds and claims (`deck_checks`), links, spelling,
and, in a browser, how each slide looks (`slides.layout_faults`). What cannot be checked on this machine is told by
name, never passed over in silence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from unpickled.authoring.caption_checks import caption_faults
from unpickled.authoring.deck_checks import deck_faults, spoken_faults
from unpickled.authoring.links import link_faults
from unpickled.authoring.retyped import retyped
from unpickled.authoring.tried import unknown_specimens
from unpickled.authoring.wording import grade, spelling
from unpickled.content import Deck, deck_lessons
from unpickled.content import check as content_faults
from unpickled.content.deck_source import read_deck
from unpickled.content.loaders import DATA, Faults
from unpickled.content.outline import read_course
from unpickled.errors import ContentError, CourseError

__all__ = ["Findings", "check"]

WRITTEN = (
    "course/*.py",
    "course/*/*.py",
    "course/*/deck.md",
    f"{DATA}/*.toml",
    "course/course.toml",
    "labs/*/*.py",
    "labs/*/lab.toml",
    "quizzes/*/practice.toml",
    "docs/*.md",
    "README.md",
    "CHANGELOG.md",
)
"""What people read, and codespell with them. A quiz's key holds learners' slips on purpose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """What the checks found.

    Attributes:
        faults: every fault, by file and line.
        unchecked: what could not be checked here, and why.
        grades: the school grade of what is said: of each lesson, and of each of its slides ("L4.4.2", "L4.4.2 pickle").
    """

    faults: tuple[CourseError, ...]
    unchecked: tuple[CourseError, ...]
    grades: Mapping[str, float]


def check(root: Path, *, browser: bool = True) -> Findings:
    """Check the whole course.

    Args:
        root: the course's folder.
        browser: look at the slides in Chromium too, which takes a few seconds.

    Raises:
        SetupError: codespell or textstat is missing.
    """
    unread: Faults = []
    course = read_course(root, unread)
    decks = list(_readable(root))
    found: list[CourseError] = list(content_faults(root))
    unchecked: list[CourseError] = []
    with ThreadPoolExecutor(1) as pool:  # Chromium looks on while we read
        looks = [pool.submit(_look, root, deck) for deck in decks if browser]
        for deck in decks:
            found += deck_faults(root, deck, course)
            found += caption_faults(root, deck)
        if len(decks) == len(deck_lessons(root)):
            found += spoken_faults(root, decks)
        found += link_faults(root)
        found += retyped(root)
        found += unknown_specimens(root)
        found += spelling(root, _written(root))
        grades = {name: value for deck in decks for name, value in _grades(deck)}
        for look in looks:
            seen, missing = _result(look)
            found += seen
            unchecked += missing
    faults = sorted(set_of(found), key=lambda fault: _order(fault.place))
    return Findings(faults=tuple(faults), unchecked=tuple(unchecked), grades=grades)


def set_of(faults: list[CourseError]) -> list[CourseError]:
    """Return each fault once: a table that two checks have read is wrong once."""
    return list({(f.place, f.problem): f for f in faults}.values())


def _readable(root: Path) -> Iterator[Deck]:
    """Yield the decks without a fault of form; the others' faults come from the course's own check."""
    for lesson in deck_lessons(root):
        faults: Faults = []
        deck = read_deck(root, faults, lesson)
        if not faults:
            yield deck


def _look(root: Path, deck: Deck) -> list[ContentError]:
    from unpickled.authoring.slides import html_slides, layout_faults  # noqa: PLC0415 - slow to import

    return layout_faults(html_slides(root, deck), deck)


def _result(look: Future[list[ContentError]]) -> tuple[list[ContentError], list[CourseError]]:
    """Return what was seen, and what kept us from looking: a slide that cannot be drawn is a fault."""
    try:
        return look.result(), []
    except ContentError as error:
        return [error], []
    except CourseError as error:
        return [], [error]


def _written(root: Path) -> list[str]:
    paths = {path for pattern in WRITTEN for path in root.glob(pattern)}
    return sorted(path.relative_to(root).as_posix() for path in paths)


def _grades(deck: Deck) -> Iterator[tuple[str, float]]:
    for name, value in grade(deck).items():
        yield (name if name == deck.lesson else f"{deck.lesson} {name}"), round(value, 1)


def _order(place: str) -> tuple[str, int]:
    path, _, line = place.partition(":")
    return path, int(line) if line.isdecimal() else 0
