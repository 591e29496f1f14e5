"""`unpickled teach grade`, `status`, `feedback`, `export`: from submissions to grades and back to learners."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unpickled.cli.scan_table import printable
from unpickled.cli.teach_course import COURSE

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from unpickled.grading import Standing

__all__ = ["export", "feedback", "grade", "status"]

SIGNS = {"graded": "✓", "review": "?", "failed": "✗", "waiting": "…", "missing": "·"}
student_option = click.option(
    "--student", "students", multiple=True, metavar="ID", help="Only this student; may be repeated."
)
json_option = click.option(
    "--json", "as_json", is_flag=True, help="A JSON list, one entry a submission."
)


@click.command(
    epilog="Examples:\n\n  unpickled teach grade ../my-class\n\n"
    "  unpickled teach grade ../my-class L4.8 --student ada --force\n\n"
    "Submissions run with your rights: grade on a machine, or as a user, that holds nothing else.",
)
@click.argument("course_dir", type=COURSE)
@click.argument("assignment", required=False)
@student_option
@click.option("--force", is_flag=True, help="Also what is graded already.")
@click.option(
    "--timeout",
    type=click.IntRange(1),
    help="Seconds for one cell, instead of the configuration's.",
)
@json_option
def grade(  # noqa: PLR0913, PLR0917 - one argument an option
    course_dir: Path,
    assignment: str | None,
    students: tuple[str, ...],
    force: bool,
    timeout: int | None,
    as_json: bool,
) -> int:
    """Grade what was handed in and is not graded yet; a newer submission is graded again.

    Exit 0: every submission has a grade, if only a proposed one; 1: some could not be graded (they are named);
    2: nothing could be done.
    """
    from unpickled import grading  # noqa: PLC0415 - not needed for --help

    course = grading.CourseFolder.open(course_dir)
    work = grading.queue(course, [assignment] if assignment else [], students)
    done = []
    with _progress(len(work), "grading") as (bar, task):
        for outcome in grading.grade(course, work, force=force, timeout=timeout):
            done.append(outcome)
            bar.update(
                task, advance=1, description=f"{outcome.assignment} {printable(outcome.student)}"
            )
            if not as_json and outcome.state != "graded":
                line = f"{SIGNS[outcome.state]} {outcome.student}  {outcome.assignment}: {outcome.reason}"
                bar.console.print(printable(line), markup=False, highlight=False, soft_wrap=True)
    counts = Counter(outcome.state for outcome in done)
    if as_json:
        click.echo(json.dumps([asdict(one) for one in done], ensure_ascii=False, indent=1))
    else:
        click.echo(
            f"{len(done)} submissions: {counts['graded']} graded, {counts['review']} to review, "
            f"{counts['failed']} that could not be graded."
        )
        if counts["review"]:
            click.echo("Review them in nbgrader's form grader (docs/for-instructors.md says how).")
        if counts["failed"]:
            where = course_dir / "submitted"
            click.echo(f"Mend the file in {where}, or ask for it again; then run grade again.")
    return 1 if counts["failed"] else 0


@click.command(
    epilog="Examples:\n\n  unpickled teach status ../my-class\n\n  unpickled teach status ../my-class L4.8 --json",
)
@click.argument("course_dir", type=COURSE)
@click.argument("assignment", required=False)
@json_option
def status(course_dir: Path, assignment: str | None, as_json: bool) -> int:
    """Tell who handed in what, when, how late, and what is graded, to review, or could not be graded."""
    from unpickled import grading  # noqa: PLC0415 - not needed for --help

    rows = grading.standings(grading.CourseFolder.open(course_dir), assignment or "")
    if as_json:
        click.echo(json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1))
        return 0
    _table(rows)
    for name in dict.fromkeys(row.assignment for row in rows):
        counts = Counter(row.state for row in rows if row.assignment == name)
        click.echo(f"{name}: " + ", ".join(f"{counts[s]} {s}" for s in grading.STATES if counts[s]))
    if not rows:
        click.echo("Nobody is in the roster, and nobody has handed anything in.")
    return 0


@click.command(
    epilog="Examples:\n\n  unpickled teach feedback ../my-class\n\n"
    "  unpickled teach feedback ../my-class L4.8 --student ada",
)
@click.argument("course_dir", type=COURSE)
@click.argument("assignment", required=False)
@student_option
@json_option
def feedback(
    course_dir: Path, assignment: str | None, students: tuple[str, ...], as_json: bool
) -> int:
    """Write feedback/STUDENT/ASSIGNMENT/*.html for everything that is graded: no hidden test, no script, no network.

    Exit 0: every submission has its page; 1: some have none (they are named).
    """
    from unpickled import grading  # noqa: PLC0415 - not needed for --help

    course = grading.CourseFolder.open(course_dir)
    work = grading.queue(course, [assignment] if assignment else [], students)
    pages = []
    with _progress(len(work), "feedback") as (bar, task):
        for page in grading.give_feedback(course, work):
            pages.append(page)
            bar.update(task, advance=1)
    without = [page for page in pages if page.path is None]
    if as_json:
        rows = [{**asdict(page), "path": page.path and str(page.path)} for page in pages]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        for page in without:
            click.echo(printable(f"✗ {page.student}  {page.assignment}: {page.reason}"))
        click.echo(f"{len(pages) - len(without)} pages in {course_dir / 'feedback'}.")
    return 1 if without else 0


@click.command(
    epilog="Examples:\n\n  unpickled teach export ../my-class\n\n"
    "  unpickled teach export ../my-class --layout canvas --to canvas.csv\n\n"
    "  unpickled teach export ../my-class L4.8 --layout moodle --to moodle.csv",
)
@click.argument("course_dir", type=COURSE)
@click.argument("assignment", required=False)
@click.option(
    "--layout",
    type=click.Choice(["csv", "canvas", "moodle"]),
    default="csv",
    show_default=True,
    help="Columns: all that is known, or what the platform imports.",
)
@click.option(
    "--to",
    type=click.Path(path_type=Path, dir_okay=False),
    help="File to write; else standard output.",
)
@click.option(
    "--proposed", is_flag=True, help="For platforms: also scores that are still to review."
)
@json_option
def export(  # noqa: PLR0913, PLR0917 - one argument an option
    course_dir: Path,
    assignment: str | None,
    layout: str,
    to: Path | None,
    proposed: bool,
    as_json: bool,
) -> int:
    """Write everybody's grades. For Canvas and Moodle, what has no final score yet stays empty."""
    from unpickled import grading  # noqa: PLC0415 - not needed for --help
    from unpickled.errors import CourseError  # noqa: PLC0415

    rows = grading.standings(grading.CourseFolder.open(course_dir), assignment or "")
    if as_json:
        text = json.dumps([asdict(row) for row in rows], ensure_ascii=False, indent=1) + "\n"
    else:
        text = grading.as_csv(layout, rows, proposed=proposed)
    if to is None:
        click.echo(text, nl=False)
    else:
        try:
            grading.write_text(to, text)
        except OSError as error:
            problem = f"cannot be written: {error.strerror}"
            raise CourseError(str(to), problem, "Choose another place with --to.") from error
        click.echo(f"wrote {to}: {len(rows)} rows.", err=True)
    open_ones = Counter(row.state for row in rows)
    if left := open_ones["review"] + open_ones["failed"] + open_ones["waiting"]:
        click.echo(
            f"{left} submissions have no final score yet: unpickled teach status {course_dir}",
            err=True,
        )
    return 0


@contextmanager
def _progress(total: int, what: str) -> Iterator[tuple[Progress, TaskID]]:
    """Show a bar with counts and time left on standard error; off a terminal, nothing."""
    from rich.console import Console  # noqa: PLC0415 - slow to import
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not sys.stderr.isatty()
    ) as bar:
        yield bar, bar.add_task(what, total=total)


def _table(rows: Sequence[Standing]) -> None:
    for row in rows:
        points = "" if row.score is None else f"{row.score:g}/{row.maximum:g}"
        late = f"late by {_span(row.late)}" if row.late > 0 else ""
        parts = [
            f"{SIGNS[row.state]} {row.student:<16} {row.assignment:<13} {row.state:<8} {points:<9}"
        ]
        parts += filter(None, [row.submitted if row.submitted != "yes" else "", late, row.reason])
        click.echo(printable("  ".join(parts)).rstrip())


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    days, rest = divmod(minutes, 1440)
    return f"{days} d {rest // 60} h" if days else f"{rest // 60} h {rest % 60} min"
