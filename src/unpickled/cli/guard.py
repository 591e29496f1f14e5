"""`unpickled guard`: the maximum bar as commands, each imported only when it is called."""

from __future__ import annotations

from importlib import import_module

import click

__all__ = ["STEPS", "guard"]

STEPS = {
    "pin": ("unpickled.cli.guard_pin:pin", "Write down what each file of a folder is."),
    "verify": ("unpickled.cli.guard_pin:verify", "Refuse a folder that is not as it was pinned."),
    "keys": (
        "unpickled.cli.guard_sign:keys",
        "Make a pair of keys to sign with, and a CA if you want one.",
    ),
    "sign": ("unpickled.cli.guard_sign:sign", "Sign every file of a folder."),
    "check-signature": (
        "unpickled.cli.guard_sign:check_signature",
        "Refuse a folder that is not as it was signed.",
    ),
    "publish": (
        "unpickled.cli.guard_registry:publish",
        "Let a model into a registry: pinned, signed, scanned.",
    ),
    "pull": (
        "unpickled.cli.guard_registry:pull",
        "Take a model out of a registry, by name and digest.",
    ),
    "list": ("unpickled.cli.guard_registry:list_models", "What is in a registry."),
    "load": (
        "unpickled.cli.guard_audit:load",
        "Load a file if a policy lets it, and write a line into the log.",
    ),
    "audit": ("unpickled.cli.guard_audit:audit", "Look through the log of all loads."),
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
    "  unpickled guard pin model/ -o model.lock\n\n  unpickled guard verify model/ model.lock\n\n"
    "  unpickled guard keys keys/\n\n  unpickled guard sign model/ -o model.sig --key keys/signing.key\n\n"
    "  unpickled guard check-signature model/ model.sig --public-key keys/signing.pub\n\n"
    "Then a registry of your own: unpickled guard publish --help",
)
def guard() -> None:
    """Pin the model that was reviewed, sign it, keep it in a registry of your own, and log every load."""
