"""The command group: one table of commands, each imported only when it is called."""

from __future__ import annotations

import os
import signal
import sys
from io import StringIO
from typing import NamedTuple

import click

from unpickled import __version__
from unpickled.cli import STOPPED
from unpickled.cli.lazy import lazy_group
from unpickled.cli.terminal import never_fail_on_a_letter, open_what_is_closed, printable
from unpickled.errors import CourseError, SetupError

__all__ = ["COMMANDS", "cli", "run"]


class Entry(NamedTuple):
    """Where a command lives, and the line that the list of commands shows for it."""

    target: str
    summary: str


COMMANDS = {
    "learn": Entry("unpickled.cli.learn:learn", "Open the course in JupyterLab."),
    "doctor": Entry("unpickled.cli.doctor:doctor", "Tell what is missing here, and what mends it."),
    "check": Entry("unpickled.cli.check:check", "The 30-second test: may these files be loaded?"),
    "inspect": Entry(
        "unpickled.cli.inspect:inspect", "What a weight file's header says, without loading it."
    ),
    "convert": Entry(
        "unpickled.cli.convert:convert", "Make a safetensors file of a PyTorch file, proved equal."
    ),
    "trace": Entry("unpickled.cli.trace:trace", "Step through a pickle without running it."),
    "progress": Entry(
        "unpickled.cli.progress:progress", "Carry what you have done to another place, and back."
    ),
    "scoreboard": Entry(
        "unpickled.cli.scoreboard:scoreboard", "Which scanner catches what, run on this machine."
    ),
    "guard": Entry(
        "unpickled.cli.guard:guard", "The maximum bar: pin a model, and refuse everything else."
    ),
    "teach": Entry("unpickled.cli.teach:teach", "Release, collect, grade and return lab and quiz."),
    "author": Entry(
        "unpickled.cli.author:author", "Regenerate and check what is made from the sources."
    ),
}


@click.group(
    cls=lazy_group(COMMANDS),
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Each command has examples of its own: unpickled check --help",
)
@click.version_option(__version__, prog_name="unpickled", message="%(prog)s %(version)s")
def cli() -> None:
    """Learn, teach and write the lesson on pickle deserialization and weight-format risk."""


def run(arguments: list[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: the words after `unpickled`; those of `sys.argv` when None.

    Returns:
        The exit code: a command's own, that of a `CourseError`, 2 for wrong usage and for output that cannot be
        written, 130 for Ctrl-C, 141 where the reader of the output went away.
    """
    open_what_is_closed()
    if sys.stdout is None:
        return _failed("standard output", "it is closed", "Send it to a file or a terminal.")
    try:
        never_fail_on_a_letter()  # which also writes what still waits
        code = _run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of our output went away: `unpickled trace … | head`
        _silence()
        return 128 + getattr(signal, "SIGPIPE", 13)  # as a shell says it
    except OSError as error:  # a file has its name in it, and the output has none
        _silence()
        place = error.filename or "standard output, or a file"
        return _failed(place, str(error.strerror or error), "Check the disk and its permissions.")
    return code


def _silence() -> None:
    """Send what is still waiting to be written nowhere: Python would try once more at its end, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _failed(place: str, problem: str, remedy: str) -> int:
    return _told(CourseError(place, problem, remedy))


def _told(error: CourseError) -> int:
    """Print the one line. Names in it come from files: a terminal must not obey them."""
    lines = (
        str(error).split("\n") if isinstance(error, SetupError) else [str(error)]
    )  # of other tools
    click.echo("unpickled: " + "\n".join(map(printable, lines)), err=True)
    return error.exit_code


def _show(wrong: click.ClickException) -> None:
    told = StringIO()
    wrong.show(told)
    click.echo("\n".join(map(printable, told.getvalue().split("\n"))), err=True, nl=False)


def _run(arguments: list[str] | None) -> int:
    try:
        result = cli.main(arguments, prog_name="unpickled", standalone_mode=False)
    except SystemExit as closed:  # click's own way with a closed pipe; no command of ours exits so
        raise BrokenPipeError from closed
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.ClickException as wrong:
        _show(wrong)
        return wrong.exit_code
    except (click.exceptions.Abort, KeyboardInterrupt):
        click.echo(STOPPED, err=True)
        return 130
    except CourseError as error:
        sys.stdout.flush()
        return _told(error)
    return result if isinstance(result, int) else 0
