"""The page of slides: all of the deck is on it, and it asks for nothing elsewhere."""

from __future__ import annotations

import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

from unpickled.authoring.slides import html_slides
from unpickled.authoring.slides.inline import plain
from unpickled.content import load_formats, load_incidents
from unpickled.content.deck import Steps
from unpickled.errors import ContentError

SLIDE = "## A slide {#one layout=text seconds=10}\n\n"
SPOKEN = "\n\n### Spoken\n\nSaid.\n"


@pytest.fixture(scope="module")
def soup(page):
    return BeautifulSoup(page, "html.parser")


def words(element) -> str:
    return re.sub(r"\s+", " ", element.get_text(" ", strip=True))


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_each_slide_has_its_title_its_seconds_and_what_is_said(soup, deck):
    sections = soup.select(".slides > section")
    assert [section["id"] for section in sections] == [slide.id for slide in deck.slides]
    for section, slide in zip(sections, deck.slides, strict=True):
        assert words(section.find(["h1", "h2"])) == slide.title
        assert section["data-timing"] == str(slide.seconds)
        assert [p.get_text() for p in section.select("aside.notes p")] == list(slide.spoken)


def test_every_text_of_the_deck_is_on_its_slide(soup, deck):
    for slide in deck.slides:
        seen = squeezed(soup.find(id=slide.id).get_text()).lower()
        steps = any(isinstance(part, Steps) for part in slide.parts)
        for _, text in slide.texts:
            for sentence in re.split(r"[.:,;]\s" if steps else r"\n", plain(text)):
                assert squeezed(sentence).rstrip(".").lower() in seen


def test_the_table_and_the_timeline_are_the_courses_data(soup, root):
    rows = [[words(td) for td in tr.select("td")] for tr in soup.select("#formats tbody tr")]
    assert rows == [
        [row.name, row.pickle, row.risk, row.risk_text, row.notes] for row in load_formats(root)
    ]
    seen = squeezed(soup.select_one("#why svg").get_text())
    for incident in load_incidents(root):
        assert squeezed(incident.title) in seen


def test_the_reduce_trick_is_marked_by_what_it_does(soup):
    marked = [words(line) for line in soup.select("#pickle .lines .trick")]
    assert len(marked) == 4
    assert marked[0].endswith("'os mkdir' the reduce trick")
    assert marked[-1].endswith("REDUCE calls os.mkdir('/tmp/unpickled-canary')")
    assert "REDUCE" in words(
        soup.select_one("#pickle .lines .calls")
    )  # an honest one, which is not red


def test_the_title_slide_shows_the_bytes_of_the_specimen(soup):
    grid = soup.select("#title .grid span")
    assert len(grid) == 341
    assert bytes.fromhex("".join(words(b) for b in grid if b.get("class"))).startswith(
        b"cos\nmkdir\n"
    )
    assert "the 341 bytes of its pickle. The 38 red ones call" in words(
        soup.select_one("#title figcaption")
    )


def test_without_a_specimen_the_title_slide_lists_what_comes(course):
    first = "## A lesson {#title layout=title seconds=9}\n\nAbout it\n\n### Spoken\n\nSaid.\n\n"
    place, deck = course(f"{first}{SLIDE}- One{SPOKEN}")
    made = BeautifulSoup(html_slides(place, deck), "html.parser")
    assert words(made.select_one("#title .recap")) == "In this lesson 1 A slide"


def test_the_terminal_shows_a_real_run(soup):
    for panel, tool in zip(soup.select("#test .panel"), ("picklescan", "modelscan"), strict=True):
        assert words(panel.select_one(".prompt")) == f"$ {tool} -p torch-canary.bin"
        assert words(panel.select_one(".exit")) == "exit code 1"
        assert panel.select(".alarm")


def test_sources_stand_at_the_foot(soup):
    assert words(soup.select_one("#minimum footer")) == (
        "Sources picklescan · modelscan · safetensors format L4.4.2 · 5 of 8"
    )


def test_nothing_is_fetched_from_elsewhere(page):
    text = page.decode()
    for found in re.findall(
        r"""(?:src|href)\s*=\s*["']?([^"'\s>]+)|url\(\s*["']?([^"')]+)""", text
    ):
        address = unescape("".join(found))
        assert address.startswith(("data:", "#")) or not re.match(r"(https?:)?//", address)
    assert "@import" not in text
    machine = [f"{place}/" for place in (Path(__file__).parents[3], Path.home()) if place.name]
    assert not [place for place in machine if place in text]


def test_text_is_text_and_never_markup(course):
    place, deck = course(
        f"{SLIDE}- 1 & 2 > 0, `<b>` and **x**{SPOKEN.replace('Said.', 'One < two.')}"
    )
    html = html_slides(place, deck).decode()
    assert "1 &amp; 2 &gt; 0, <code>&lt;b&gt;</code> and <strong>x</strong>" in html
    assert "<p>One &lt; two.</p>" in html


def test_an_unknown_source_is_told_with_its_line(course):
    place, deck = course(f"{SLIDE}- One\n- Two [@nobody]{SPOKEN}")
    with pytest.raises(ContentError) as fault:
        html_slides(place, deck)
    assert str(fault.value) == (
        'course/L9.9/deck.md:12: cites "nobody", which is no known source. '
        "Add it to course/data/sources.toml, or correct the id."
    )


def test_a_deck_of_one_plain_slide_needs_nothing_else(course):
    place, deck = course(f"{SLIDE}- One{SPOKEN}")
    assert b'<section id="one"' in html_slides(place, deck)


def test_another_process_in_another_folder_writes_the_same_bytes(page, root, tmp_path):
    script = (
        "import sys, pathlib; from unpickled.content import load_deck;"
        "from unpickled.authoring.slides import html_slides; root = pathlib.Path(sys.argv[1]);"
        "sys.stdout.buffer.write(html_slides(root, load_deck('L4.4.2', root)))"
    )
    made = subprocess.run(
        [sys.executable, "-c", script, str(root)], cwd=tmp_path, capture_output=True, check=True
    )
    assert made.stdout == page
