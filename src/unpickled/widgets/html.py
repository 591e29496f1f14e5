"""Widgets on a page without a kernel: the same script and style, the state beside them, nothing fetched.

The exported pages of the course are made of these snippets, and the browser tests drive them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from html import escape
from itertools import count

from .base import CourseWidget
from .bundle import mountable

__all__ = ["to_html", "to_page"]

_numbers = count(1)
_CLOSES_EARLY = re.compile(r"<(?=/script|/style|!--|script)", re.IGNORECASE)


def to_html(widgets: CourseWidget | Iterable[CourseWidget]) -> str:
    """One self-contained snippet that shows the widgets, in order, with no kernel and no network.

    The snippet holds each widget class' style and script once. Put several widgets in one call where they
    stand on one page, so that the script is not repeated.
    """
    shown = [widgets] if isinstance(widgets, CourseWidget) else list(widgets)
    parts: list[str] = []
    for module in dict.fromkeys(widget.module for widget in shown):
        style = next(widget._css for widget in shown if widget.module == module)  # noqa: SLF001 - anywidget's name for it
        parts.append(f"<style>{_inline(str(style))}</style>")
    mounts: list[str] = []
    for widget in shown:
        place = f"unp-static-{next(_numbers)}-{widget.module}"
        parts.append(
            f'<div id="{place}" class="unp-static"><noscript>This part of the page needs JavaScript.</noscript></div>'
            f'<script type="application/json" id="{place}-state">{_json(widget.snapshot())}</script>'
        )
        mounts.append(f'host.mountStatic("{place}", {_name(widget.module)});')
    parts.append(f"<script>{_inline(_script(shown, mounts))}</script>")
    return "\n".join(parts)


def to_page(
    widgets: CourseWidget | Iterable[CourseWidget], *, title: str = "Unpickled", theme: str = ""
) -> str:
    """A whole HTML document around `to_html`.

    Args:
        widgets: what to show.
        title: the document's title.
        theme: "light" or "dark" to hold the page to it; empty follows the reader's system.
    """
    chosen = f' data-theme="{escape(theme)}"' if theme else ""
    paper = {"dark": "#111111", "light": "#ffffff"}.get(theme, "Canvas")
    return (
        f'<!doctype html>\n<html lang="en"{chosen}>\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<meta name="color-scheme" content="{escape(theme) or "light dark"}"><title>{escape(title)}</title>'
        f"<style>body{{margin:0 auto;padding:1rem;max-width:74rem;background:{paper}}}</style></head>\n"
        f"<body>\n<main>\n{to_html(widgets)}\n</main>\n</body>\n</html>\n"
    )


def _name(module: str) -> str:
    return f"make_{module.replace('-', '_')}"


def _script(widgets: list[CourseWidget], mounts: list[str]) -> str:
    makers = [
        f"const {_name(module)} = {mountable(module)};"
        for module in dict.fromkeys(w.module for w in widgets)
    ]
    lines = [
        "(() => {",
        '"use strict";',
        *makers,
        f"const host = ({mountable('host')})();",
        *mounts,
        "})();",
    ]
    return "\n".join(lines)


def _json(state: object) -> str:
    """JSON that cannot end the script element it stands in."""
    return (
        json.dumps(state, ensure_ascii=True)
        .replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
    )


def _inline(source: str) -> str:
    """Style or script text for its element; text that would end the element early is refused."""
    if _CLOSES_EARLY.search(source):
        msg = "a widget's script or style holds text that would end its HTML element early"
        raise ValueError(msg)
    return source
