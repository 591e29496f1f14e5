"""The slides as PPTX that people go on editing: native titles, text, tables and shapes; notes are what is spoken.

Each layout is drawn by one function, in the pixels of the HTML page. `canvas` draws, `package` makes the bytes.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from pptx import Presentation
from pptx.enum.text import PP_ALIGN
from pptx.oxml.ns import qn

from unpickled.authoring.slides import pictogram
from unpickled.authoring.slides.canvas import (
    Box,
    Canvas,
    Style,
    Words,
    colour,
    px,
    styled,
    to_left,
    write,
)
from unpickled.authoring.slides.inline import runs, step
from unpickled.authoring.slides.look import COLOURS, HEIGHT, MARGIN, WIDTH
from unpickled.authoring.slides.native import bytes_grid, disassembly, formats, terminals, timeline
from unpickled.authoring.slides.package import repacked
from unpickled.authoring.slides.scene import Scene
from unpickled.content.deck import Bullets, Data, Deck, Slide, Steps, Text

__all__ = ["presentation"]

INNER = WIDTH - 2 * MARGIN
TOP, BOTTOM = 112, 654  # what lies between title and foot
NIGHT = ("title", "next")
KEPT = ("Title Slide", "Title and Content", "Title Only")
WHEN = datetime(2000, 1, 1)  # the same each time
BODY = Style(24)
SOFT = Style(18, COLOURS["soft"])


def presentation(root: Path, deck: Deck) -> bytes:
    """Write the presentation.

    Raises:
        ContentError: a slide asks for something that is not there; the error names its line.
        SetupError: python-pptx or a scanner is missing.
    """
    scene = Scene(root, deck)
    made = _blank(deck)
    layout = next(one for one in made.slide_layouts if one.name == "Title Only")
    for slide in deck.slides:
        _slide(made.slides.add_slide(layout), slide, scene)
    out = io.BytesIO()
    made.save(out)
    return repacked(out.getvalue())


def _blank(deck: Deck) -> Any:
    """Open an empty wide presentation whose master has our title."""
    made = Presentation()
    wider = WIDTH * 9525 / made.slide_width
    made.slide_width, made.slide_height = px(WIDTH), px(HEIGHT)
    for layout in list(made.slide_layouts):
        if layout.name not in KEPT:
            made.slide_layouts.remove(layout)
    for holder in [made.slide_master, *made.slide_layouts]:
        for shape in holder.placeholders:
            own = shape._element.spPr.find(qn("a:xfrm"))  # noqa: SLF001 - an inherited place stays inherited
            if own is not None:
                shape.left, shape.width = round(shape.left * wider), round(shape.width * wider)
    style = made.slide_master._element.find(".//" + qn("p:titleStyle") + "/" + qn("a:lvl1pPr"))  # noqa: SLF001
    style.set("algn", "l")
    style.find(qn("a:defRPr")).set("sz", "3300")
    style.find(qn("a:defRPr")).set("b", "1")
    core = made.core_properties
    core.title, core.subject, core.author = deck.title, f"Lesson {deck.lesson}", "Unpickled"
    core.created = core.modified = core.last_printed = WHEN
    core.last_modified_by, core.revision = "Unpickled", 1
    core.comments = f"Made from {deck.place}: edit that, and build again."
    return made


def _slide(drawn: Any, slide: Slide, scene: Scene) -> None:
    night = slide.layout in NIGHT
    drawn.background.fill.solid()
    drawn.background.fill.fore_color.rgb = colour(COLOURS["night" if night else "paper"])
    canvas = Canvas(drawn.shapes)
    _pace(canvas, slide, scene, night=night)
    _title(drawn.shapes.title, slide)
    LAYOUTS.get(slide.layout, _flow)(canvas, slide, scene)
    _foot(canvas, slide, scene, night=night)
    drawn.notes_slide.notes_text_frame.text = "\n".join(slide.spoken)


def _title(shape: Any, slide: Slide) -> None:
    box, style = Box(MARGIN, 38, INNER, 56), Style(44, bold=True)
    if slide.layout == "title":
        box, style = Box(MARGIN, 122, INNER, 68), Style(52, COLOURS["night-ink"], bold=True)
    elif slide.layout == "next":
        box, style = Box(MARGIN, 44, INNER, 44), Style(30, COLOURS["lime"], bold=True)
    shape.left, shape.top, shape.width, shape.height = (
        px(n) for n in (box.x, box.y, box.width, box.height)
    )
    write(shape.text_frame, [[Words(slide.title, style)]], anchor="MIDDLE")


def _pace(canvas: Canvas, slide: Slide, scene: Scene, *, night: bool) -> None:
    """Draw how far the talk is, as one group of stretches."""
    said = f"Slide {slide.number} of {len(scene.deck.slides)}"
    rest, past, now = (
        (COLOURS["night-line"], "#577838", COLOURS["lime"])
        if night
        else (COLOURS["line"], "#95B7A4", COLOURS["brand"])
    )
    with canvas.group("Pace", said):
        for one in scene.stretches:
            fill = (
                now if one.number == slide.number else past if one.number < slide.number else rest
            )
            canvas.shape(Box(one.start * WIDTH, 0, one.share * WIDTH - 3, 9), fill)


def _foot(canvas: Canvas, slide: Slide, scene: Scene, *, night: bool) -> None:
    style = replace(SOFT, colour=COLOURS["night-soft" if night else "soft"])
    sources = scene.sources(slide)
    if sources:
        line = [
            Words("Sources ", replace(style, bold=True)),
            Words(" \N{MIDDLE DOT} ".join(sources), style),
        ]
        canvas.text(Box(MARGIN, 670, 1000, 26), [line], name="Sources")
    where = f"{scene.deck.lesson} \N{MIDDLE DOT} {slide.number} of {len(scene.deck.slides)}"
    made = canvas.text(
        Box(WIDTH - MARGIN - 160, 670, 160, 26),
        [[Words(where, replace(style, bold=True))]],
        name="Place",
    )
    made.text_frame.paragraphs[0].alignment = PP_ALIGN.RIGHT


def _flow(canvas: Canvas, slide: Slide, scene: Scene) -> None:
    """Draw parts from top to bottom: messages at the foot, and the rest in what is left above them."""
    listed = slide.layout in ("text", "checklist")
    points = [part for part in slide.parts if isinstance(part, Bullets) and listed]
    kept = [part for part in slide.parts if isinstance(part, Text | Bullets) and part not in points]
    bottom = float(BOTTOM)
    for message in reversed(kept):
        lines = [message.text] if isinstance(message, Text) else list(message.items)
        tall = 26 + 33 * len(lines)
        bottom -= tall
        _keep(canvas, Box(MARGIN, bottom, INNER, tall), lines)
        bottom -= 16
    box = Box(MARGIN, TOP, INNER, bottom - TOP)
    for part in slide.parts:
        if isinstance(part, Data):
            DRAWN[part.name](canvas, box, part, scene)
        elif isinstance(part, Steps):
            _cards(canvas, box, part)
    if points:
        _words(canvas, box, points, 34, anchor="MIDDLE")


def _words(
    canvas: Canvas, box: Box, parts: Sequence[Bullets], size: float, anchor: str = "TOP"
) -> None:
    """Write bullets into one text box."""
    style = Style(size, after=size * 0.6, bullet=True)
    lines = [styled(runs(item), style) for part in parts for item in part.items]
    canvas.text(box, lines, name="Points", anchor=anchor)


def _keep(canvas: Canvas, box: Box, texts: list[str]) -> None:
    made = canvas.shape(box, COLOURS["tint"], round_by=12)
    made.name = "Message"
    write(made.text_frame, [styled(runs(text), BODY) for text in texts], anchor="MIDDLE", inset=24)
    to_left(made)


def _cards(canvas: Canvas, box: Box, part: Steps) -> None:
    count = len(part.items)
    gap, many = (18, True) if count > 3 else (24, False)
    wide = (box.width - gap * (count - 1)) / count
    pad = 22 if many else 30
    for number, item in enumerate(part.items, 1):
        head, rest = step(item)
        x = box.x + (number - 1) * (wide + gap)
        canvas.shape(Box(x, box.y, wide, box.height), COLOURS["card"], edge=COLOURS["line"])
        top = canvas.shape(Box(x, box.y, wide, 190), COLOURS["tint"])
        write(
            top.text_frame,
            [[Words(str(number), Style(100, COLOURS["brand"], bold=True))]],
            anchor="MIDDLE",
            inset=pad,
        )
        to_left(top)
        canvas.picture(Box(x + wide - pad - 104, box.y + 43, 104, 104), pictogram.svg(head))
        first = Style(28 if many else 33, bold=True, after=14)
        then = Style(27 if many else 28, COLOURS["soft"])
        lines = [styled(runs(head), first), *([styled(runs(rest), then)] if rest else [])]
        canvas.text(
            Box(x + pad, box.y + 216, wide - 2 * pad, box.height - 230),
            lines,
            name=f"Step {number}",
        )


def _code(canvas: Canvas, slide: Slide, scene: Scene) -> None:
    points = [part for part in slide.parts if isinstance(part, Bullets)]
    quotes = [part for part in slide.parts if isinstance(part, Text)]
    wide = INNER - 704 - 36
    if quotes:
        tall = 24 + 34 * sum(1 + len(part.text) // 38 for part in quotes)
        made = canvas.shape(Box(MARGIN, BOTTOM - tall, wide, tall), COLOURS["tint"], round_by=12)
        write(
            made.text_frame,
            [styled(runs(part.text), Style(22)) for part in quotes],
            anchor="MIDDLE",
            inset=20,
        )
        to_left(made)
    _words(canvas, Box(MARGIN, TOP, wide, 380), points, 24)
    for part in slide.parts:
        if isinstance(part, Data):
            DRAWN[part.name](canvas, Box(MARGIN + wide + 36, TOP, 704, BOTTOM - TOP), part, scene)


def _first(canvas: Canvas, slide: Slide, scene: Scene) -> None:
    kicker = Words(f"Lesson {scene.deck.lesson}", Style(22, COLOURS["lime"], bold=True))
    canvas.text(Box(MARGIN, 84, INNER, 32), [[kicker]], name="Lesson")
    lead = Style(28, COLOURS["night-soft"], after=10)
    canvas.text(
        Box(MARGIN, 204, INNER, 110), [styled(runs(t), lead) for _, t in slide.texts], name="About"
    )
    if scene.opening:
        bytes_grid(canvas, Box(MARGIN, 330, INNER, 284), scene)
    else:
        _recap(canvas, "In this lesson", scene)


def _next(canvas: Canvas, slide: Slide, scene: Scene) -> None:
    looks = [Style(64, COLOURS["night-ink"], bold=True, after=16), Style(28, COLOURS["night-soft"])]
    texts = [text for _, text in slide.texts]
    lines = [styled(runs(text), looks[min(n, 1)]) for n, text in enumerate(texts)]
    canvas.text(Box(MARGIN, 104, 1080, 300), lines, name="Next lesson")
    _recap(canvas, "You have seen", scene)


def _recap(canvas: Canvas, head: str, scene: Scene) -> None:
    """List the slides between the first and the last."""
    canvas.shape(Box(MARGIN, 488, INNER, 2), COLOURS["night-line"])
    soft = Words(head, Style(20, COLOURS["night-soft"], bold=True))
    canvas.text(Box(MARGIN, 508, INNER, 28), [[soft]])
    titles = [one.title for one in scene.deck.slides if one.layout not in NIGHT]
    for number, title in enumerate(titles):
        box = Box(MARGIN + number % 3 * 396, 548 + number // 3 * 44, 390, 34)
        style = Style(20, COLOURS["night-ink"])
        mark = Words(f"{number + 1}  ", replace(style, colour=COLOURS["lime"], bold=True))
        canvas.text(box, [[mark, Words(title, style)]])


LAYOUTS: Mapping[str, Callable[[Canvas, Slide, Scene], None]] = {
    "title": _first,
    "code": _code,
    "next": _next,
}
DRAWN: Mapping[str, Callable[[Canvas, Box, Data, Scene], None]] = {
    "disassembly": disassembly,
    "formats": formats,
    "terminal": terminals,
    "timeline": timeline,
}
