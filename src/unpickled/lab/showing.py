"""The widgets as a page shows them, filled with the course's data and the learner's progress."""

from __future__ import annotations

import os
from collections.abc import Iterable

from unpickled.content import course_root
from unpickled.errors import CourseError
from unpickled.lab.experiments import bench
from unpickled.lab.finding import entries
from unpickled.lab.journal import journal
from unpickled.lab.session import Material, found
from unpickled.widgets import (
    FormatTable,
    HeaderPanel,
    ProgressFile,
    QuizCard,
    Rail,
    ScanPanel,
    Search,
    Stepper,
    WhatIf,
)

__all__ = [
    "card",
    "format_table",
    "header_panel",
    "progress",
    "progress_file",
    "rail",
    "reset",
    "scan_panel",
    "search",
    "stepper",
    "what_if",
]


def stepper(material: Material, *, predict: bool = False, step: int = 0, name: str = "") -> Stepper:
    """Step through a pickle: bytes, a file or a specimen's id. Nothing is loaded.

    Args:
        material: the pickle.
        predict: start in predict mode.
        step: the step to begin with; negative counts from the end.
        name: what to call it; a file's own name by default.

    Raises:
        CourseError: there is no such file, or no pickle in it.
    """
    return Stepper(found(material), predict=predict, step=step, name=name)


def what_if(material: Material, *, name: str = "") -> WhatIf:
    """Change one opcode or argument of a pickle, and see the new trace beside the old one. Nothing is loaded or saved.

    Args:
        material: the pickle: bytes, a file or a specimen's id; a short one, of at most 500 opcodes.
        name: what to call it; a file's own name by default.

    Raises:
        CourseError: there is no such file, no pickle in it, or one too long to be changed here.
    """
    return WhatIf(found(material), name=name)


def format_table() -> FormatTable:
    """Show the weight-format table of the lesson, with sources, corrections, and what was seen on this machine."""
    return bench().table()


def card(identity: str) -> QuizCard:
    """Show a practice card as the learner left it; answers are noted in the progress file."""
    return journal().card(identity)


def rail(page: str) -> Rail:
    """Show the progress rail of a page."""
    return journal().rail(page)


def search(page: str = "start") -> Search:
    """Offer a search over the course and its glossary.

    Args:
        page: id of the page that it stands on; its links are relative to that.
    """
    return Search(entries(course_root(), page))


def scan_panel(paths: Iterable[str | os.PathLike[str]] | str | os.PathLike[str] = ()) -> ScanPanel:
    """Offer files, or the files of a folder, to both scanners."""
    return ScanPanel(paths)


def header_panel(*files: str | os.PathLike[str], tab: str = "hex") -> HeaderPanel:
    """Show weight files from five sides: hex, opcodes, stack, both scanners, and PyTorch's restricted loader.

    Args:
        files: paths, or specimens' ids; of a folder, all its files. Without any, the learner opens one.
        tab: the view to begin with: "hex", "opcodes", "stack", "verdicts" or "loads".

    Raises:
        CourseError: one is neither a file here nor a specimen.
    """
    paths = []
    for given in files:
        path = found(given)
        if isinstance(path, bytes):
            remedy = "Write them to a file first: pathlib.Path(...).write_bytes(...)"
            raise CourseError("header_panel", "it looks at files, and these are bytes", remedy)
        paths.append(path)
    return HeaderPanel(paths, tab=tab)


def progress() -> dict[str, str]:
    """Return the state of every exercise by its id: "new", "tried", "done" or "changed"."""
    return journal().summary()


def progress_file() -> ProgressFile:
    """Offer the progress as a file and as a certificate, and take in one that was saved elsewhere."""
    kept = journal()
    return ProgressFile(save=kept.carried, take=kept.take_in, certify=kept.certified)


def reset(exercise: str) -> None:
    """Forget one exercise, here and in the progress file."""
    journal().reset(exercise)
