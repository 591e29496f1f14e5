"""`unpickled guard`: the maximum bar as commands, each imported only when it is called."""

from __future__ import annotations

import click

from unpickled.cli.lazy import lazy_group

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


@click.group(
    cls=lazy_group(STEPS),
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="A model from the day it was reviewed to every day after:\n\n"
    "  unpickled guard pin model/ -o model.lock\n\n  unpickled guard verify model/ model.lock\n\n"
    "  unpickled guard keys keys/\n\n  unpickled guard sign model/ -o model.sig --key keys/signing.key\n\n"
    "  unpickled guard check-signature model/ model.sig --public-key keys/signing.pub\n\n"
    "Then a registry of your own: unpickled guard publish --help",
)
def guard() -> None:
    """Pin the model that was reviewed, sign it, keep it in a registry of your own, and log every load."""
