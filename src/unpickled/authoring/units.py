"""The units of a build: what is made together, out of which files.

A unit is made anew when a file that it reads has changed, and left alone otherwise. This module names the units and
imports none of the libraries that make them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from unpickled.authoring.files import Output
from unpickled.content import deck_lessons, load_course
from unpickled.content.deck_source import deck_path
from unpickled.content.loaders import DATA
from unpickled.content.outline import COURSE
from unpickled.errors import ContentError

__all__ = ["SLIDES", "TIMELINE", "Unit", "outputs", "scripts_folder", "slides_folder", "units"]

TIMELINE = Path("course/L4.4.2/pictures/timeline.svg")
SLIDES = "slides.html"
TABLES = f"{DATA}/*.toml"


@dataclass(frozen=True, slots=True)
class Unit:
    """What is made together.

    Attributes:
        name: what a progress line calls it.
        lesson: the lesson that it belongs to; empty for what belongs to none.
        reads: the files that it is made from, as patterns below the course's folder.
        make: computes its files, in memory.
    """

    name: str
    lesson: str
    reads: tuple[str, ...]
    make: Callable[[], tuple[Output, ...]]


def units(root: Path, lesson: str = "") -> tuple[Unit, ...]:
    """Return the units of the course below `root`, or of one lesson or lab of it; slides come first.

    Raises:
        ContentError: course.toml is wrong, or there is no such lesson.
    """
    made = tuple(_units(root))
    if not lesson:
        return made
    chosen = tuple(unit for unit in made if unit.lesson == lesson)
    if not chosen:
        known = ", ".join(dict.fromkeys(unit.lesson for unit in made if unit.lesson))
        raise ContentError(lesson, f"is no lesson or lab of {COURSE}", f"There are: {known}.")
    return chosen


def outputs(root: Path, lesson: str = "") -> tuple[Output, ...]:
    """Compute every generated file that needs no browser, in memory.

    Raises:
        ContentError: a source or a data file is wrong.
        SetupError: something that a file is made with is not installed.
    """
    return tuple(output for unit in units(root, lesson) for output in unit.make())


def slides_folder(root: Path, lesson: str) -> Path:
    """Return where a lesson's slides are."""
    return root / "slides" / lesson


def scripts_folder(root: Path, lesson: str) -> Path:
    """Return where a lesson's script, captions and teleprompter are."""
    return root / "video-scripts" / lesson


def _units(root: Path) -> Iterator[Unit]:
    for name in deck_lessons(root):
        reads = (COURSE, deck_path(name), TABLES)
        audio = f"video-scripts/{name}/audio.json"
        yield Unit(f"slides {name}", name, reads, partial(_slides, root, name))
        yield Unit(f"script {name}", name, (*reads, audio), partial(_scripts, root, name))
    yield Unit("start page", "", (COURSE, TABLES, "course/start.py"), partial(_pages, root, ""))
    for lesson in (one.id for one in load_course(root).lessons):
        pages = (COURSE, TABLES, f"course/{lesson}/*.py")
        yield Unit(f"pages {lesson}", lesson, pages, partial(_pages, root, lesson))
    for name in (path.parent.name for path in sorted(root.glob("quizzes/*/quiz.toml"))):
        yield Unit(f"quiz {name}", name, (f"quizzes/{name}/*.toml",), partial(_quiz, root, name))
    for name in (path.parent.name for path in sorted(root.glob("labs/*/lab.toml"))):
        files = tuple(f"labs/{name}/{pattern}" for pattern in ("*.toml", "*.py", "hidden/*.py"))
        yield Unit(f"lab {name}", name, files, partial(_lab, root, name))
    if (root / TIMELINE).parent.parent.is_dir():
        told = (f"{DATA}/incidents.toml",)
        yield Unit("timeline", TIMELINE.parts[1], told, partial(_timeline, root))


def _slides(root: Path, lesson: str) -> tuple[Output, ...]:
    from unpickled.authoring.slides import html_slides, pptx_slides  # noqa: PLC0415 - see the module
    from unpickled.content import load_deck  # noqa: PLC0415

    deck, folder = load_deck(lesson, root), slides_folder(root, lesson)
    return (
        Output(folder / SLIDES, html_slides(root, deck)),
        Output(folder / "slides.pptx", pptx_slides(root, deck)),
    )


def _scripts(root: Path, lesson: str) -> tuple[Output, ...]:
    from unpickled.authoring.recording import recording  # noqa: PLC0415 - see the module

    folder = scripts_folder(root, lesson)
    return tuple(Output(folder / name, data) for name, data in recording(root, lesson).items())


def _pages(root: Path, lesson: str) -> tuple[Output, ...]:
    from unpickled.authoring.notebooks import Builder  # noqa: PLC0415 - see the module

    builder = Builder(root)
    folder = root / "course" / lesson
    return tuple(
        Output(source.with_suffix(".ipynb"), builder.notebook(source))
        for source in builder.sources()
        if source.parent == folder
    )


def _quiz(root: Path, lesson: str) -> tuple[Output, ...]:
    from unpickled.authoring.quiz_notebook import quiz_notebook, quiz_path  # noqa: PLC0415 - see the module

    return (Output(quiz_path(root, lesson), quiz_notebook(root, lesson)),)


def _lab(root: Path, name: str) -> tuple[Output, ...]:
    from unpickled.authoring.assignments import notebook  # noqa: PLC0415 - see the module
    from unpickled.authoring.lab_files import load_lab  # noqa: PLC0415

    lab = load_lab(root / "labs" / name)
    return (Output(lab.notebook, notebook(lab)),)


def _timeline(root: Path) -> tuple[Output, ...]:
    from unpickled.authoring.timeline import timeline_svg  # noqa: PLC0415 - see the module
    from unpickled.content import load_incidents  # noqa: PLC0415

    return (Output(root / TIMELINE, timeline_svg(load_incidents(root)).encode()),)
