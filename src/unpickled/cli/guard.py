"""`unpickled guard`: the maximum bar as commands, each imported only when it is called."""

from __future__ import annotations

from importlib import import_module

import click

__all__ = ["STEPS", "guard"]

STEPS = {
    "pin": ("unpickled.cli.guard_pin:pin", "Write down what each file of a folder is."),
    "verify": ("unpickled.cli.guard_pin:verify", "Refuse a folder that is not as it was pinned."),
}
"""Commands in the order in which they are used: where each lives, and what it does."""


class _Steps(click.Group):
    """A group that imports a command only to run it."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(STEPS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in STEPS:
            return None
        module, _, name = STEPS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in STEPS.items()])


@click.group(
    cls=_Steps,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="A model from the day it was reviewed to every day after:\n\n"
    "  unpickled guard pin model/ -o model.lock\n\n  unpickled guard verify model/ model.lock",
)
def guard() -> None:
    """Pin the model that was reviewed, and refuse everything else."""
