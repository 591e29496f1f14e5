"""The timeline for a slide: in columns of years, true to time, and nothing touching anything."""

from __future__ import annotations

from itertools import pairwise
from xml.etree import ElementTree

import pytest

from unpickled.authoring.lettering import width
from unpickled.authoring.slides import chronicle
from unpickled.authoring.slides.chromium import opened
from unpickled.authoring.timeline import describe
from unpickled.content import Incident, load_incidents


@pytest.fixture(scope="module")
def incidents(root):
    return load_incidents(root)


def event(date: str, kind: str = "incident") -> Incident:
    return Incident(id=date, date=date, title="Something happens", text="", kind=kind, sources=())


def test_every_event_stands_once_and_in_order(incidents):
    laid = chronicle.columns(incidents)
    assert [e.incident for column in laid for e in column.entries] == list(incidents)
    assert all(" ".join(e.lines) == e.incident.title for column in laid for e in column.entries)


def test_markers_are_true_to_time_and_never_touch(incidents):
    for column in chronicle.columns(incidents):
        assert all(a.at <= b.at for a, b in pairwise(column.entries))
        assert all(column.x <= e.at <= column.x + column.width for e in column.entries)
        for number, one in enumerate(column.entries):
            for other in column.entries[:number]:
                assert one.level != other.level or abs(one.at - other.at) >= chronicle.NEAR


def test_years_stay_whole_while_a_column_has_room(incidents):
    assert [column.name for column in chronicle.columns(incidents)] == [
        "2019 \N{EN DASH} 2023",
        "2024",
        "2025",
        "2026",
    ]


def test_a_year_that_overfills_its_column_is_parted():
    many = [event(f"2025-{month:02}-01") for month in range(1, 13)]
    laid = chronicle.columns([event("2019"), *many])
    assert max(len(column.entries) for column in laid) <= chronicle.ROOM
    assert [column.name for column in laid] == [
        "2019",
        "2025",
        "from May 2025",
        "from Sep 2025",
    ]


def test_one_event_is_enough():
    (column,) = chronicle.columns([event("2024-02-27")])
    assert column.name == "2024"
    assert chronicle.legend([event("2024")])[0][1] == "1 incident"


@pytest.mark.parametrize(
    ("date", "words"), [("2024-02-07", "7 Feb 2024"), ("2025-02", "Feb 2025"), ("2019", "2019")]
)
def test_a_date_is_as_exact_as_it_is_known(date, words):
    assert chronicle.date_words(date) == words


def test_the_picture_is_well_formed_and_told_in_words(incidents):
    picture = ElementTree.fromstring(chronicle.svg(incidents))
    assert picture.find("desc").text == describe(incidents)


@pytest.mark.browser
def test_no_line_is_wider_than_was_reckoned_with(incidents, page, chromium):
    lines = [
        line for column in chronicle.columns(incidents) for e in column.entries for line in e.lines
    ]
    measure = """(lines) => {
      const pen = document.createElement("canvas").getContext("2d");
      pen.font = '450 100px "Inter Slides"';
      return lines.map((line) => pen.measureText(line).width);
    }"""
    with opened(page) as browser, browser.tab() as tab:
        for line, measured in zip(lines, tab.evaluate(measure, lines), strict=True):
            assert measured <= width(line, 100) * chronicle.INTER, line
