"""`unpickled author`: regenerate what is made from the sources, and check what the sources claim."""

from __future__ import annotations

import json

import click

from unpickled.content import course_root
from unpickled.errors import CourseError

__all__ = ["author"]

KEPT = " (the edited notebook is kept beside it)"


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def author() -> None:
    """Regenerate and check what is made from the sources."""


@author.command(
    epilog="Examples:\n\n  unpickled author build\n\n  unpickled author build --check",
)
@click.option(
    "--check", "only_check", is_flag=True, help="Write nothing; fail where a file is stale."
)
def build(only_check: bool) -> int:
    """Regenerate notebooks and pictures. Files that are right already are left alone."""
    from unpickled.authoring import edited, outputs, stale, write  # noqa: PLC0415 - jupytext is slow to import

    root = course_root()
    made = outputs(root)
    if only_check:
        old = stale(made)
        for path in old:
            problem = "edited by hand" if edited(path) else "stale"
            remedy = "Run: unpickled author build" + KEPT * (problem != "stale")
            click.echo(f"{path.relative_to(root)}: {problem}. {remedy}", err=True)
        click.echo(f"{len(made) - len(old)} of {len(made)} generated files are up to date.")
        return 1 if old else 0
    changed = write(made)
    for path in changed:
        click.echo(f"wrote {path.relative_to(root)}")
    click.echo(f"{len(made)} generated files, {len(changed)} changed.")
    return 0


@author.command(epilog="Examples:\n\n  unpickled author check\n\n  unpickled author check --json")
@click.option("--json", "as_json", is_flag=True, help="A list of {place, problem, remedy}.")
def check(as_json: bool) -> int:
    """Check every course file: schema, ids, sources, citations, links, minutes."""
    from unpickled.content import check as check_content  # noqa: PLC0415 - only this command needs it

    faults: list[CourseError] = list(check_content(course_root()))
    if as_json:
        rows = [{"place": f.place, "problem": f.problem, "remedy": f.remedy} for f in faults]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    else:
        for fault in faults:
            click.echo(str(fault), err=True)
        click.echo(
            f"{len(faults)} faults in the course files."
            if faults
            else "No fault in the course files."
        )
    return 1 if faults else 0
