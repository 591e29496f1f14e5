"""What a reader would stumble over: the lesson's slides have none of it, and each planted fault is told in full."""

from __future__ import annotations

import re
from contextlib import contextmanager

import pytest

from unpickled.authoring.slides import html_slides, layout_checks, layout_faults
from unpickled.authoring.slides.chromium import Opened, opened

pytestmark = pytest.mark.browser
LOOKS = "src/unpickled/authoring/slides"


@pytest.fixture(scope="module", autouse=True)
def _browser(chromium, tmp_path_factory):
    """None of this can be measured without one; to start one for each page would take longer than to measure it."""
    with opened(b"") as first, pytest.MonkeyPatch.context() as patch:

        @contextmanager
        def again(html):
            file = tmp_path_factory.mktemp("page") / "slides.html"
            file.write_bytes(html)
            yield Opened(first._browser, file.as_uri())

        patch.setattr(layout_checks, "opened", again)
        patch.setattr(layout_checks, "apart", lambda work, html: work(html))
        yield


def planted(page: bytes, old: str, new: str) -> bytes:
    assert old.encode() in page, f"the page holds no {old!r}: correct this test"
    return page.replace(old.encode(), new.encode(), 1)


def told(page: bytes, deck) -> list[str]:
    return [str(fault) for fault in layout_faults(page, deck)]


def test_the_lessons_slides_have_no_fault(page, deck):
    assert told(page, deck) == []


def test_faults_of_each_kind_are_told_with_their_line(page, deck):
    page = planted(page, ".layout-title .lead {", ".layout-title .lead { font-size: 15px;")
    page = planted(page, ".legend { display", ".legend { margin-top: -60px; display")
    page = planted(
        page, '<div class="keep" data-line', '<div class="keep" style="color: #9ab" data-line'
    )
    page = planted(page, '<ol class="cards"', '<img src="data:,"><ol class="cards"')
    page = planted(
        page,
        '<ol class="cards four">',
        '<img alt="x" src="https://example.org/x.png"><ol class="cards four">',
    )
    lines = {slide.id: slide.line for slide in deck.slides}
    (about,) = [line for line, text in deck.slides[0].texts if text.startswith("Module")]
    (flag,) = [line for line, text in deck.slides[2].texts if text.startswith("A registry")]
    found = told(page, deck)
    assert found[:4] == [
        f'course/L4.4.2/deck.md:{about}: slide "title" has words of 15 px, and 18 are the least: '
        f'"Module 4: Data Poisoning, Backdoors & Supply Chain". Make them larger in {LOOKS}/slides.css.',
        f'course/L4.4.2/deck.md:{lines["why"]}: slide "why" has words on other words: "Two more ways around" '
        'and "2 defences". Say it in fewer words, or make two slides of it. '
        "What is drawn there by {{ timeline() }} is written in course/data/incidents.toml.",
        f'course/L4.4.2/deck.md:{flag}: slide "why" has words with a contrast of 2.0:1, and 4.5:1 is the least: '
        f'"A registry delivers what". Choose another colour in {LOOKS}/look.py.',
        f'course/L4.4.2/deck.md:{lines["minimum"]}: slide "minimum" has a picture that nothing describes: '
        '<img src="data:,">. Give it alt, aria-label or desc; aria-hidden where it is mere ornament.',
    ]
    assert found[-1] == (
        "course/L4.4.2/deck.md: its slides ask for https://example.org/x.png, and must not need a network. "
        "Put it into the page, or take it out."
    )


def test_what_is_only_just_wrong_is_told_and_what_is_only_just_right_is_not(page, deck):
    """Contrast of 4.4:1 is too little and of 4.6:1 is not; ten pixels outside are told, and a slide's own none."""
    lead = ".layout-title .lead {"
    kept = '<div class="keep" data-line'
    tint = '<div class="keep" style="background: #fff; color: {}" data-line'
    assert told(planted(page, kept, tint.format("#757575")), deck) == []
    (faint,) = told(planted(page, kept, tint.format("#797979")), deck)
    assert 'slide "why" has words with a contrast of 4.4:1, and 4.5:1 is the least' in faint
    (past,) = told(
        planted(page, lead, lead + " align-self: flex-end; position: relative; left: 10px;"), deck
    )
    assert 'slide "title" has words 10 px outside of their box' in past


def test_a_text_that_is_too_long_for_its_slide_is_told_at_its_line(course):
    place, deck = course(
        "## One {#one layout=text seconds=9}\n\n- Short\n- "
        + "And so on and on. " * 60
        + "\n\n### Spoken\n\nSaid.\n"
    )
    (fault,) = layout_faults(html_slides(place, deck), deck)[:1]
    assert str(fault.place) == "course/L9.9/deck.md:12"
    assert fault.problem.startswith('slide "one" has words ')
    assert fault.problem.endswith(
        'px outside of their box: "And so on and on. And so on and on. And so on and on. And s…"'
    )
    assert fault.remedy == "Say it in fewer words, or make two slides of it."


def test_a_table_that_outgrows_its_slide_is_told_with_the_file_that_it_is_drawn_from(course):
    place, deck = course(
        "## One {#one layout=table seconds=9}\n\n{{ formats() }}\n\nKept.\n\n### Spoken\n\nSaid.\n"
    )
    table = place / "course/data/formats.toml"
    text, count = re.subn(
        r'(?m)^notes = "', 'notes = "' + "And so on. " * 20, table.read_text(), count=3
    )
    assert count == 3
    table.write_text(text)
    fault = layout_faults(html_slides(place, deck), deck)[0]
    assert "px outside of their box" in fault.problem
    assert fault.remedy == (
        "Say it in fewer words, or make two slides of it. "
        "What is drawn there by {{ formats() }} is written in course/data/formats.toml."
    )


def test_a_title_may_take_two_lines_and_no_more(course):
    long = "A title that goes on and on and on about one thing and another, "
    slide = "## {} {{#one layout=title seconds=9}}\n\nAbout it\n\n### Spoken\n\nSaid.\n"
    place, deck = course(slide.format(long[:50]))
    assert told(html_slides(place, deck), deck) == []


def test_a_request_that_the_pages_own_policy_lets_through_is_told_too(page, deck):
    page = planted(page, "<body>", "<body><iframe title='x' src='http://127.0.0.1:9/'></iframe>")
    assert told(page, deck) == [
        "course/L4.4.2/deck.md: its slides ask for http://127.0.0.1:9/, and must not need a network. "
        "Put it into the page, or take it out."
    ]
