"""`unpickled teach`: the instructor's commands."""

from __future__ import annotations

import click

from unpickled.cli.score import score

__all__ = ["teach"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def teach() -> None:
    """Score the graded quiz; release, collection and grading are not here yet."""


teach.add_command(score)
