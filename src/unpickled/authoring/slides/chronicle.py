"""The timeline laid out for a slide: an axis that is true to time, and below it the events in columns of years.

The picture of the lesson page has its words at 12 px; here none is under 18. Years stand together in as many columns as
the page has room for, so that no column has many more events than another; only a year that overfills one is parted.
A column's stretch of the axis is as wide as the column, so each marker stands above the words that belong to it. The
same places serve SVG and PPTX.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import combinations, count, pairwise

from unpickled.authoring.lettering import wrap
from unpickled.authoring.slides.look import COLOURS, EVENTS, Tone
from unpickled.authoring.timeline import KINDS, describe
from unpickled.content import Incident

__all__ = ["Column", "Entry", "columns", "date_words", "height", "legend", "svg"]

WIDTH = 1168
GAP = 12  # between two columns
MOST, ROOM = 4, 5  # columns, and events in one of them
SIZE, LINE = 18, 22
AXIS = 36  # y of the axis; markers that would touch stand on one another
YEAR = 64  # y of the years' line of writing
TOP = 78  # y where the first event begins
INDENT = 26  # words stand right of their marker
APART = 8  # between two events
NEAR, STEP = 17, 15  # markers closer than this would touch, so the later one stands so much higher
# A line in Inter takes at most this share of its width in `lettering`; a test measures every line of the course
INTER = 0.83
WORDS, DATES, YEARS = (
    f'font-size="{size}" font-weight="{weight}"'
    for size, weight in ((SIZE, 450), (SIZE, 650), (22, 750))
)
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: where its marker stands on the axis (`level` above it), and where its words begin."""

    incident: Incident
    at: float
    level: int
    x: float
    y: float
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """Some years: what they are called, where they stand, and what happened in them."""

    name: str
    x: float
    width: float
    entries: tuple[Entry, ...]


def columns(incidents: Sequence[Incident]) -> tuple[Column, ...]:
    """Lay the events out.

    Args:
        incidents: at least one, oldest first.
    """
    groups = _groups(incidents)
    wide = (WIDTH - GAP * (len(groups) - 1)) / len(groups)
    return tuple(_column(groups, n, n * (wide + GAP), wide) for n in range(len(groups)))


def height(laid: Sequence[Column]) -> float:
    """Return how tall the picture is."""
    ends = [e.y + LINE * (1 + len(e.lines)) for column in laid for e in column.entries]
    return max(ends, default=TOP)


def date_words(date: str) -> str:
    """Write a date as readers do: "2024-02-27" as "27 Feb 2024", "2019" as it is."""
    year, *rest = date.split("-")
    words = [str(int(rest[1]))] if len(rest) > 1 else []
    words += [MONTHS[int(rest[0]) - 1]] if rest else []
    return " ".join([*words, year])


def legend(incidents: Sequence[Incident]) -> list[tuple[Tone, str]]:
    """Return the look of each kind of event, and its count in words: "3 scanner bypasses"."""
    number = Counter(incident.kind for incident in incidents)
    return [
        (tone, f"{number[name]} {(tone.word if number[name] == 1 else KINDS[name].many).lower()}")
        for name, tone in EVENTS.items()
        if number[name]
    ]


def svg(incidents: Sequence[Incident]) -> str:
    """Draw the picture; its words take the page's font, and all of them are in its description too."""
    laid = columns(incidents)
    tall = height(laid) + 2
    return "\n".join(
        [
            f'<svg class="chronicle" viewBox="-8 -4 {WIDTH + 16} {tall + 4:g}" role="img" '
            ""
            'aria-labelledby="chronicle-words">',
            f'<desc id="chronicle-words">{escape(describe(incidents))}</desc>',
            *(line for column in laid for line in _drawn(column)),
            "</svg>",
        ]
    )


def _groups(incidents: Sequence[Incident]) -> list[Sequence[Incident]]:
    """Part the events into at most `MOST` stretches of time, the fullest of them as empty as can be.

    Years stay whole, unless one alone has more events than a column holds.
    """
    years = len({incident.date[:4] for incident in incidents})
    parts = min(MOST, years if len(incidents) <= ROOM else len(incidents))
    cuts = combinations(range(1, len(incidents)), parts - 1)
    ways = ([incidents[a:b] for a, b in pairwise([0, *cut, len(incidents)])] for cut in cuts)
    return min(ways, key=_cost)


def _cost(way: Sequence[Sequence[Incident]]) -> tuple[int, int, int, int]:
    counts = [len(stretch) for stretch in way]
    cut_years = sum(a[-1].date[:4] == b[0].date[:4] for a, b in pairwise(way))
    most = max(counts)
    return max(0, most - ROOM), cut_years, most, sum(n * n for n in counts)


def _column(groups: Sequence[Sequence[Incident]], number: int, x: float, wide: float) -> Column:
    group, start, end = groups[number], *_span(groups, number)
    entries: list[Entry] = []
    y = float(TOP)
    for incident in group:
        lines = tuple(wrap(incident.title, SIZE * INTER, wide - INDENT))
        at = x + (_year(incident.date) - start) / (end - start) * wide
        taken = {other.level for other in entries if abs(other.at - at) < NEAR}
        level = next(step for step in count(0, STEP) if step not in taken)
        entries.append(Entry(incident, at, level, x, y, lines))
        y += LINE * (1 + len(lines)) + APART
    return Column(_name(groups, number), x, wide, tuple(entries))


def _span(groups: Sequence[Sequence[Incident]], number: int) -> tuple[float, float]:
    """Return when a column's time begins and ends: with a year, or with the event that begins the next column in it."""
    first, last = groups[number][0].date, groups[number][-1].date
    end = float(last[:4]) + 1
    if number + 1 < len(groups) and groups[number + 1][0].date[:4] == last[:4]:
        end = _year(groups[number + 1][0].date)
    begun = number > 0 and groups[number - 1][-1].date[:4] == first[:4]
    return (_year(first) if begun else float(first[:4])), end


def _name(groups: Sequence[Sequence[Incident]], number: int) -> str:
    first, last = groups[number][0].date, groups[number][-1].date
    years = [first[:4], last[:4]]
    if number and groups[number - 1][-1].date[:4] == first[:4] and len(first) > 4:
        years[0] = f"{MONTHS[int(first[5:7]) - 1]} {first[:4]}"
        if first[:4] == last[:4]:
            return f"from {years[0]}"
    return years[0] if years[0] == years[1] else f"{years[0]} \N{EN DASH} {years[1]}"


def _year(date: str) -> float:
    """Return a date as a number of years; an inexact one lies in the middle of its year or month."""
    year, *rest = (int(part) for part in date.split("-"))
    if not rest:
        return year + 0.5
    day = (rest[1] - 1) / 31 if len(rest) > 1 else 0.5
    return year + (rest[0] - 1 + day) / 12


def _drawn(column: Column) -> Iterator[str]:
    right = column.x + column.width
    yield f'<path d="M{column.x:.1f},{AXIS}H{right:.1f}" stroke="{COLOURS["soft"]}" stroke-width="3"/>'
    yield _text(column.x, YEAR, column.name, COLOURS["ink"], YEARS)
    for entry in column.entries:
        tone = EVENTS[entry.incident.kind]
        yield _marker(tone.outline, entry.at, AXIS - entry.level, tone.colour)
        yield _marker(tone.outline, entry.x + 9, entry.y + 12, tone.colour)
        x, y = entry.x + INDENT, entry.y + SIZE
        yield _text(x, y, date_words(entry.incident.date), tone.colour, DATES)
        for number, line in enumerate(entry.lines, 1):
            yield _text(x, y + LINE * number, line, COLOURS["ink"])


def _marker(path: str, x: float, y: float, colour: str) -> str:
    place = f'transform="translate({x:.1f},{y:.1f})"'
    edge = f'stroke="{COLOURS["paper"]}" stroke-width="2" paint-order="stroke"'
    return f'<path d="{path}" {place} fill="{colour}" {edge}/>'


def _text(x: float, y: float, words: str, fill: str, look: str = WORDS) -> str:
    said = escape(words, quote=False)
    return f'<text x="{x:.1f}" y="{y:.1f}" {look} fill="{fill}">{said}</text>'
