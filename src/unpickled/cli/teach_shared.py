"""What the instructor's commands share: signs for states, options, a bar with counts, rate and time left."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["SIGNS", "json_option", "progress", "student_option"]

SIGNS = {"graded": "✓", "review": "?", "failed": "✗", "waiting": "…", "missing": "·"}
student_option = click.option(
    "--student", "students", multiple=True, metavar="ID", help="Only this student; may be repeated."
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="A JSON list, one entry a submission."
)


@contextmanager
def progress(total: int | None, what: str) -> Iterator[tuple[Progress, TaskID]]:
    """Show a bar with counts, rate and time left on standard error; off a terminal, nothing.

    Args:
        total: how many there are; None where nobody knows.
        what: is being done.
    """
    from rich.console import Console  # noqa: PLC0415 - slow to import
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
    )
    from rich.text import Text  # noqa: PLC0415

    class Rate(ProgressColumn):
        """How many a minute, over the last ones."""

        def render(self, task: Task) -> Text:
            speed = task.finished_speed or task.speed
            return Text(f"{speed * 60:.0f}/min" if speed else "")

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Rate(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        yield bar, bar.add_task(what, total=total)
