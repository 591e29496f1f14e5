"""The magics that ipykernel has and IPython's own shell has not, so that a notebook which uses one goes on.

They are about a notebook's page, and there is none: they do nothing, and fail where ipykernel's fail.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.extensions.storemagic import StoreMagics

__all__ = ["register_magics"]

_SILENT = ("clear", "cls", "connect_info", "edit", "man", "qtconsole", "subshell")


def register_magics(shell: Any) -> None:
    """Let a shell know them, and `%store`, which every kernel loads."""
    shell.register_magics(StoreMagics)
    for name in _SILENT:
        shell.register_magic_function(_nothing, "line", name)
    for name in ("less", "more"):
        shell.register_magic_function(_read, "line", name)
    shell.register_magic_function(_autosave, "line", "autosave")


def _nothing(line: str) -> None:
    """Do nothing."""


def _read(line: str) -> None:
    """Read a file and show it nowhere: a pager's pages are no output of a cell."""
    if not line:
        raise UsageError("Missing filename.")
    Path(line).read_text(encoding="utf-8", errors="replace")


def _autosave(line: str) -> None:
    """Take a number of seconds."""
    try:
        int(line)
    except ValueError as error:
        raise UsageError(f"%autosave requires an integer, got {line!r}") from error
