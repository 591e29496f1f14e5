"""What the instructor's commands share: signs for states, options, a bar with counts, rate and time left."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["SIGNS", "json_option", "progress", "student_option", "tls_options"]

SIGNS = {"graded": "✓", "review": "?", "failed": "✗", "waiting": "…", "missing": "·"}
student_option = click.option(
    "--student", "students", multiple=True, metavar="ID", help="Only this student; may be repeated."
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="A JSON list, one entry a submission."
)


_TLS = {
    "ca": ("--tls-ca-file", "The certificate authority of the cluster."),
    "cert": ("--tls-cert", "The certificate of this machine, signed by it."),
    "key": ("--tls-key", "The key of that certificate."),
}


def tls_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add Dask's own options for TLS to a command, which gets them as one mapping, `tls`."""

    @wraps(command)
    def called(*args: Any, **words: Any) -> Any:
        return command(*args, tls={name: words.pop(f"tls_{name}") for name in _TLS}, **words)

    for name, (option, what) in reversed(_TLS.items()):
        kind = click.Path(path_type=Path)
        called = click.option(option, f"tls_{name}", type=kind, metavar="FILE", help=what)(called)
    return called


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
