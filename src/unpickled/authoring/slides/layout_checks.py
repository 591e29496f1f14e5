"""What a reader would stumble over on a slide, measured in Chromium at 1280 x 720, each with the deck's line.

No word stands outside of its box or on another word, none is smaller than 18 px or has less contrast than 4.5:1 (WCAG
2.2, 1.4.3), every picture has words for those who do not see it, and the page asks for nothing elsewhere.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from unpickled.authoring.slides.apart import apart
from unpickled.authoring.slides.chromium import opened
from unpickled.authoring.slides.look import SMALLEST
from unpickled.content.deck import Deck, Slide
from unpickled.content.loaders import DATA
from unpickled.errors import ContentError

__all__ = ["faults", "measures"]

LESS = "Say it in fewer words, or make two slides of it."
DRAWN = {"formats": f"{DATA}/formats.toml", "timeline": f"{DATA}/incidents.toml"}
LOOKS = "src/unpickled/authoring/slides"
SHOWN = 60  # characters of a text that is quoted
MESSAGES: Mapping[str, tuple[Callable[[dict[str, Any]], str], str]] = {
    "outside": (
        lambda it: f"has words {it['amount']:.0f} px outside of their box: {_quoted(it['text'])}",
        LESS,
    ),
    "covered": (
        lambda it: f"has words on other words: {_quoted(it['text'])} and {_quoted(it['other'])}",
        LESS,
    ),
    "small": (
        lambda it: (
            f"has words of {-it['amount']:.0f} px, and {SMALLEST} are the least: {_quoted(it['text'])}"
        ),
        f"Make them larger in {LOOKS}/slides.css.",
    ),
    "faint": (
        lambda it: (
            f"has words with a contrast of {-it['amount']:.1f}:1, and 4.5:1 is the least: {_quoted(it['text'])}"
        ),
        f"Choose another colour in {LOOKS}/look.py.",
    ),
    "wordless": (
        lambda it: f"has a picture that nothing describes: {it['text']}",
        "Give it alt, aria-label or desc; aria-hidden where it is mere ornament.",
    ),
}


def faults(html: bytes, deck: Deck) -> list[ContentError]:
    """Measure each slide of a page.

    Args:
        html: a page of `html_slides`.
        deck: the deck that it was made of.

    Returns:
        The worst fault of each kind on each slide, in the slides' order.

    Raises:
        SetupError: playwright or Chromium is missing.
    """
    measured = json.loads(apart(measures, html)["measures.json"])
    found = [
        fault
        for slide, its in zip(deck.slides, measured["slides"], strict=True)
        for fault in _told(deck, slide, its)
    ]
    for address in measured["asked"]:
        problem = f"its slides ask for {address}, and must not need a network"
        found.append(ContentError(deck.place, problem, "Put it into the page, or take it out."))
    return found


def measures(html: bytes) -> dict[str, bytes]:
    """Measure a page: "measures.json" holds what `probe.js` finds on each slide, and what was asked for."""
    with opened(html) as page, page.tab() as tab:
        slides = []
        for number in range(tab.locator(".slides > section").count()):
            tab.evaluate("(n) => Reveal.slide(n)", number)
            slides.append(tab.evaluate(_probe()))
        asked = [*page.refused, *tab.evaluate("() => window.unpickledRefused")]
    found = {"slides": slides, "asked": list(dict.fromkeys(asked))}
    return {"measures.json": json.dumps(found).encode()}


@cache
def _probe() -> str:
    text = files("unpickled.authoring.slides").joinpath("probe.js").read_text(encoding="utf-8")
    return text[text.index("() => {") :]


def _told(deck: Deck, slide: Slide, measured: Sequence[dict[str, Any]]) -> Iterator[ContentError]:
    for it in measured:
        problem, remedy = MESSAGES[it["kind"]]
        if remedy == LESS:
            remedy = " ".join([remedy, *_drawn(slide)])
        place = f"{deck.place}:{it['line'] or slide.line}"
        yield ContentError(place, f'slide "{slide.id}" {problem(it)}', remedy)


def _drawn(slide: Slide) -> Iterator[str]:
    """Say where words of a slide come from that the deck does not hold."""
    for name, file in DRAWN.items():
        if slide.data(name):
            yield f"What is drawn there by {{{{ {name}() }}}} is written in {file}."


def _quoted(text: str) -> str:
    return f'"{text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"}"'
