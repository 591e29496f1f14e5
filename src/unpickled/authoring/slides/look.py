"""How slides look: colours, sizes and shapes that HTML and PPTX share, in pixels of a page of 1280 x 720.

Every pair of words and ground keeps a contrast of 4.5:1; `layout_checks` measures it. Risk and kind of event are told
by a word and a shape as well as by colour, with the shapes of the format table in the notebooks.
"""

from __future__ import annotations

from dataclasses import dataclass

from unpickled.authoring.timeline import KINDS

__all__ = ["COLOURS", "EVENTS", "HEADS", "HEIGHT", "MARGIN", "RISKS", "SMALLEST", "WIDTH", "Tone"]

WIDTH, HEIGHT = 1280, 720
MARGIN = 56  # left and right
SMALLEST = 18  # pixels: no type is smaller
HEADS = ("Format", "Pickle-based?", "Risk", "Code execution on load?", "Notes")

COLOURS = {
    "paper": "#FBFAF5",
    "card": "#FFFFFF",
    "line": "#DAD9CC",
    "ink": "#10231C",
    "soft": "#4B5B53",
    "brand": "#17694A",
    "tint": "#E6F0E3",
    "night": "#0D2A20",
    "night-line": "#2B5546",
    "night-ink": "#F3F8F0",
    "night-soft": "#A9C4B4",
    "lime": "#C5E86C",
    "panel": "#12211C",
    "panel-bar": "#1D322A",
    "panel-ink": "#E4EEE7",
    "panel-soft": "#97AFA3",
    "panel-name": "#8FD3F4",
    "panel-good": "#C5E86C",
    "alarm": "#C4281C",
    "alarm-ink": "#FFFFFF",
    "alarm-soft": "#FF9E8F",
}


@dataclass(frozen=True, slots=True)
class Tone:
    """How one risk or one kind of event looks.

    Attributes:
        word: what it is called.
        colour: of the shape and the word, dark enough for paper.
        tint: of the ground behind a row.
        outline, sign: the shape as SVG paths, in a box of 16 units (the sign is cut out of the outline); for a kind of
            event the outline lies around (0, 0), and there is no sign.
        shape: the preset shape of Office that is most like it.
    """

    word: str
    colour: str
    tint: str
    outline: str
    sign: str
    shape: str


RISKS = {
    "high": Tone(
        "high", "#B3261E", "#FBE4E0", "M8 .8 15.6 14.8H.4Z", "M8 5.4v4.4M8 12v.4", "ISOSCELES_TRIANGLE"
    ),
    "some": Tone(
        "some", "#8A4B00", "#FCEFD6", "M8 .6 15.4 8 8 15.4.6 8Z", "M8 4.4v4.2M8 11v.4", "DIAMOND"
    ),
    "low": Tone(
        "low", "#1D5A96", "#E3EEF8", "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Z", "M8 1.9v12.2M11 3v10", "OVAL"
    ),
    "none": Tone(
        "none",
        "#17694A",
        "#E0F1E4",
        "M2.6 1h10.8a1.6 1.6 0 0 1 1.6 1.6v10.8a1.6 1.6 0 0 1-1.6 1.6H2.6A1.6 1.6 0 0 1 1 13.4V2.6"
        "A1.6 1.6 0 0 1 2.6 1Z",
        "M4.4 8.2 7 10.8 11.8 5.4",
        "ROUNDED_RECTANGLE",
    ),
}  # fmt: skip

EVENTS = {
    name: Tone(KINDS[name].one, KINDS[name].on_light, tint, KINDS[name].path, "", shape)
    for name, tint, shape in (
        ("incident", "#FBE4E0", "DIAMOND"),
        ("vulnerability", "#FCEFD6", "ISOSCELES_TRIANGLE"),
        ("scanner-bypass", "#ECE6F8", "RECTANGLE"),
        ("defence", "#E0F1E4", "OVAL"),
    )
}
