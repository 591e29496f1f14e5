"""The timeline picture: `incidents.toml` drawn as one SVG, the same bytes each time.

Time runs to the right and each kind of event has a lane of its own, told by word, shape and colour. A label that
would touch another one moves to a line of its own. The picture is a card with an edge of its own: dark in itself, so
that it does not glare on a dark page, and light where the page or the system says so, and on paper. An `<img>` may hear
of that from nobody (JupyterLab's own theme is no word to it), hence the edge, which frames either card on either page;
and every word is in `describe` too, for readers who do not see it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from html import escape
from itertools import count, product

from unpickled.authoring.lettering import width, wrap
from unpickled.content import Incident

__all__ = ["Label", "Scale", "describe", "place", "timeline_svg"]

WIDTH = 960
LEFT, RIGHT = 140, 946  # time runs between them; the lanes are named left of it
FIELD = LEFT - 7  # labels stand right of it
TOP = 100  # top of the first lane
TITLE_SIZE, LABEL_SIZE, SMALL = 19, 12.5, 11.5
LINE = 15.5  # from one line of a label to the next
ROW_GAP, LANE_PAD = 9, 11
MARK = 7  # half of a marker's width
GAP = 8  # between a marker and its words
AIR = 7  # between two labels on one line
SEARCHED = 10  # events in a lane up to which every placement is tried
WRAPPED = 204  # a title is broken into lines of at most this width

CARD, EDGE, INK, MUTED, GRID, STRIPE = (
    "#1e2733", "#66758a", "#f1f4f8", "#b9c4d2", "#3d4a5c", "#263140",
)  # fmt: skip
LIGHT = {
    CARD: "#ffffff", EDGE: "#66758a", INK: "#10231c", MUTED: "#4b5b53", GRID: "#c9d1cc", STRIPE: "#f3f2ea",
}  # fmt: skip
QUIET, BUSY = 0.8, 0.62  # a year's share of the width, and what each event in it adds
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
HEAVY = {"font_weight": "600"}
FONT = "'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif"


@dataclass(frozen=True, slots=True)
class Kind:
    """How one kind of event looks: the lane's two words for it, its colours, its marker's path around (0, 0).

    Attributes:
        colour: on the dark card.
        on_light: on the light one, and on slides.
    """

    one: str
    many: str
    gloss: str
    colour: str
    on_light: str
    path: str


KINDS = {
    "incident": Kind(
        "Incident", "Incidents", "seen in the wild", "#ff9d92", "#B3261E", "M0,-8 8,0 0,8 -8,0Z"
    ),
    "vulnerability": Kind(
        "Vulnerability", "Vulnerabilities", "in formats, loaders", "#ffc470", "#8A4B00", "M0,-7 7.5,6 -7.5,6Z"
    ),
    "scanner-bypass": Kind(
        "Scanner bypass", "Scanner bypasses", "a tool saw nothing", "#c9b5ff", "#5B3E9B", "M-6,-6H6V6H-6Z"
    ),
    "defence": Kind(
        "Defence",
        "Defences",
        "tools and audits",
        "#84dba8",
        "#17694A",
        "M-6.5,0a6.5,6.5 0 1 0 13,0a6.5,6.5 0 1 0 -13,0Z",
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Label:
    """One event in its place: marker at (x, y), words from `left` to `right`, `row` counted from the lane's top."""

    incident: Incident
    row: int
    x: float
    left: float
    right: float
    before: bool
    lines: tuple[str, ...]


class Scale:
    """Dates to pixels. Each year is a band, wider the more happened in it; within a band time is even.

    Args:
        incidents: what will be drawn; the bands run from the first one's year to the last one's.
    """

    def __init__(self, incidents: Sequence[Incident]) -> None:
        per_year = Counter(int(incident.date[:4]) for incident in incidents)
        years = range(min(per_year), max(per_year) + 1)
        weights = {year: QUIET + BUSY * per_year[year] for year in years}
        unit = (RIGHT - LEFT) / sum(weights.values())
        self.bands: dict[int, tuple[float, float]] = {}
        start = float(LEFT)
        for year in years:
            self.bands[year] = (start, start + weights[year] * unit)
            start += weights[year] * unit

    def x(self, date: str) -> float:
        """Return where a date stands; an inexact one stands in the middle of its year or month."""
        year, *rest = (int(part) for part in date.split("-"))
        share = 0.5
        if rest:
            day = (rest[1] - 1) / 31 if len(rest) == 2 else 0.5
            share = (rest[0] - 1 + day) / 12
        start, end = self.bands[year]
        return start + share * (end - start)


def timeline_svg(incidents: Sequence[Incident]) -> str:
    """Draw the timeline.

    Args:
        incidents: at least one, oldest first; each kind one of `KINDS`.

    Returns:
        The text of an SVG file, `WIDTH` wide, ending in a newline.
    """
    scale = Scale(incidents)
    body: list[str] = []
    top = float(TOP)
    for number, name in enumerate(_kinds(incidents)):
        labels = place([i for i in incidents if i.kind == name], scale)
        tops = _tops(labels)
        body += _lane(KINDS[name], top, tops[-1], shaded=number % 2 == 0)
        body += [_draw(label, KINDS[name], top + tops[label.row]) for label in labels]
        top += tops[-1]
    grid = _grid(scale, top)
    return "\n".join([*_head(incidents, top + 46), *grid, *body, *_foot(top), "</svg>", ""])


def describe(incidents: Sequence[Incident]) -> str:
    """Say in plain text what the picture shows: every event with its date and kind."""
    events = (f"{_day(i.date)}, {KINDS[i.kind].one.lower()}: {i.title}." for i in incidents)
    return f"Timeline. {_span(incidents)}. " + " ".join(events)


def place(incidents: Sequence[Incident], scale: Scale) -> list[Label]:
    """Give each event of one lane a line and a side, so that no label touches another.

    Of all ways to set words before or after their markers it takes the flattest, and of those the one with the most
    words after. A lane with more than `SEARCHED` events sets words after where there is room, without a search.
    """
    fits = [_sides(incident, scale) for incident in incidents]
    ways: Iterable[Sequence[Sequence[Label]]] = [fits]
    if len(incidents) <= SEARCHED:
        ways = product(*([[label] for label in sides] for sides in fits))
    tried = (_rows(way) for way in ways)
    return min(
        tried,
        key=lambda labels: (_tops(labels)[-1], sum(label.before for label in labels)),
    )


def _rows(wishes: Sequence[Sequence[Label]]) -> list[Label]:
    """Put each event into the first line that is free for one of its labels."""
    taken: list[list[Label]] = []
    for wish in wishes:
        for row in count():
            if row == len(taken):
                taken.append([])
            free = [label for label in wish if all(_apart(label, other) for other in taken[row])]
            if free:
                taken[row].append(replace(free[0], row=row))
                break
    return [label for row in taken for label in row]


def _sides(incident: Incident, scale: Scale) -> list[Label]:
    """Return the event's label after its marker and before it, as far as the field has room; one at least."""
    x = scale.x(incident.date)
    lines = (_day(incident.date), *wrap(incident.title, LABEL_SIZE, WRAPPED))
    words = MARK + GAP + max(width(line, LABEL_SIZE) for line in lines)
    after = Label(incident, 0, x, x - MARK, x + words, False, lines)
    before = Label(incident, 0, x, x - words, x + MARK, True, lines)
    inside = [label for label in (after, before) if label.left >= FIELD and label.right <= RIGHT]
    return inside or [after if x < (FIELD + RIGHT) / 2 else before]


def _apart(one: Label, other: Label) -> bool:
    return one.right + AIR <= other.left or one.left >= other.right + AIR


def _kinds(incidents: Sequence[Incident]) -> Iterator[str]:
    return (name for name in KINDS if any(i.kind == name for i in incidents))


def _tops(labels: Sequence[Label]) -> list[float]:
    """Return where each line of a lane begins, from the lane's top; the last number is the lane's height."""
    tops = [float(LANE_PAD)]
    for row in range(1 + max(label.row for label in labels)):
        lines = max(len(label.lines) for label in labels if label.row == row)
        tops.append(tops[-1] + lines * LINE + ROW_GAP)
    tops[-1] += LANE_PAD - ROW_GAP
    return tops


def _head(incidents: Sequence[Incident], height: float) -> list[str]:
    return [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" '
        f'height="{height:g}" role="img" aria-labelledby="t d" font-family="{FONT}" fill="{INK}">',
        '<title id="t">When loading a model goes wrong: a timeline</title>',
        f'<desc id="d">{escape(describe(incidents))}</desc>',
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{height - 1:g}" rx="10" fill="{CARD}" stroke="{EDGE}"/>',
        f"<style>{_light()}</style>",
        _text(20, 35, "When loading a model goes wrong", TITLE_SIZE, **HEAVY),
        _text(20, 58, _span(incidents), 13, fill=MUTED),
    ]


def _light() -> str:
    """Write the rules that turn each colour of the dark card into the light card's; a style outweighs an attribute."""
    turned = LIGHT | {kind.colour: kind.on_light for kind in KINDS.values()}
    rules = (
        f'[{name}="{dark}"]{{{name}:{light}}}'
        for dark, light in turned.items()
        for name in ("fill", "stroke")
    )
    return f"@media print,(prefers-color-scheme:light){{{''.join(rules)}}}"


def _grid(scale: Scale, bottom: float) -> list[str]:
    lines = []
    for year, (start, end) in scale.bands.items():
        middle = (start + end) / 2
        lines.append(f'<path d="M{start:.1f},{TOP - 20}V{bottom:g}" stroke="{GRID}"/>')
        lines.append(
            _text(middle, TOP - 8, str(year), 13, **HEAVY, fill=MUTED, text_anchor="middle")
        )
    return lines  # fmt: skip


def _foot(bottom: float) -> list[str]:
    note = "Busy years are drawn wider. An event known only by its year or month stands in the middle of it."
    return [
        f'<path d="M14,{bottom:g}H{RIGHT}" stroke="{GRID}"/>',
        _text(20, bottom + 27, note, SMALL, fill=MUTED),
    ]


def _lane(kind: Kind, top: float, height: float, *, shaded: bool) -> list[str]:
    box = f'y="{top:g}" height="{height:g}"'
    stripe = f'<rect x="14" {box} width="{RIGHT - 14}" fill="{STRIPE}" fill-opacity="0.75"/>'
    y = top + LANE_PAD + 11
    return [
        *([stripe] if shaded else []),
        f'<path d="M14,{top:g}H{RIGHT}" stroke="{GRID}"/>',
        f'<rect x="14" {box} width="4" fill="{kind.colour}"/>',
        _text(27, y, kind.many, 13, **HEAVY, fill=kind.colour),
        _text(27, y + 16, kind.gloss, SMALL, fill=MUTED),
    ]


def _draw(label: Label, kind: Kind, top: float) -> str:
    y = top + 11
    x = label.x - MARK - GAP if label.before else label.x + MARK + GAP
    date, *title = label.lines
    weight = HEAVY if label.incident.kind == "incident" else {}
    words = _text(x, y, date, SMALL, **HEAVY, fill=kind.colour)
    words += "".join(
        _text(x, y + LINE * number, line, LABEL_SIZE, **weight)
        for number, line in enumerate(title, 1)
    )
    side = ' text-anchor="end"' if label.before else ""
    return (
        f'<path d="{kind.path}" transform="translate({label.x:.1f},{y - 4:g})" fill="{kind.colour}"/>'
        f'<g stroke="{CARD}" stroke-width="3" stroke-linejoin="round" paint-order="stroke"{side}>{words}</g>'
    )


def _text(x: float, y: float, words: str, size: float, **attributes: str) -> str:
    """Write one line of words; `attributes` are the element's own, with _ for -."""
    rest = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    said = escape(words, quote=False)
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size:g}"{rest}>{said}</text>'


def _span(incidents: Sequence[Incident]) -> str:
    """Count the events by kind, in words: "16 events from 2019 to 2026: 2 incidents, …"."""
    number = Counter(incident.kind for incident in incidents)
    parts = []
    for name in _kinds(incidents):
        word = KINDS[name].one if number[name] == 1 else KINDS[name].many
        parts.append(f"{number[name]} {word.lower()}")
    first, last = incidents[0].date[:4], incidents[-1].date[:4]
    when = f"in {first}" if first == last else f"from {first} to {last}"
    events = "1 event" if len(incidents) == 1 else f"{len(incidents)} events"
    return f"{events} {when}: {', '.join(parts)}"


def _day(date: str) -> str:
    """Write a date as readers do: 2024-02-27 as "27 Feb 2024", 2025-02 as "Feb 2025"."""
    parts = date.split("-")
    if len(parts) > 1:
        parts[1] = MONTHS[int(parts[1]) - 1]
    return " ".join(part.lstrip("0") for part in reversed(parts))
