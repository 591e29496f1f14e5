"""The timeline picture: deterministic, well-formed, nothing touching anything, everything also in words."""

from __future__ import annotations

import datetime
import itertools
import re
import string
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unpickled.authoring.lettering import width, wrap
from unpickled.authoring.timeline import (
    CARD,
    EDGE,
    INK,
    KINDS,
    LIGHT,
    MUTED,
    RIGHT,
    STRIPE,
    WIDTH,
    Scale,
    describe,
    place,
    timeline_svg,
)
from unpickled.content import Incident, load_incidents

SVG = "{http://www.w3.org/2000/svg}"
SIZE = 100


def incident(date: str, title: str = "Something happens", kind: str = "incident") -> Incident:
    return Incident(id=f"i-{date}-{kind}", date=date, title=title, text="", kind=kind, sources=())


dates = st.dates(datetime.date(2015, 1, 1), datetime.date(2040, 1, 1))
titles = st.lists(st.text(string.ascii_letters + "-<&'", min_size=1, max_size=14), min_size=1, max_size=8)  # fmt: skip
histories = st.lists(
    st.tuples(dates, st.sampled_from((4, 7, 10)), titles, st.sampled_from(sorted(KINDS))),
    min_size=1,
    max_size=20,
).map(
    lambda rows: [
        incident(d.isoformat()[:cut], " ".join(words), kind)
        for d, cut, words, kind in sorted(rows, key=lambda row: row[0].isoformat()[: row[1]])
    ]
)


@pytest.fixture(scope="module")
def incidents(root):
    return load_incidents(root)


def test_drawn_twice_gives_the_same_bytes(incidents):
    """Two drawings of the same events are equal."""
    assert timeline_svg(incidents) == timeline_svg(list(incidents))


def test_committed_picture_is_current(root, incidents):
    """The file in the course is what the data gives today."""
    committed = root / "course/L4.4.2/pictures/timeline.svg"
    assert committed.read_text(encoding="utf-8") == timeline_svg(incidents)


def test_every_event_is_in_the_picture_and_in_its_description(incidents):
    """Each title can be read on the picture, line by line, and stands whole in the description."""
    drawn = ElementTree.fromstring(timeline_svg(incidents))
    lines = [text.text for text in drawn.iter(f"{SVG}text")]
    said = drawn.find(f"{SVG}desc").text
    joined = " ".join(lines)
    for event in incidents:
        assert event.title in joined
        assert event.title in said
    assert said == describe(incidents)
    assert drawn.get("role") == "img"
    assert drawn.find(f"{SVG}title").text


def test_picture_asks_for_nothing_from_elsewhere(incidents):
    """No script, no style sheet of another file, no address but the format's own name."""
    svg = timeline_svg(incidents)
    assert svg.count("http") == 1
    assert "<script" not in svg
    assert "url(" not in svg
    assert "@import" not in svg


def test_kinds_differ_by_word_shape_and_colour():
    """Each kind has its own word, its own marker and its own colour."""
    for part in ("one", "many", "colour", "on_light", "path"):
        assert len({getattr(kind, part) for kind in KINDS.values()}) == len(KINDS)


@pytest.mark.parametrize("colour", [*(kind.colour for kind in KINDS.values()), INK, MUTED])
def test_words_stand_out_from_the_card(colour):
    """Every colour of words has a contrast of at least 4.5 to the card and to the stripe."""
    assert min(contrast(colour, CARD), contrast(colour, STRIPE)) >= 4.5
    light = LIGHT | {kind.colour: kind.on_light for kind in KINDS.values()}
    assert min(contrast(light[colour], light[one]) for one in (CARD, STRIPE)) >= 4.5


def test_each_colour_has_one_on_the_light_card(incidents):
    """A colour that nobody has turned would be left on the light card as it is on the dark one."""
    svg = timeline_svg(incidents)
    style = svg[svg.index("<style>") : svg.index("</style>")]
    used = re.findall(r'(fill|stroke)="(#\w+)"', svg.replace(style, ""))
    assert len(used) > 50
    for name, colour in used:
        assert f'[{name}="{colour}"]{{{name}:' in style


@pytest.mark.parametrize("page", ["#111111", "#212121", "#ffffff"])
def test_the_card_is_framed_on_a_page_of_either_theme(page):
    """The card's edge is seen on the page around it, and on a dark page the card is no bright sheet."""
    assert max(contrast(EDGE, page), contrast(CARD, page)) >= 3
    assert max(contrast(LIGHT[EDGE], page), contrast(LIGHT[CARD], page)) >= 3
    assert contrast(CARD, "#111111") < 1.5


@settings(max_examples=40)
@given(histories)
def test_labels_never_touch(history):
    """Whatever happened when, no two labels on one line of a lane overlap, and none leaves the picture."""
    scale = Scale(history)
    for kind in KINDS:
        lane = [event for event in history if event.kind == kind]
        if not lane:
            continue
        labels = place(lane, scale)
        assert sorted(label.incident.id for label in labels) == sorted(event.id for event in lane)
        for one, other in itertools.combinations(labels, 2):
            assert one.row != other.row or one.right < other.left or other.right < one.left
        for label in labels:
            assert 0 < label.left <= label.x <= label.right < WIDTH


@settings(max_examples=40)
@given(histories)
def test_any_history_draws_well_formed(history):
    """Hostile characters in titles do not break the file."""
    ElementTree.fromstring(timeline_svg(history))


@settings(max_examples=40)
@given(histories)
def test_time_runs_to_the_right(history):
    """A later day never stands left of an earlier one, and each year has its band inside the field."""
    scale = Scale(history)
    days = sorted(event.date for event in history if len(event.date) == 10)
    places = [scale.x(day) for day in days]
    assert places == sorted(places)
    assert max(end for _, end in scale.bands.values()) == pytest.approx(RIGHT)


@pytest.mark.parametrize(
    ("date", "shown"),
    [
        ("2019", "2019"),
        ("2025-02", "Feb 2025"),
        ("2024-02-27", "27 Feb 2024"),
        ("2026-03-04", "4 Mar 2026"),
    ],
)
def test_date_is_as_exact_as_the_data(date, shown):
    """A year stays a year, a month a month, a day a day without a leading zero."""
    event = incident(date)
    assert place([event], Scale([event]))[0].lines[0] == shown


def test_an_inexact_date_stands_in_the_middle():
    """A year alone is drawn in the middle of its band, a month alone in the middle of the month."""
    scale = Scale([incident("2024")])
    start, end = scale.bands[2024]
    assert scale.x("2024") == pytest.approx((start + end) / 2)
    assert scale.x("2024-01-01") < scale.x("2024-01") < scale.x("2024-01-31")


def test_counts_are_said_in_words():
    """One event is singular, two are plural."""
    one, two = incident("2024-01-01"), incident("2024-02-01", kind="defence")
    assert "1 event in 2024: 1 incident" in describe([one])
    assert "2 events in 2024: 1 incident, 1 defence" in describe([one, two])
    assert "2 incidents" in describe([one, incident("2025")])


@pytest.mark.parametrize("face", ["DejaVuSans", "DejaVuSans-Bold"])
def test_width_table_is_an_upper_bound_of_the_real_font(face):
    """No printable character is wider in the widest face that pictures ask for than the table says."""
    ft2font = pytest.importorskip("matplotlib.ft2font")
    import matplotlib

    font = ft2font.FT2Font(Path(matplotlib.get_data_path(), "fonts", "ttf", f"{face}.ttf"))
    font.set_size(SIZE, 72)
    for letter in string.printable[:95] + "éß\N{RIGHT SINGLE QUOTATION MARK}\N{EM DASH}":
        real = font.load_char(ord(letter)).linearHoriAdvance / 65536
        assert real <= width(letter, SIZE) * 1.001, letter
        assert not letter.isascii() or width(letter, SIZE) < 1.6 * real, letter


@given(st.lists(st.text(string.ascii_letters, min_size=1, max_size=12), max_size=12))
def test_wrapping_loses_no_word(words):
    """Lines joined give the text again, and no line of several words is over the limit."""
    lines = wrap(" ".join(words), 12, 150)
    assert " ".join(lines).split() == words
    assert all(width(line, 12) <= 150 for line in lines if " " in line)


def test_wrapping_is_even():
    """Two lines share a title instead of leaving one word behind."""
    first, second = wrap("Heap overflows in the reader of one loader", 12, 260)
    assert abs(len(first) - len(second)) < 10


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
