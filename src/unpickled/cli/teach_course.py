"""`unpickled teach init`, `release`, `roster`, `collect`: everything before grading."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

import click

from unpickled.cli.terminal import printable

__all__ = ["COURSE", "collect", "init", "release", "roster"]

COURSE = click.Path(path_type=Path, file_okay=False)
FILE = click.Path(path_type=Path)


@click.command(
    epilog="Examples:\n\n  unpickled teach init ../my-class\n\n"
    '  unpickled teach init ../my-class --due "L4.8=2026-12-04 23:59 UTC"\n\n'
    '  unpickled teach init ../my-class --db "postgresql://ada@db.example.org/my_class?sslmode=verify-full"\n\n'
    "Run again, it brings assignments and dates up to date; submissions, grades and your configuration stay.",
)
@click.argument("course_dir", type=COURSE)
@click.option(
    "--due", multiple=True, metavar="NAME=DATE", help="When an assignment is due; may be repeated."
)
@click.option(
    "--course-id", default="unpickled", show_default=True, help="nbgrader's name for the course."
)
@click.option(
    "--db",
    default="",
    metavar="URL",
    help="Keep the gradebook in this PostgreSQL database; by default it is a file in the folder.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def init(course_dir: Path, due: tuple[str, ...], course_id: str, db: str, as_json: bool) -> int:
    """Make an nbgrader course folder COURSE_DIR with lab and quiz, their released versions already made."""
    from unpickled import grading  # noqa: PLC0415 - not needed for --help
    from unpickled.content import course_root  # noqa: PLC0415

    dates = {name: date for name, _, date in (one.partition("=") for one in due)}
    made = grading.init(course_dir, course_root(), due=dates, course_id=course_id, db=db)
    if as_json:
        names = [one.id for one in made]
        click.echo(json.dumps({"course": str(course_dir.absolute()), "assignments": names}))
        return 0
    click.echo(f"{course_dir}: an nbgrader course with {', '.join(one.id for one in made)}.")
    click.echo(f"Released versions are in {course_dir / 'release'}; they hold no answers.")
    click.echo(f"Next: unpickled teach roster {course_dir} students.csv")
    return 0


@click.command(
    epilog="Examples:\n\n  unpickled teach release ../bundle\n\n  unpickled teach release ../bundle --force",
)
@click.argument("dest", type=FILE)
@click.option("--force", is_flag=True, help="Replace an earlier bundle.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def release(dest: Path, force: bool, as_json: bool) -> int:
    """Make the learner bundle in DEST: lesson, lab, quiz and environment; no key, solution or hidden test."""
    from unpickled import grading  # noqa: PLC0415 - not needed for --help
    from unpickled.content import course_root  # noqa: PLC0415

    made = grading.make_bundle(dest, course_root(), force=force)
    if as_json:
        click.echo(json.dumps({"path": str(made.path), "files": made.files, "bytes": made.size}))
        return 0
    click.echo(
        f"{dest}: {made.files} files, {made.size / 1e6:.1f} MB, searched for answers: none in it."
    )
    click.echo(
        "Give learners this folder (zip it, or put it into a repository). They run: make learn"
    )
    return 0


@click.command(
    epilog="Examples:\n\n  unpickled teach roster ../my-class students.csv\n\n"
    "The file has a heading line. Columns: id (needed), first_name, last_name, email, lms_user_id.",
)
@click.argument("course_dir", type=COURSE)
@click.argument("file", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def roster(course_dir: Path, file: Path, as_json: bool) -> int:
    """Import the students of the CSV FILE: all rows or none; nobody is removed."""
    from unpickled import grading  # noqa: PLC0415 - not needed for --help

    done = grading.import_roster(grading.CourseFolder.open(course_dir), file)
    if as_json:
        click.echo(json.dumps(asdict(done)))
    else:
        click.echo(
            f"{done.added} students added, {done.changed} changed, {done.same} as they were."
        )
    return 0


@click.command(
    epilog="Examples:\n\n  unpickled teach collect ../my-class L4.8 downloads/L4.8\n\n"
    "  unpickled teach collect ../my-class L4.4.2-quiz downloads/quiz --json",
)
@click.argument("course_dir", type=COURSE)
@click.argument("assignment")
@click.argument("folder", type=FILE)
@click.option("--json", "as_json", is_flag=True, help="A JSON list, one entry a file or folder.")
def collect(course_dir: Path, assignment: str, folder: Path, as_json: bool) -> int:
    """Take in the submissions in FOLDER: a folder or a notebook for each student, as platforms give them.

    The assignment is one notebook, as all of this course are.

    Exit 0: everything found its student; 1: something was left.
    """
    from unpickled import grading  # noqa: PLC0415 - not needed for --help

    course = grading.CourseFolder.open(course_dir)
    results = list(grading.collect(course, assignment, folder))
    if as_json:
        click.echo(json.dumps([asdict(one) for one in results], indent=1))
    else:
        for one in results:
            whose = f" → {one.student}" if one.student else ""
            click.echo(printable(f"{one.state:<6} {one.source}{whose}: {one.reason}"))
        counts = Counter(one.state for one in results)
        click.echo(
            f"{counts['taken']} taken, {counts['kept']} there already, {counts['left']} left."
        )
    return 1 if any(one.state == "left" for one in results) else 0
