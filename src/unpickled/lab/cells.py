"""Cells that no browser can run: `%%recorded` shows what came of them on a machine, and says that nothing ran here.

The site puts that line over them when it is made. What a cell only prepares (imports, names, functions) is done all
the same, and the files that it wrote are put where they would be, so that the cells behind it go on from there.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import io
from collections.abc import Mapping, Sequence
from typing import Any

from unpickled import here
from unpickled.lab.session import workspace

__all__ = ["MAGIC", "bring_magic", "cell_key", "show_recorded"]

MAGIC = "recorded"


def cell_key(source: str) -> str:
    """Return what a cell's recorded run is found by: its text."""
    return hashlib.sha256(source.strip().encode()).hexdigest()[:16]


def show_recorded(line: str, source: str, namespace: dict[str, Any]) -> None:
    """Show a cell's recorded run in place of running it.

    Args:
        line: what stands behind `%%recorded`: what the cell needs.
        source: the cell.
        namespace: the notebook's names, to which it adds what the cell would have prepared.
    """
    kept = here.recorded("cells").get(cell_key(source))
    if kept is None:
        here.note("Not run.", f"{_why(line)}You have changed it, so there is no recorded run.")
        return
    _put(kept["files"])
    _prepare(kept["prepares"], namespace)
    said = "Nothing ran here: this is what came of it on a machine."
    here.note(f"Recorded on {here.shown_date()}.", f"{_why(line)}{said}")
    for output in kept["outputs"]:
        _show(output)


def _why(line: str) -> str:
    return f"This cell {line}, which no browser has. " if line else ""


def _put(files: Mapping[str, str]) -> None:
    for name, data in files.items():
        path = workspace() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(data))


def _prepare(statements: Sequence[str], namespace: dict[str, Any]) -> None:
    """Do what the cell prepares: statements of the course's own text, chosen when the site was made."""
    for statement in statements:
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
            exec(compile(statement, "<prepared>", "exec"), namespace)  # noqa: S102 - a part of the learner's own cell


def _show(output: Mapping[str, Any]) -> None:
    if output["kind"] == "stream":
        print(output["text"], end="")  # noqa: T201 - as the cell did
    else:
        _display(output["data"])


def _display(data: Mapping[str, Any]) -> None:
    from IPython import display  # noqa: PLC0415 - only notebooks show cells

    show: Any = display.display
    show(dict(data), raw=True)


def bring_magic() -> None:
    """Make `%%recorded` known to the notebook; does nothing outside of a browser's notebook."""
    if not here.in_browser():
        return
    from IPython import get_ipython  # noqa: PLC0415

    shell = get_ipython()
    if shell is not None:
        shell.Completer.use_jedi = (
            False  # which the site leaves out; names of what is there are completed all the same
        )
        shell.register_magic_function(
            lambda line, cell: show_recorded(line, cell, shell.user_ns), "cell", MAGIC
        )
