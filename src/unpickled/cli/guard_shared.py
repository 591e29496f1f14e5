"""What the commands of `unpickled guard` share: a bar over hashed bytes, and refusals as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from unpickled.defence import Lock
from unpickled.errors import CourseError

__all__ = ["amount", "counted", "hashing", "json_option", "refusals_as_json"]

json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object on stdout, also for a refusal."
)


def amount(size: int) -> str:
    """Return a number of bytes for readers."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if size >= 10**power:
            return f"{size / 10**power:.1f} {unit}"
    return f"{size} bytes"


def counted(lock: Lock) -> str:
    """Return how many files a lock is of."""
    return f"{len(lock.pins):,} file{'s' if len(lock.pins) != 1 else ''}"


@contextmanager
def refusals_as_json(as_json: bool) -> Iterator[None]:
    """Say an error on stdout as well, for programs that asked for JSON."""
    try:
        yield
    except CourseError as error:
        if as_json:
            told = {
                "ok": False,
                "place": error.place,
                "problem": error.problem,
                "remedy": error.remedy,
                "exit": error.exit_code,
            }
            click.echo(json.dumps(told, indent=2))
        raise


@contextmanager
def hashing(total: Callable[[], int]) -> Iterator[Callable[[int], object]]:
    """Show on stderr, if a person is watching, how much of it is hashed, how fast, and how long it will take."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console  # noqa: PLC0415 - a pipe needs no bar
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    columns = (
        TextColumn("hashing"),
        BarColumn(bar_width=20),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total())
        yield lambda size: bar.advance(task, size)
