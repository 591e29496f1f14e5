"""Widgets on a page without a kernel: the same script and style, the state beside them, nothing fetched.

The exported pages of the course are made of these snippets, and the browser tests drive them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from itertools import count
from typing import Any

from .base import CourseWidget
from .bundle import mountable, styles

__all__ = ["Still", "pieces", "to_html", "to_page"]

_numbers = count(1)
_CLOSES_EARLY = re.compile(r"<(?=/script|/style|!--|script)", re.IGNORECASE)
_AT_ONCE = "mounts.forEach((mount) => mount());"
_IN_TURN = """const all = () => mounts.splice(0).forEach((mount) => mount());
const next = () => {
  mounts.shift()?.();
  if (mounts.length) setTimeout(next);
};
addEventListener("beforeprint", all);
if (location.hash) all(); // nothing may grow above the place that a link leads to
else next();"""


@dataclass(frozen=True, slots=True)
class Still:
    """One widget of a page without a kernel: its class, and the values of its traits."""

    kind: type[CourseWidget]
    state: dict[str, Any]


def to_html(widgets: CourseWidget | Iterable[CourseWidget]) -> str:
    """One self-contained snippet that shows the widgets, in order, with no kernel and no network.

    The snippet holds each widget class' style and script once. Put several widgets in one call where they
    stand on one page, so that the script is not repeated.
    """
    shown = [widgets] if isinstance(widgets, CourseWidget) else list(widgets)
    places, sheet, script = pieces([Still(type(widget), widget.snapshot()) for widget in shown])
    return "\n".join([f"<style>{sheet}</style>", *places, f"<script>{script}</script>"])


def pieces(shown: Iterable[Still], *, in_turn: bool = False) -> tuple[list[str], str, str]:
    """The same in pieces: a place for each widget, their style sheet, and the script that fills the places.

    The script carries the widgets' state. It runs after the places are there.

    Args:
        shown: the widgets.
        in_turn: let the browser draw between one widget and the next: on a long page the first can be used at once.
    """
    stills = [(f"unp-static-{next(_numbers)}-{still.kind.module}", still) for still in shown]
    modules = list(dict.fromkeys(still.kind.module for _, still in stills))
    places = [
        f'<div id="{place}" class="unp-static">This part of the page needs JavaScript.</div>'
        for place, _ in stills
    ]
    mounts = [
        f'() => host.mountStatic("{place}", {_json(still.state)}, {_name(still.kind.module)}),'
        for place, still in stills
    ]
    sheet = _inline("\n".join(map(styles, modules)))
    return places, sheet, _inline(_script(modules, mounts, _IN_TURN if in_turn else _AT_ONCE))


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


def _script(modules: list[str], mounts: list[str], run: str) -> str:
    makers = [f"const {_name(module)} = {mountable(module)};" for module in modules]
    lines = [
        "(() => {",
        '"use strict";',
        *makers,
        f"const host = ({mountable('host')})();",
        "const mounts = [",
        *mounts,
        "];",
        run,
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
