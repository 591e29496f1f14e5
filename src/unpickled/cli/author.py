"""`unpickled author`: regenerate what is made from the sources, and check what the sources claim."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from unpickled.cli.author_site import site
from unpickled.content import course_root

if TYPE_CHECKING:
    from pathlib import Path

    from unpickled.authoring.checks import Findings

__all__ = ["author"]

KEPT = " (the edited notebook is kept beside it)"
UNPRINTED = 3  # everything was made but what needs a browser


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="A day's work: unpickled author watch, while you write; then check, build, and commit what they made.",
)
def author() -> None:
    """Write a lesson: make slides, scripts and notebooks from the sources, and check what they claim."""


@author.command(
    short_help="Make what is not up to date, or tell what is stale.",
    epilog="Exit codes: 0 all is made; 1 something is stale (--check); 2 a source is wrong; 3 all is made but PDF and "
    "pictures, for want of Chromium.\n\nExamples:\n\n  unpickled author build\n\n"
    "  unpickled author build L4.4.2 --quick\n\n  unpickled author build --html\n\n  unpickled author build --check",
)
@click.argument("lesson", default="")
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; fail where a file is stale."
)
@click.option("--quick", is_flag=True, help="Leave PDF and pictures for later: no browser.")
@click.option(
    "--video",
    is_flag=True,
    help="Also a narrated draft (espeak-ng, ffmpeg); its times set the captions.",
)
@click.option(
    "--html",
    is_flag=True,
    help="Also each lesson as one page that needs neither Python nor network; its notebooks are run for it.",
)
def build(lesson: str, only_check: bool, quick: bool, video: bool, html: bool) -> int:
    """Make notebooks, slides, scripts and captions anew; of one LESSON or lab if you name it.

    What is up to date is left alone.
    """
    root = course_root()
    if only_check and (quick or video or html):
        raise click.UsageError(
            "--check writes nothing, so it goes with none of --quick, --video and --html."
        )
    if only_check:
        return _gate(root, lesson)
    code = _build(root, lesson, quick=quick)
    if html and code in (0, UNPRINTED):
        _offline(root, lesson)
    return code or (_film(root, lesson) if video else 0)


def _offline(root: Path, lesson: str) -> None:
    """Make the pages for readers without Python; of a lab there is none."""
    from unpickled.authoring.offline import build_pages  # noqa: PLC0415 - only this option needs it
    from unpickled.content import load_course  # noqa: PLC0415

    if lesson and lesson not in {one.id for one in load_course(root).lessons}:
        click.echo(f"{lesson} is no lesson: a lab has no page of its own.", err=True)
        return
    for made in build_pages(root, lesson, lambda step: click.echo(f"{step} …", err=True)):
        state = "made" if made.fresh else "up to date"
        click.echo(f"{made.path.relative_to(root)}: {made.size / 1e6:.1f} MB, {state}.")


author.add_command(site)


def _film(root: Path, lesson: str) -> int:
    """Make the drafts, then the captions that follow what they measured."""
    from unpickled.authoring.video import draft  # noqa: PLC0415 - only this option needs it
    from unpickled.content import deck_lessons  # noqa: PLC0415

    for name in deck_lessons(root):
        if lesson in ("", name):
            film = draft(root, name, lambda step: click.echo(f"making {step} …", err=True))
            click.echo(f"wrote {film.relative_to(root)} (a draft: not for committing)")
    return _build(root, lesson, quick=False)


def _gate(root: Path, lesson: str) -> int:
    from unpickled.authoring import stale_files  # noqa: PLC0415 - only this command needs it

    count, found = stale_files(root, lesson)
    for stale in found:
        remedy = stale.remedy + KEPT * (stale.problem == "edited by hand")
        click.echo(f"{stale.path.relative_to(root)}: {stale.problem}. {remedy}", err=True)
    click.echo(f"{count - len(found)} of {count} generated files are up to date.")
    return 1 if found else 0


def _build(root: Path, lesson: str, *, quick: bool) -> int:
    from unpickled.authoring import build as make  # noqa: PLC0415 - only this command needs it

    report = make(
        root, lesson, quick=quick, say=lambda step: click.echo(f"making {step} …", err=True)
    )
    for path in report.written:
        click.echo(f"wrote {path.relative_to(root)}")
    for path in report.removed:
        click.echo(f"removed {path.relative_to(root)}")
    click.echo(f"{report.files} generated files, {len(report.written)} changed.")
    for name in report.postponed:
        click.echo(
            f"PDF and pictures of {name} are of older slides: run unpickled author build.", err=True
        )
    for missing in report.unprinted:
        click.echo(f"PDF and pictures were not made: {missing}", err=True)
    return UNPRINTED if report.unprinted else 0


@author.command(
    short_help="Tell every fault, with place and remedy.",
    epilog="Exit codes: 0 no fault; 1 faults; 2 it could not be checked.\n\nExamples:\n\n  unpickled author check\n\n"
    "  unpickled author check --quick\n\n  unpickled author check --json",
)
@click.option("--json", "as_json", is_flag=True, help="An object: faults, unchecked, grades.")
@click.option("--quick", is_flag=True, help="Do not look at the slides in a browser.")
def check(as_json: bool, quick: bool) -> int:
    """Check every course file: schema, sources, claims, links, spelling, times, and how the slides look."""
    from unpickled.authoring.checks import check as find  # noqa: PLC0415 - only this command needs it

    findings = find(course_root(), browser=not quick)
    if as_json:
        click.echo(json.dumps(_as_data(findings), indent=1))
    else:
        _tell(findings)
    return 1 if findings.faults else 0


@author.command(
    short_help="Begin a lesson that passes every check.",
    epilog="Exit codes: as those of build; 2 also where the lesson is there already.\n\n"
    'Examples:\n\n  unpickled author new L4.4.3 --title "Model-card lies and provenance gaps"',
)
@click.argument("lesson")
@click.option("--title", default="", help="A line of plain words; you can change it later.")
def new(lesson: str, title: str) -> int:
    """Begin a new LESSON: its entry, a page, a practice card and a deck; then build it."""
    from unpickled.authoring.scaffold import new_lesson  # noqa: PLC0415 - only this command needs it

    root = course_root()
    for path in new_lesson(root, lesson, title or f"Lesson {lesson}"):
        click.echo(f"wrote {path.relative_to(root)}")
    return _build(root, "", quick=False)


@author.command(
    short_help="Build at every save and reload the page.",
    epilog="Exit codes: 0 ended by Ctrl-C; 2 it cannot watch.\n\nExamples:\n\n"
    "  unpickled author watch\n\n  unpickled author watch L4.4.2 --port 8000",
)
@click.argument("lesson", default="")
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="Default: any free one.")
def watch(lesson: str, port: int) -> int:
    """Build at every save and reload the open page, until Ctrl-C; PDF and pictures are left for a build."""
    from unpickled.authoring.watching import watch as look_on  # noqa: PLC0415 - only this command needs it

    try:
        look_on(course_root(), lesson, port=port, say=click.echo)
    except KeyboardInterrupt:
        click.echo("\nStopped. For PDF and pictures run: unpickled author build")
    return 0


def _as_data(findings: Findings) -> dict[str, object]:
    def rows(name: str) -> list[dict[str, str]]:
        return [
            {"place": f.place, "problem": f.problem, "remedy": f.remedy}
            for f in getattr(findings, name)
        ]

    return {
        "faults": rows("faults"),
        "unchecked": rows("unchecked"),
        "grades": dict(findings.grades),
    }


def _tell(findings: Findings) -> None:
    for fault in findings.faults:
        click.echo(str(fault), err=True)
    for missing in findings.unchecked:
        click.echo(f"How the slides look was not checked: {missing}", err=True)
    for lesson, grade in findings.grades.items():
        if " " not in lesson:
            hardest = max(
                (value, name.split()[1])
                for name, value in findings.grades.items()
                if name.startswith(f"{lesson} ")
            )
            click.echo(
                f"{lesson}: what is said reads at school grade {grade:g}; hardest is "
                f'slide "{hardest[1]}", {hardest[0]:g}.'
            )
    number = len(findings.faults)
    several = "1 fault" if number == 1 else f"{number} faults"
    click.echo(f"{several} in the course files." if number else "No fault in the course files.")
