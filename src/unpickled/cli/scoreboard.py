"""`unpickled scoreboard`: which scanner catches what on this machine, for a person or, with --json, for a program."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from unpickled.errors import CourseError
from unpickled.scoreboard import SCANNERS, Board, lessons, run_board, to_dict

__all__ = ["scoreboard"]


@click.command(
    epilog="Examples:\n\n  unpickled scoreboard\n\n  unpickled scoreboard --html board.html\n\n"
    "  unpickled scoreboard --only unlisted-call --only compressed --scanner picklescan\n\n"
    "  unpickled scoreboard --json | jq '.lessons[].text'",
)
@click.option(
    "--only", multiple=True, metavar="CLASS", help="A class of files; may be given again."
)
@click.option(
    "--scanner",
    "scanners",
    multiple=True,
    metavar="NAME",
    help=f"One of {', '.join(SCANNERS)}; may be given again.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object on stdout.")
@click.option(
    "--html",
    "page",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the board as one page that fetches nothing, too.",
)
@click.option(
    "--unsafe-no-sandbox",
    is_flag=True,
    help="Run torch and other people's tools even where there is no bubblewrap.",
)
def scoreboard(
    only: tuple[str, ...],
    scanners: tuple[str, ...],
    as_json: bool,
    page: Path | None,
    unsafe_no_sandbox: bool,
) -> None:
    """Ask every scanner here about every harmless specimen, and count: caught, missed, false alarm, quiet, not judged.

    Always asked: picklescan, modelscan and torch.load(weights_only=True). Where they are installed, fickling and
    modelaudit too, behind the sandbox's wall, with telemetry off and no network. No file can do more than make an empty
    folder.

    Exit 0: done, whatever was found. 2: it could not be done. 130: stopped by Ctrl-C; nothing is written then.
    """
    if page is not None:
        _writable(page)
    with _progress() as on_progress:
        board = run_board(
            only=only,
            scanners=scanners,
            unsafe_no_sandbox=unsafe_no_sandbox,
            on_progress=on_progress,
        )
    if page is not None:
        _write(page, board)
    if as_json:
        click.echo(json.dumps(to_dict(board), indent=2))
        return
    _show(board)
    if page is not None:
        click.echo(f"Written: {page}")


def _show(board: Board) -> None:
    from rich.console import Console  # noqa: PLC0415 - not for --json

    from unpickled.cli.board_table import heat_map, legend, totals  # noqa: PLC0415 - it needs rich

    console = Console(highlight=False, soft_wrap=False)
    plain = not console.encoding.lower().startswith("utf")
    with console.capture() as shown:  # rich has an exit code of its own for a closed pipe
        console.print(totals(board, plain=plain))
        for line in heat_map(board, width=console.width, plain=plain):
            console.print(line, soft_wrap=True)
        console.print()
        for text in legend(board, plain=plain):
            console.print(_hanging(text, "", console.width), markup=False, soft_wrap=True)
        learned = lessons(board)
        if learned:
            console.print("\nWhat this run shows", style="bold")
        for lesson in learned:
            mark = "-" if plain else "•"
            console.print(_hanging(lesson.text, mark, console.width), markup=False, soft_wrap=True)
        console.print()
        for text in _last(board):
            console.print(_hanging(text, "", console.width), markup=False, soft_wrap=True)
    click.echo(shown.get(), nl=False)


def _hanging(text: str, mark: str, width: int) -> str:
    first = f"{mark} " if mark else ""
    return textwrap.fill(text, width - 1, initial_indent=first, subsequent_indent="  ")


def _last(board: Board) -> Iterator[str]:
    for column in board.columns:
        if column.absent:
            yield f"Not asked: {column.title} ({column.absent}). To have it asked: {column.remedy}"
    told = [
        _count(len(board.files), "file") + " in " + _count(len(board.rows), "class", "classes"),
        _count(len(board.cells), "answer"),
        _count(round(board.seconds), "second"),
    ]
    line = f"{', '.join(told)}."
    yield f"{line} Ran in {board.isolation}."


def _count(number: int, one: str, more: str = "") -> str:
    return f"{number} {one if number == 1 else more or f'{one}s'}"


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar on stderr if a person is watching."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console  # noqa: PLC0415 - a pipe needs no bar
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn  # noqa: PLC0415

    columns = (
        TextColumn("Asking the scanners"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)


def _writable(page: Path) -> None:
    """Tell before the run, not after it, that the page cannot be written."""
    if not page.absolute().parent.is_dir():
        raise CourseError(str(page), "there is no such folder", "Make it first, or choose another.")


def _write(page: Path, board: Board) -> None:
    """Write the page whole: Ctrl-C or a full disk leaves an older one as it was."""
    from unpickled.widgets import board_page  # noqa: PLC0415 - the widgets' libraries, for a page only

    text = board_page(board)
    handle, name = tempfile.mkstemp(prefix=f".{page.name}.", dir=page.absolute().parent)
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        draft.chmod(0o644)
        draft.replace(page)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
