"""The small pictures of a checklist: found by a word of the step; SVG on the page, a native shape in PowerPoint.

A picture is a file `pictograms/WORD.svg` or `WORD-WORD.svg` with strokes in a box of 48 units. Its paths have absolute
M, L, C and Z only, so that they go into PowerPoint as they are: what lines and curves are there is the same thing.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from unpickled.authoring.slides.inline import plain

__all__ = ["custom_geometry", "svg"]

UNITS, FINE = (
    48,
    100,
)  # of the box, and how finely PowerPoint divides each of them: it has whole numbers only
PATH = re.compile(r'<path d="([^"]*)"')
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"
COMMAND = re.compile(r"([MLCZ])([^MLCZ]*)")
NAMES = {"M": "moveTo", "L": "lnTo", "C": "cubicBezTo"}


@cache
def svg(head: str) -> str:
    """Return the picture that has a word of `head` in its name; empty where there is none."""
    words = set(plain(head).lower().split())
    folder = files("unpickled.authoring.slides").joinpath("pictograms")
    for file in sorted(folder.iterdir(), key=lambda file: file.name):
        if words & set(file.name.removesuffix(".svg").split("-")):
            return file.read_text(encoding="utf-8")
    return ""


def custom_geometry(picture: str) -> str:
    """Return a picture's strokes as PowerPoint's own geometry, in XML (ECMA-376, part 1, 20.1.9.8)."""
    paths = "".join(
        f'<a:path w="{UNITS * FINE}" h="{UNITS * FINE}" fill="none">{_commands(path)}</a:path>'
        for path in PATH.findall(picture)
    )
    return (
        f'<a:custGeom xmlns:a="{DRAWING}"><a:avLst/><a:gdLst/><a:ahLst/><a:cxnLst/>'
        f'<a:rect l="0" t="0" r="r" b="b"/><a:pathLst>{paths}</a:pathLst></a:custGeom>'
    )


def _commands(path: str) -> str:
    made = []
    for letter, numbers in COMMAND.findall(path):
        points = "".join(
            f'<a:pt x="{round(float(x) * FINE)}" y="{round(float(y) * FINE)}"/>'
            for x, y in (pair.split(",") for pair in numbers.split())
        )
        made.append(f"<a:{NAMES[letter]}>{points}</a:{NAMES[letter]}>" if points else "<a:close/>")
    return "".join(made)
