"""Saying on the page that something did not run there: one look for it, in the output of the cell that asked."""

from __future__ import annotations

import sys
from html import escape
from typing import Any

from unpickled.here.runs import shown_date

__all__ = ["note", "tell_recorded"]

_EDGE = "border-left:4px solid var(--jp-warn-color1,#b35900);padding:.45em .8em;margin:.2em 0 .6em;"
_FONT = "font-family:var(--jp-content-font-family,sans-serif);font-size:var(--jp-content-font-size1,14px);"
_INK = "color:var(--jp-content-font-color1,inherit);line-height:1.45;"

_last: list[Any] = []


def note(lead: str, rest: str) -> None:
    """Show a note: its lead in bold, then the rest; without a notebook, as a line on stderr."""
    shell = sys.modules.get("IPython")
    if shell is None or shell.get_ipython() is None:
        sys.stderr.write(f"{lead} {rest}\n")
        return
    words = f"<strong>{escape(lead)}</strong> {escape(rest)}"
    look = f"{_EDGE}{_FONT}{_INK}"
    html = f'<div class="unp-recorded" role="note" style="{look}">{words}</div>'
    shell.display.display({"text/html": html, "text/plain": f"{lead} {rest}"}, raw=True)


def tell_recorded(what: str) -> None:
    """Say, once in a cell, that what something answers here was recorded on a machine."""
    shell = sys.modules.get("IPython")
    running = shell.get_ipython() if shell else None
    told = [what, getattr(running, "execution_count", None)]
    if told != _last:
        _last[:] = told
        lead = f"Recorded on {shown_date()}."
        note(lead, f"{what} cannot run in a browser: its answers here are from a machine.")
