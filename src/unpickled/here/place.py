"""The platform, by the name that Python has for it, and in words for those who miss something."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from unpickled.errors import NotHereError

__all__ = [
    "DRIVE",
    "KIT",
    "PLACE",
    "RECORDED",
    "in_browser",
    "kit",
    "lacking",
    "not_kept",
    "on_a_machine",
]

DRIVE = "/drive"
"""Where the site's kernel finds the browser's storage, if its service worker stands: what is written there stays."""

KIT = "kit"
"""The folder that the site's wheel has beside this module, and a checkout has not: the course and the recorded runs."""

PLACE = "this tab of the browser: no process, no network of its own, a file system in memory"
"""What holds a child that a page plays, in the words of `sandbox.Outcome.isolation`."""

RECORDED = "recorded"
"""How the `isolation` of a child begins that did not run here: what came of it was recorded on a machine."""

_NOT_KEPT = (
    "This browser keeps nothing of this site: your progress ends with the tab. Save it to a file on the start page and "
    "take it in again next time. Progress is kept at an https address or at localhost, outside of private windows."
)
_REMEDY = "On a machine, `make learn` runs it."


def in_browser() -> bool:
    """Whether this Python runs in a browser (Pyodide)."""
    return sys.platform == "emscripten"


def not_kept() -> str:
    """Return what a learner has to know whose browser keeps no progress; empty where it does, and on a machine."""
    if not in_browser():
        return ""
    drive = importlib.import_module("pyodide_js").FS.analyzePath(DRIVE)
    return "" if drive.exists and drive.object.mount.mountpoint == DRIVE else _NOT_KEPT


def kit() -> Path | None:
    """Return the folder of what the site brings along; None outside of the site."""
    folder = Path(__file__).with_name(KIT)
    return folder if folder.is_dir() else None


def on_a_machine(what: str, problem: str = "") -> NotHereError:
    """Return the error for something that a browser has not, a sentence for a learner.

    Args:
        what: its name, "modelscan" say.
        problem: why not; that it cannot run in a browser when empty.
    """
    return NotHereError(what, problem or lacking(what), _REMEDY)


def lacking(what: str) -> str:
    """Say that something does not run in a browser, without a full stop."""
    return f"{what} cannot run in a browser, and there is no recorded run of this"
