"""A build: each unit that is not up to date is made and written, then what a browser has to print.

What was written stays right when the rest fails: files are replaced one by one, each whole, and a unit is stamped after
its last one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from unpickled.authoring.files import edited, stale, write
from unpickled.authoring.prints import faded, left_over, printed_names, prints
from unpickled.authoring.stamps import Stamps
from unpickled.authoring.units import SLIDES, Unit, scripts_folder, slides_folder, units
from unpickled.content import deck_lessons
from unpickled.content.deck_source import deck_path
from unpickled.errors import SetupError

__all__ = ["Report", "Stale", "build", "stale_files"]

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a build did.

    Attributes:
        files: how many generated files there are and are right.
        written: those that were written.
        removed: pictures of slides that are no more.
        unprinted: why PDF and pictures could not be made, where they could not.
        postponed: lessons whose PDF and pictures were left for later.
    """

    files: int
    written: tuple[Path, ...]
    removed: tuple[Path, ...] = ()
    unprinted: tuple[SetupError, ...] = ()
    postponed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """A generated file that is not what the sources give, why, and what mends it."""

    path: Path
    problem: str
    remedy: str = "Run: unpickled author build"


def build(root: Path, lesson: str = "", *, quick: bool = False, say: Say | None = None) -> Report:
    """Make what is not up to date.

    Args:
        root: the course's folder.
        lesson: build what belongs to this lesson or lab; everything if empty.
        quick: leave PDF and pictures for later.
        say: called with a line before each step that takes a while.

    Raises:
        ContentError: a source is wrong; what was written before is right.
        SetupError: a package is missing, or a file cannot be written. A missing browser is reported instead.
    """
    stamps, say = Stamps(root), say or (lambda _: None)
    files, written, removed = 0, list[Path](), list[Path]()
    chosen = units(root, lesson)
    for unit in chosen:
        known = stamps.current(unit)
        if known:
            files += known
            continue
        say(unit.name)
        made = unit.make()
        written += write(made)
        stamps.put(unit, made)
        files += len(made)
    unprinted, postponed = list[SetupError](), list[str]()
    for name in _decks(chosen):
        html = (slides_folder(root, name) / SLIDES).read_bytes()
        if faded(root, name, html):
            if quick:
                postponed.append(name)
                continue
            say(f"PDF and pictures {name}, in Chromium: about 5 seconds")
            try:
                written += write(prints(root, name))
                removed += _clear(slides_folder(root, name))
            except SetupError as error:
                unprinted.append(error)
                continue
        files += len(list(printed_names(root, name)))
    return Report(
        files=files,
        written=tuple(written),
        removed=tuple(removed),
        unprinted=tuple(unprinted),
        postponed=tuple(postponed),
    )


def stale_files(root: Path, lesson: str = "") -> tuple[int, list[Stale]]:
    """Make everything again in memory and compare: how many files there are, and those that differ.

    The stamps have no say in it. PDF and pictures are compared by what they were printed from; see `prints`.

    Raises:
        ContentError: a source is wrong.
        SetupError: a package is missing.
    """
    chosen = units(root, lesson)
    count, found = 0, list[Stale]()
    for unit in chosen:
        made = unit.make()
        count += len(made)
        for path in stale(made):
            problem = "edited by hand" if edited(path) else "stale" if path.exists() else "missing"
            found.append(Stale(path=path, problem=problem))
        for output in made:
            if output.path.name == SLIDES:
                wrong = faded(root, unit.lesson, output.data)
                count += len({*printed_names(root, unit.lesson), *(path for path, _ in wrong)})
                found += [Stale(path=path, problem=problem) for path, problem in wrong]
    orphans = [] if lesson else list(_orphans(root))
    return count + len(orphans), found + orphans


def _orphans(root: Path) -> Iterator[Stale]:
    """Yield what was made of a deck that is no more."""
    known = deck_lessons(root)
    for parent in (slides_folder(root, ""), scripts_folder(root, "")):
        for folder in sorted(parent.iterdir()) if parent.is_dir() else ():
            if folder.is_dir() and not folder.name.startswith(".") and folder.name not in known:
                problem = f"left over, since there is no {deck_path(folder.name)}"
                yield Stale(path=folder, problem=problem, remedy="Remove it, or restore the deck")


def _decks(chosen: tuple[Unit, ...]) -> Iterator[str]:
    return (unit.lesson for unit in chosen if unit.name.startswith("slides "))


def _clear(folder: Path) -> list[Path]:
    gone = left_over(folder)
    for path in gone:
        path.unlink(missing_ok=True)
    return gone
