"""`unpickled teach status`, `feedback`, `export`: from grades back to learners."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unpickled.cli.teach_course import COURSE
from unpickled.cli.teach_shared import SIGNS, json_option, progress, student_option
from unpickled.cli.terminal import printable

if TYPE_CHECKING:
    from unpickled.grading import Standing

__all__ = ["export", "feedback", "status"]


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
        click.echo(json.dumps([asdict(row) for row in rows], indent=1))
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
    with progress(len(work), "feedback") as (bar, task):
        for page in grading.give_feedback(course, work):
            pages.append(page)
            bar.update(task, advance=1)
    without = [page for page in pages if page.path is None]
    if as_json:
        rows = [{**asdict(page), "path": page.path and str(page.path)} for page in pages]
        click.echo(json.dumps(rows, indent=1))
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
        text = json.dumps([asdict(row) for row in rows], indent=1) + "\n"
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


def _table(rows: Sequence[Standing]) -> None:
    for row in rows:
        points = "" if row.score is None else f"{row.score:g}/{row.maximum:g}"
        late = f"late by {_span(row.late)}" if row.late > 0 else ""
        parts = [
            f"{SIGNS[row.state]} {row.student:<16} {row.assignment:<13} {row.state:<8} {points:<9}"
        ]
        parts += filter(None, [row.submitted if row.submitted != "yes" else "", late, row.reason])
        parts += [f"! {line}" for line in row.evidence]
        click.echo(printable("  ".join(parts)).rstrip())


def _span(seconds: float) -> str:
    minutes = int(seconds // 60)
    days, rest = divmod(minutes, 1440)
    return f"{days} d {rest // 60} h" if days else f"{rest // 60} h {rest % 60} min"
