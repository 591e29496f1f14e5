"""`python -m unpickled.authoring.offline ROOT`: the pages of a checkout, for a program that packs them.

On stdout the place of each within the checkout, a line each; on stderr what is run, or why there is no page. Of the
slides, notebooks and scripts, which `unpickled author build` makes, nothing is touched.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from unpickled.authoring.offline.building import build_pages
from unpickled.errors import CourseError


def _main(root: Path) -> int:
    try:
        for made in build_pages(root, "", lambda step: click.echo(f"{step} …", err=True)):
            click.echo(made.path.relative_to(root).as_posix())
    except CourseError as error:
        click.echo(str(error), err=True)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(_main(Path(sys.argv[1])))
