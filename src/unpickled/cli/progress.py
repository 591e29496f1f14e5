"""`unpickled progress`: what a learner has done, out of here as a file, in again elsewhere, and as a page to print."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import click

from unpickled.content import course_root, load_course, load_practice
from unpickled.progress import (
    Progress,
    progress_path,
    read_carried,
    take_in,
    write_carried,
    write_new,
)

__all__ = ["progress"]


class _Name(click.Path):
    """A file's name; the empty one, which would be read as `.`, is refused."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:
        if not os.fspath(value):
            self.fail("The name is empty. Give the name of a file.", param, ctx)
        return super().convert(value, param, ctx)


_FILE = _Name(path_type=Path, dir_okay=False)


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="It goes both ways, also between here and the course in the browser: there, the start page has the buttons.",
)
def progress() -> None:
    """Carry what you have done to another machine or to the course in the browser, and back; or print it."""


@progress.command(
    "export",
    short_help="Write your progress to a file.",
    epilog="Exit codes: 0 written; 2 the file is there already, or cannot be written.\n\nExamples:\n\n"
    "  unpickled progress export unpickled-progress.json",
)
@click.argument("file", type=_FILE)
def export_(file: Path) -> None:
    """Write your progress to FILE, which must not be there yet."""
    with _progress() as found:
        write_carried(found, file)
        count = len(found.records())
        click.echo(f"{file}: {'1 exercise' if count == 1 else f'{count} exercises'}.")


@progress.command(
    "import",
    short_help="Take in a file that was saved elsewhere.",
    epilog="Exit codes: 0 taken in; 2 it is no progress file, and nothing was changed.\n\nExamples:\n\n"
    "  unpickled progress import ~/Downloads/unpickled-progress.json",
)
@click.argument("file", type=_FILE)
def import_(file: Path) -> None:
    """Add what FILE knows to your progress. Nothing is forgotten: of each exercise the better record is kept."""
    with _progress() as found:
        click.echo(str(take_in(found, read_carried(file), place=str(file))))


@progress.command(
    "certificate",
    short_help="Write a page that says what you have completed.",
    epilog="Exit codes: 0 written; 2 nothing was done yet, the file is there already, or cannot be written.\n\n"
    'Examples:\n\n  unpickled progress certificate completed.html --name "Ada Lovelace"',
)
@click.argument("file", type=_FILE)
@click.option("--name", default="", help="Your name; without it there is a line to write it on.")
def certificate_(file: Path, name: str) -> None:
    """Write a plain page to FILE, for a browser or a printer.

    It lists each exercise with the day on which it was solved, and gives the sha256 of the progress file
    that `unpickled progress export` writes now: keep that beside it.
    """
    from unpickled.certificate import completed, to_page  # noqa: PLC0415 - only this command needs it

    root = course_root()
    with _progress() as found:
        told = completed(load_course(root), load_practice(root), found)
    write_new(file, to_page(told, name=name, day=date.today()).encode())
    click.echo(f"{file}: {told.solved} of {len(told.lines)} exercises solved.")


@contextmanager
def _progress() -> Iterator[Progress]:
    """Yield the learner's progress; a file of theirs that was set aside meanwhile is told, whatever else happens."""
    root = course_root()
    found = Progress(progress_path(root), version=load_course(root).version)
    try:
        yield found
    finally:
        for notice in found.take_notices():
            click.echo(notice, err=True)
