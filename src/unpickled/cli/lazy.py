"""Groups of commands of which each is imported only when it is called, so that the others cost no time."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

__all__ = ["lazy_group"]


def lazy_group(steps: Mapping[str, tuple[str, str]]) -> type[click.Group]:
    """Return a class for `click.group`.

    Args:
        steps: the commands, in the order in which they are shown: `module:name` of each, and what it does.
    """

    class Steps(click.Group):
        """A group that imports a command only to run it."""

        def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
            return list(steps)

        def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
            if cmd_name not in steps:
                return None
            module, _, name = steps[cmd_name][0].partition(":")
            command: click.Command = getattr(import_module(module), name)
            return command

        def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
            with formatter.section("Commands"):
                formatter.write_dl([(name, summary) for name, (_, summary) in steps.items()])

    return Steps
