"""The page in use: keys turn it, the speaker's window has the notes and the pace, and axe finds nothing on it."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe

from unpickled.authoring.slides.chromium import opened

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(page, chromium):
    with opened(page) as made:
        yield made


def test_keys_turn_the_slides(browser, deck):
    with browser.tab() as tab:
        shown = "document.querySelector('.slides > section.present').id"
        for slide in deck.slides[1:]:
            tab.keyboard.press("ArrowRight")
            assert tab.evaluate(shown) == slide.id
        tab.keyboard.press("Home")
        assert tab.evaluate(shown) == deck.slides[0].id


# What lies on one of the arrows that are seen: its words, for every word of the slide's own
BENEATH = """() => {
  const seen = (node) => getComputedStyle(node).visibility !== "hidden" && node.getBoundingClientRect().width > 0;
  const box = (node) => node.getBoundingClientRect();
  const arrows = [...document.querySelectorAll(".controls button")].filter(seen).map(box);
  const meets = (a, b) => a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  const slide = document.querySelector(".slides > section.present .slide");
  const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  const found = [];
  while (walker.nextNode()) {
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    const boxes = [...range.getClientRects()];
    if (arrows.some((arrow) => boxes.some((box) => meets(arrow, box)))) found.push(walker.currentNode.data.trim());
  }
  return [arrows.length, found];
}"""


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (1920, 1080), (1024, 768)])
def test_the_arrows_lie_on_no_page_number_and_on_no_other_word(browser, deck, width, height):
    with browser.tab() as tab:
        tab.set_viewport_size({"width": width, "height": height})
        tab.evaluate("Reveal.layout()")
        for number, slide in enumerate(deck.slides):
            tab.evaluate("(n) => Reveal.slide(n)", number)
            arrows = 1 if number in (0, len(deck.slides) - 1) else 2
            assert tab.evaluate(BENEATH) == [arrows, []], slide.id


def test_the_arrows_turn_the_slides(browser, deck):
    with browser.tab() as tab:
        shown = "document.querySelector('.slides > section.present').id"
        tab.click(".controls .navigate-right")
        assert tab.evaluate(shown) == deck.slides[1].id
        tab.click(".controls .navigate-left")
        assert tab.evaluate(shown) == deck.slides[0].id


def test_the_speakers_window_has_the_notes_and_the_pace(browser, deck):
    with browser.tab("#/pickle") as tab:
        with tab.context.expect_page() as window:
            tab.keyboard.press("s")
        speaker = window.value
        speaker.wait_for_selector(".speaker-controls-notes:not(.hidden) .value p")
        assert speaker.locator(".speaker-controls-notes .value p").all_inner_texts() == list(
            deck.slides[1].spoken
        )
        speaker.wait_for_function("() => document.body.innerText.match(/pacing/i)")
        speaker.close()
    assert browser.refused == []


def test_axe_finds_nothing_on_any_slide(browser, deck):
    with browser.tab() as tab:
        found = []
        for number, slide in enumerate(deck.slides):
            tab.evaluate("(n) => Reveal.slide(n)", number)
            found += [f"{slide.id}: {one['id']}" for one in Axe().run(tab).response["violations"]]
        assert found == []
