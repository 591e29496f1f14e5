"""Drawing on one PowerPoint slide in the pixels of the HTML page: native shapes, text, tables and code.

1280 x 720 pixels are the 13.33 x 7.5 inches of a wide slide, so a pixel is 9525 English Metric Units (ECMA-376, part 1,
20.1.2.1) and three quarters of a point.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from pptx.dml.color import RGBColor
from pptx.enum.shapes import MSO_SHAPE
from pptx.enum.text import MSO_ANCHOR, PP_ALIGN
from pptx.oxml import parse_xml
from pptx.oxml.ns import qn
from pptx.util import Emu, Pt

from unpickled.authoring.slides.inline import Run
from unpickled.authoring.slides.look import COLOURS
from unpickled.authoring.slides.pictogram import custom_geometry

__all__ = [
    "MONO",
    "SANS",
    "Box",
    "Canvas",
    "Style",
    "Words",
    "colour",
    "describe",
    "px",
    "styled",
    "to_left",
    "write",
]

SANS, MONO = "Arial", "Consolas"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of the page, in pixels."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Style:
    """How words look: size in pixels, colour as "#rrggbb", the ground behind single words, spacing of lines in pixels.

    `bullet`: the paragraph is an item of a list, if its first words say so.
    """

    size: float = 24
    colour: str = COLOURS["ink"]
    bold: bool = False
    mono: bool = False
    ground: str = ""
    line: float = 0
    after: float = 0
    code: str = COLOURS["brand"]
    bullet: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """Some words with a style of their own."""

    text: str
    style: Style


Line = Sequence[Words]


def px(pixels: float) -> Emu:
    """Return a length in English Metric Units."""
    return Emu(round(pixels * 9525))


def colour(written: str) -> Any:
    """Return "#rrggbb" as PowerPoint has it."""
    return RGBColor.from_string(written.lstrip("#"))  # type: ignore[no-untyped-call]


def styled(runs: Iterable[Run], style: Style) -> Line:
    """Give runs of inline text their looks."""
    return [
        Words(
            run.text,
            replace(
                style,
                bold=style.bold or run.strong or run.code,
                mono=run.code,
                colour=style.code if run.code else style.colour,
            ),
        )
        for run in runs
    ]


class Canvas:
    """The shapes of one slide.

    Args:
        shapes: python-pptx's collection.
    """

    def __init__(self, shapes: Any) -> None:
        self._shapes = shapes
        self._drawn: list[Any] = []

    @contextmanager
    def group(self, name: str, words: str) -> Iterator[None]:
        """Make one group of what is drawn meanwhile; `words` tell what it shows to whoever does not see it.

        The shapes are grouped at the end: python-pptx measures a group anew for each shape that is added to it.
        """
        self._drawn = []
        yield
        made = self._shapes.add_group_shape(self._drawn)
        describe(made, name, words)

    def shape(
        self, box: Box, fill: str, *, kind: str = "RECTANGLE", edge: str = "", round_by: float = 0
    ) -> Any:
        """Draw a shape; `round_by` is the radius of a rounded rectangle's corners in pixels."""
        kind = "ROUNDED_RECTANGLE" if round_by else kind
        made = self._shapes.add_shape(
            getattr(MSO_SHAPE, kind), px(box.x), px(box.y), px(box.width), px(box.height)
        )
        if round_by:
            made.adjustments[0] = min(0.5, round_by / min(box.width, box.height))
        made.shadow.inherit = False
        for effect in made._element.iter(qn("a:effectRef")):  # noqa: SLF001 - LibreOffice draws the theme's shadow all the same
            effect.set("idx", "0")
        made.fill.solid()
        made.fill.fore_color.rgb = colour(fill)
        if edge:
            made.line.color.rgb = colour(edge)
            made.line.width = Pt(0.75)
        else:
            made.line.fill.background()
        self._drawn.append(made)
        return made

    def picture(self, box: Box, picture: str) -> None:
        """Draw a pictogram, if there is one, as a shape without words: the step beside it says what it means."""
        if not picture:
            return
        made = self.shape(box, COLOURS["brand"])
        made.fill.background()
        made.line.color.rgb = colour(COLOURS["brand"])
        made.line.width = Pt(2.6 / 48 * box.width * 0.75)
        made.line._get_or_add_ln().set("cap", "rnd")  # noqa: SLF001 - python-pptx has no name for it
        old = made._element.spPr.find(qn("a:prstGeom"))  # noqa: SLF001 - the only way to the element
        old.addprevious(parse_xml(custom_geometry(picture)))
        old.getparent().remove(old)
        made.name = "Pictogram"

    def text(
        self,
        box: Box,
        lines: Iterable[Line],
        *,
        anchor: str = "TOP",
        name: str = "",
        wrap: bool = True,
    ) -> Any:
        """Write lines into a box without a frame; a line that is too long goes on below."""
        made = self._shapes.add_textbox(px(box.x), px(box.y), px(box.width), px(box.height))
        if name:
            made.name = name
        write(made.text_frame, lines, anchor=anchor, wrap=wrap)
        self._drawn.append(made)
        return made

    def table(self, box: Box, widths: Sequence[float], rows: int, words: str) -> Any:
        """Add a native table; `words` say what it is."""
        frame = self._shapes.add_table(
            rows, len(widths), px(box.x), px(box.y), px(box.width), px(box.height)
        )
        describe(frame, "Table", words)
        table = frame.table
        table.horz_banding = False
        for column, width in zip(table.columns, widths, strict=True):
            column.width = px(width)
        return table


def write(
    frame: Any, lines: Iterable[Line], *, anchor: str = "TOP", wrap: bool = True, inset: float = 0
) -> None:
    """Write lines into a text frame, one paragraph for each."""
    frame.word_wrap = wrap
    frame.vertical_anchor = getattr(MSO_ANCHOR, anchor)
    frame.margin_left = frame.margin_right = px(inset)
    frame.margin_top = frame.margin_bottom = px(0)
    for number, line in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        for words in line:
            run = paragraph.add_run()
            run.text = words.text
            dress(run, words.style)
        if line and line[0].style.line:
            paragraph.line_spacing = Pt(line[0].style.line * 0.75)
        if line and line[0].style.after:
            paragraph.space_after = Pt(line[0].style.after * 0.75)
        if line and line[0].style.bullet:
            _bullet(paragraph, line[0].style.size)


def _bullet(paragraph: Any, size: float) -> None:
    """Make a paragraph an item of a list (ECMA-376, part 1, 21.1.2.4), which python-pptx does not know."""
    properties = paragraph._p.get_or_add_pPr()  # noqa: SLF001 - the only way to the element
    properties.set("marL", str(px(size * 1.1)))
    properties.set("indent", str(-px(size * 1.1)))
    for tag, given in (
        ("a:buClr", {}),
        ("a:buFont", {"typeface": SANS}),
        ("a:buChar", {"char": "\N{BLACK SQUARE}"}),
    ):
        mark = properties.makeelement(qn(tag), given)
        if tag == "a:buClr":
            mark.append(mark.makeelement(qn("a:srgbClr"), {"val": COLOURS["brand"].lstrip("#")}))
        properties.append(mark)


def dress(run: Any, style: Style) -> None:
    """Give a run its looks; its ground is `a:highlight`, which python-pptx does not know."""
    font = run.font
    font.size = Pt(style.size * 0.75)
    font.bold = style.bold
    font.name = MONO if style.mono else SANS
    font.color.rgb = colour(style.colour)
    if style.ground:
        properties = run._r.get_or_add_rPr()  # noqa: SLF001 - the only way to the element
        mark = properties.makeelement(qn("a:highlight"), {})
        mark.append(mark.makeelement(qn("a:srgbClr"), {"val": style.ground.lstrip("#")}))
        properties.find(qn("a:solidFill")).addnext(mark)


def to_left(shape: Any) -> None:
    """Set the words of a shape flush left; they stand in its middle otherwise."""
    for paragraph in shape.text_frame.paragraphs:
        paragraph.alignment = PP_ALIGN.LEFT


def describe(shape: Any, name: str, words: str) -> None:
    """Name a shape, and give it its alternative text."""
    shape.name = name
    properties = shape._element.xpath(".//p:cNvPr")[0]  # noqa: SLF001 - python-pptx has no name for it
    properties.set("descr", words)
