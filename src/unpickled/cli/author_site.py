"""`unpickled author site`: the lesson as a folder of files for the browser alone."""

from __future__ import annotations

from pathlib import Path

import click

from unpickled.content import course_root

__all__ = ["site"]


@click.command(
    short_help="Make the site on which the lesson runs with nothing installed.",
    epilog="Exit codes: 0 it is there; 2 something is missing, or a page was not recorded.\n\nExamples:\n\n"
    "  unpickled author site\n\n  unpickled author site --out /srv/www/unpickled\n\n"
    "  python -m http.server --directory build/site 8000",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The folder to make. Default: build/site",
)
def site(out: Path | None) -> int:
    """Make the zero-install site: the lesson, with Python in the learner's own browser.

    It is a folder of files for any web server, under any path: all addresses in it are relative, and it asks nothing
    of any other host. The first time, Pyodide and some wheels are brought from npm and PyPI, and kept.
    """
    from unpickled.authoring.site import OUT, build_site  # noqa: PLC0415 - only this command needs it

    root = course_root()
    made = build_site(root, out or root / OUT, lambda step: click.echo(f"site: {step} …", err=True))
    size = f"{made.size / 1e6:.1f} MB in {made.files} files"
    click.echo(f"{made.folder}: {size}, {'made' if made.fresh else 'up to date'}.")
    return 0
