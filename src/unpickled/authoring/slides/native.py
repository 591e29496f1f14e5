"""Data as PowerPoint has it: the format table, the timeline, the disassembly and the terminals, all of it editable."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from pptx.enum.text import MSO_ANCHOR

from unpickled.authoring.slides import chronicle, terminal
from unpickled.authoring.slides.canvas import (
    Box,
    Canvas,
    Style,
    Words,
    colour,
    describe,
    px,
    to_left,
    write,
)
from unpickled.authoring.slides.disassembly import COLUMNS, Row
from unpickled.authoring.slides.look import COLOURS, EVENTS, HEADS, RISKS
from unpickled.authoring.slides.scene import Scene
from unpickled.authoring.timeline import describe as timeline_words
from unpickled.content.deck import Data

__all__ = ["bytes_grid", "disassembly", "formats", "terminals", "timeline"]

SIGNS = {
    "high": "\u25b2",
    "some": "\u25c6",
    "low": "\u25cf",
    "none": "\u25a0",
}  # triangle, diamond, disc, square
WIDTHS = (176, 142, 96, 344, 410)
CODE = Style(18, COLOURS["panel-ink"], mono=True, line=24)
SOFT = replace(CODE, colour=COLOURS["panel-soft"])
TRICK = replace(CODE, colour=COLOURS["alarm-ink"], bold=True, ground=COLOURS["alarm"])
ALARM = replace(CODE, colour=COLOURS["alarm-soft"], bold=True)
LETTER = 0.603  # em: the widest of the typefaces that stand in for Consolas


def formats(canvas: Canvas, box: Box, _: Data, scene: Scene) -> None:
    """Add the format table: each row in the tint of its risk, which stands there as a word and a sign too."""
    said = "Weight formats compared: " + "; ".join(
        f"{row.name}, risk {row.risk}" for row in scene.formats
    )
    table = canvas.table(box, WIDTHS, 1 + len(scene.formats), said)
    for number, head in enumerate(HEADS):
        _cell(table.cell(0, number), head, Style(18, COLOURS["soft"], bold=True), COLOURS["paper"])
    for at, row in enumerate(scene.formats, 1):
        tone = RISKS[row.risk]
        risk = f"{SIGNS[row.risk]} {tone.word}"
        for number, words in enumerate((row.name, row.pickle, risk, row.risk_text, row.notes)):
            shade = tone.colour if number == 2 else COLOURS["ink"]
            _cell(table.cell(at, number), words, Style(18, shade, bold=number in (0, 2)), tone.tint)
    for number, row in enumerate(table.rows):
        row.height = px(30 if number == 0 else (box.height - 30) / len(scene.formats))


def _cell(cell: Any, words: str, style: Style, ground: str) -> None:
    cell.fill.solid()
    cell.fill.fore_color.rgb = colour(ground)
    write(cell.text_frame, [[Words(words, style)]])
    cell.margin_left = cell.margin_right = px(10)
    cell.margin_top = cell.margin_bottom = px(2)
    cell.vertical_anchor = MSO_ANCHOR.MIDDLE


def timeline(canvas: Canvas, box: Box, _: Data, scene: Scene) -> None:
    """Draw the timeline out of native shapes, as one group with its words as alternative text."""
    with canvas.group("Timeline", timeline_words(scene.incidents)):
        for column in chronicle.columns(scene.incidents):
            _years(canvas, box, column)
    _legend(canvas, box, scene)


def _years(canvas: Canvas, box: Box, column: chronicle.Column) -> None:
    x, axis = box.x + column.x, box.y + chronicle.AXIS
    canvas.shape(Box(x, axis - 1.5, column.width, 3), COLOURS["soft"])
    name = [[Words(column.name, Style(22, bold=True))]]
    canvas.text(Box(x, box.y + chronicle.YEAR - 20, column.width, 28), name)
    for entry in column.entries:
        tone = EVENTS[entry.incident.kind]
        for left, top in ((entry.at, chronicle.AXIS - entry.level), (entry.x + 9, entry.y + 12)):
            marker = Box(box.x + left - 7, box.y + top - 7, 14, 14)
            canvas.shape(marker, tone.colour, kind=tone.shape, edge=COLOURS["paper"])
        date = Words(
            chronicle.date_words(entry.incident.date), Style(18, tone.colour, bold=True, line=22)
        )
        lines = [[date], *([Words(line, Style(18, line=22))] for line in entry.lines)]
        wide = column.width - chronicle.INDENT + 20
        canvas.text(
            Box(x + chronicle.INDENT, box.y + entry.y, wide, chronicle.LINE * len(lines)), lines
        )


def _legend(canvas: Canvas, box: Box, scene: Scene) -> None:
    x, y = box.x, box.y + box.height - 26
    for tone, words in chronicle.legend(scene.incidents):
        canvas.shape(Box(x, y + 4, 16, 16), tone.colour, kind=tone.shape)
        canvas.text(Box(x + 26, y, 220, 26), [[Words(words, Style(18, tone.colour, bold=True))]])
        x += 64 + 10 * len(words)


def disassembly(canvas: Canvas, box: Box, part: Data, scene: Scene) -> None:
    """Write a disassembly into one text box; the trick's lines are padded, so that their red is as wide as they are."""
    shown = scene.listing(part)
    first = next((row for row in shown.rows if row.trick), None)
    lines = [
        _opcode(row, shown.names, tag="the reduce trick" if row is first else "")
        for row in shown.rows
    ]
    where = f"{shown.file} : {shown.member}" if shown.member else shown.file
    count = f"{shown.total} opcodes".rjust(COLUMNS - len(where))
    head = [Words(where, replace(CODE, bold=True, line=34)), Words(count, SOFT)]
    made = canvas.shape(box, COLOURS["panel"], round_by=14)
    write(
        made.text_frame,
        [head, *lines, *_foot(shown.end - shown.start, len(shown.data))],
        wrap=False,
        inset=22,
    )
    made.text_frame.margin_top = px(12)
    to_left(made)
    describe(made, "Disassembly", shown.words)


def _opcode(row: Row, names: int, *, tag: str) -> list[Words]:
    if not row.opcode:
        return [Words(f"     \N{HORIZONTAL ELLIPSIS} {row.text}", SOFT)]
    if row.trick:
        words = f"{row.offset:>4} {row.opcode:<{names}}{row.text}"
        if tag and len(words) + len(tag) < COLUMNS - 2:
            words += tag.rjust(COLUMNS - 1 - len(words))
        return [Words(words.ljust(COLUMNS), TRICK)]
    name = COLOURS["panel-good" if row.calls else "panel-name"]
    return [
        Words(f"{row.offset:>4} ", SOFT),
        Words(f"{row.opcode:<{names}}", replace(CODE, colour=name, bold=True)),
        Words(row.text, CODE),
    ]


def _foot(red: int, total: int) -> list[list[Words]]:
    if not red:
        return []
    soft = replace(SOFT, line=44)
    words = [
        Words(f"{total} bytes, and ", soft),
        Words(f"the {red} red ones", ALARM),
        Words(" make the call", SOFT),
    ]
    return [words]


def terminals(canvas: Canvas, box: Box, part: Data, scene: Scene) -> None:
    """Write each scanner's run into one text box, with its exit code below."""
    sessions = scene.sessions(part)
    wide = (box.width - 20 * (len(sessions) - 1)) / len(sessions)
    for number, session in enumerate(sessions):
        x = box.x + number * (wide + 20)
        head = [Words(f"{session.tool} {session.version}", replace(CODE, bold=True, line=34))]
        prompt = [
            Words(f"$ {session.command}", replace(CODE, colour=COLOURS["panel-good"], bold=True))
        ]
        printed = [
            [
                Words(
                    piece,
                    SOFT if line == terminal.CUT else ALARM if terminal.alarming(line) else CODE,
                )
            ]
            for line in session.lines
            for piece in terminal.wrapped(line)
        ]
        made = canvas.shape(Box(x, box.y, wide, box.height - 52), COLOURS["panel"])
        write(made.text_frame, [head, prompt, *printed], wrap=False, inset=20)
        made.text_frame.margin_top = px(10)
        to_left(made)
        describe(made, session.tool, session.words)
        fill = COLOURS["alarm" if session.exit_code else "brand"]
        code = canvas.shape(Box(x, box.y + box.height - 52, wide, 52), fill)
        sign = "\u2716" if session.exit_code else "\u2714"
        words = Words(
            f"{sign} exit code {session.exit_code}",
            Style(22, COLOURS["alarm-ink"], bold=True, mono=True),
        )
        write(code.text_frame, [[words]], anchor="MIDDLE", inset=20)
        to_left(code)


def bytes_grid(canvas: Canvas, box: Box, scene: Scene) -> None:
    """Write the bytes of the deck's specimen into one text box, those of the trick on red."""
    grid, shown = scene.grid, scene.opening
    columns = min(grid.columns, int(box.width / (3 * LETTER * grid.size)))
    count = max(1, -(-len(grid.bytes) // columns))
    dim = Style(grid.size, "#7C9E8D", mono=True, line=min(grid.line, box.height / count))
    red = replace(dim, colour=COLOURS["alarm-ink"], bold=True, ground=COLOURS["alarm"])
    hexes = [Words(f"{byte.text} ", red if byte.trick else dim) for byte in grid.bytes]
    lines = [_joined(hexes[at : at + columns]) for at in range(0, len(hexes), columns)]
    made = canvas.text(box, lines, anchor="BOTTOM")
    describe(made, "Bytes", shown.words if shown else "")
    soft = Style(20, COLOURS["night-soft"])
    marked = replace(soft, colour=COLOURS["alarm-soft"], bold=True)
    note = [Words(f"{grid.words} ", soft), Words(grid.marked, marked), Words(f" {grid.rest}", soft)]
    canvas.text(Box(box.x, 626, box.width, 28), [note], name="About the bytes")


def _joined(line: list[Words]) -> list[Words]:
    """Make one run of neighbours that look alike."""
    made: list[Words] = []
    for words in line:
        if made and made[-1].style == words.style:
            made[-1] = Words(made[-1].text + words.text, words.style)
        else:
            made.append(words)
    return made
