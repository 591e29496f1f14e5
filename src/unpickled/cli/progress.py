"""`unpickled progress`: what a learner has done, out of here as a file, and in again elsewhere."""

from __future__ import annotations

from pathlib import Path

import click

from unpickled.content import course_root, load_course
from unpickled.progress import Progress, progress_path, read_carried, take_in, write_carried

__all__ = ["progress"]

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="It goes both ways, also between here and the course in the browser: there, the start page has two buttons.",
)
def progress() -> None:
    """Carry what you have done to another machine or to the course in the browser, and back."""


@progress.command(
    "export",
    short_help="Write your progress to a file.",
    epilog="Exit codes: 0 written; 2 the file is there already, or cannot be written.\n\nExamples:\n\n"
    "  unpickled progress export unpickled-progress.json",
)
@click.argument("file", type=_FILE)
def export_(file: Path) -> None:
    """Write your progress to FILE, which must not be there yet."""
    found = _progress()
    write_carried(found, file)
    click.echo(f"{file}: {len(found.records())} exercises.")


@progress.command(
    "import",
    short_help="Take in a file that was saved elsewhere.",
    epilog="Exit codes: 0 taken in; 2 it is no progress file, and nothing was changed.\n\nExamples:\n\n"
    "  unpickled progress import ~/Downloads/unpickled-progress.json",
)
@click.argument("file", type=_FILE)
def import_(file: Path) -> None:
    """Add what FILE knows to your progress. Nothing is forgotten: of each exercise the better record is kept."""
    told = take_in(_progress(), read_carried(file), place=str(file))
    click.echo(str(told))


def _progress() -> Progress:
    root = course_root()
    return Progress(progress_path(root), version=load_course(root).version)
