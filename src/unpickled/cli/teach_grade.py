"""`unpickled teach grade`: submissions in, grades out, several at a time, each in a jail of its own."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from unpickled.cli.teach_course import COURSE
from unpickled.cli.teach_shared import SIGNS, json_option, progress, student_option, tls_options
from unpickled.cli.terminal import printable

if TYPE_CHECKING:
    from unpickled.grading import Outcome
    from unpickled.grading.machines import Address

__all__ = ["grade"]


@click.command(
    epilog="Examples:\n\n  unpickled teach grade ../my-class\n\n"
    "  unpickled teach grade ../my-class L4.8 --student ada --force\n\n"
    "  unpickled teach grade ../my-class --watch\n\n"
    "  unpickled teach grade ../my-class --scheduler tls://10.0.0.5:8786 \\\n"
    "      --tls-ca-file ca.pem --tls-cert cert.pem --tls-key key.pem\n\n"
    "Ctrl-C is safe at any moment: what is unfinished is graded by the next run.",
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
@click.option(
    "--jobs", type=click.IntRange(1), help="Submissions at a time; by default one a processor."
)
@click.option("--watch", is_flag=True, help="Go on, and grade what comes in, until Ctrl-C.")
@click.option(
    "--unsafe-no-sandbox",
    is_flag=True,
    help="Run submissions without a jail where none can be built: they then have your rights.",
)
@click.option(
    "--scheduler",
    metavar="ADDRESS",
    help="Have the workers of a Dask cluster do the work: tls://HOST:PORT.",
)
@tls_options
@json_option
def grade(  # noqa: PLR0913, PLR0917 - one argument an option
    course_dir: Path,
    assignment: str | None,
    students: tuple[str, ...],
    force: bool,
    timeout: int | None,
    jobs: int | None,
    watch: bool,
    unsafe_no_sandbox: bool,
    scheduler: str | None,
    tls: dict[str, Path | None],
    as_json: bool,
) -> int:
    """Grade what was handed in and is not graded yet; a submission that has changed is graded again.

    Exit 0: every submission has a grade, if only a proposed one; 1: some could not be graded (they are named);
    2: nothing could be done.
    """
    from unpickled import grading  # noqa: PLC0415 - not needed for --help

    course = grading.CourseFolder.open(course_dir)
    names = [assignment] if assignment else []
    work = [] if watch else grading.queue(course, names, students)
    given = grading.Manner(
        timeout=timeout,
        jobs=jobs or 0,
        without_wall="the user said so" if unsafe_no_sandbox else "none",
        scheduler=_cluster(scheduler, tls, unsafe=unsafe_no_sandbox),
        tell=lambda line: click.echo(printable(line), err=True),
    )
    outcomes = (
        grading.watch(course, names, students, given)
        if watch
        else grading.grade(course, work, given, force=force)
    )
    started = time.monotonic()
    try:
        done = _shown(outcomes, None if watch else len(work), as_json=as_json)
    except KeyboardInterrupt:
        kept = "what was graded is in the gradebook, and the next run goes on from there"
        click.echo(f"unpickled: stopped; {kept}.", err=True)
        return 130
    if as_json:
        rows = sorted(done, key=lambda one: (one.assignment, one.student))
        click.echo(json.dumps([asdict(one) for one in rows], indent=1))
    else:
        _sum_up(done, time.monotonic() - started, course_dir)
    return 1 if any(one.state == "failed" for one in done) else 0


def _cluster(scheduler: str | None, tls: dict[str, Path | None], *, unsafe: bool) -> Address | None:
    """Return the cluster that was asked for, if any.

    Raises:
        GradingError: it cannot be used so.
    """
    from unpickled.grading.machines import address_of  # noqa: PLC0415 - not needed for --help
    from unpickled.grading.machines.needed import require_dask  # noqa: PLC0415

    if scheduler is None:
        if any(tls.values()):
            raise click.UsageError("--tls-… is for a cluster: give its --scheduler")
        return None
    if unsafe:
        raise click.UsageError(
            "--unsafe-no-sandbox is for this machine alone: workers always need a jail"
        )
    address = address_of(scheduler, **tls)
    require_dask()
    return address


def _shown(outcomes: Iterator[Outcome], total: int | None, *, as_json: bool) -> list[Outcome]:
    """Show outcomes as they come: a line for each that a person has to know of."""
    done = []
    with progress(total, "grading") as (bar, task):
        for outcome in outcomes:
            done.append(outcome)
            if as_json and total is None:  # nobody knows when it ends: a line for each
                click.echo(json.dumps(asdict(outcome)))
            whose = f"{outcome.assignment} {printable(outcome.student)}"
            bar.update(task, advance=1, description=whose)
            lines = [outcome.reason] if outcome.state != "graded" else []
            for line in [] if as_json else [*lines, *outcome.evidence]:
                sign = SIGNS[outcome.state] if line == outcome.reason else "!"
                text = printable(f"{sign} {outcome.student}  {outcome.assignment}: {line}")
                bar.console.print(text, markup=False, highlight=False, soft_wrap=True)
    return done


def _sum_up(done: list[Outcome], seconds: float, course_dir: Path) -> None:
    counts = Counter(outcome.state for outcome in done)
    click.echo(
        f"{len(done)} submissions: {counts['graded']} graded, {counts['review']} to review, "
        f"{counts['failed']} that could not be graded. It took {seconds:.1f} s."
    )
    if counts["review"]:
        click.echo("Review them in nbgrader's form grader (docs/for-instructors.md says how).")
    if counts["failed"]:
        where = course_dir / "submitted"
        click.echo(f"Mend the file in {where}, or ask for it again; then run grade again.")
