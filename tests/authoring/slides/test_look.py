"""The colours: every word stands out from its ground by 4.5:1, on each of the grounds that it has."""

from __future__ import annotations

import pytest

from unpickled.authoring.slides.look import COLOURS, EVENTS, RISKS
from unpickled.authoring.timeline import KINDS
from unpickled.content import RISKS as KNOWN

PAIRS = [
    *((ink, "paper") for ink in ("ink", "soft", "brand")),
    *((ink, "tint") for ink in ("ink", "brand")),
    *((ink, "card") for ink in ("ink", "soft")),
    *((ink, "night") for ink in ("night-ink", "night-soft", "lime", "alarm-soft")),
    *(
        (ink, "panel")
        for ink in ("panel-ink", "panel-soft", "panel-name", "panel-good", "alarm-soft")
    ),
    *((ink, "panel-bar") for ink in ("panel-ink", "panel-soft")),
    ("alarm-ink", "alarm"),
    ("alarm-ink", "brand"),
]


def light(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    shares = [value / 255 for value in bytes.fromhex(colour.lstrip("#"))]
    r, g, b = (s / 12.92 if s <= 0.04045 else ((s + 0.055) / 1.055) ** 2.4 for s in shares)
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


def contrast(one: str, other: str) -> float:
    dark, bright = sorted((light(one), light(other)))
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_words_stand_out(ink, ground):
    assert contrast(COLOURS[ink], COLOURS[ground]) >= 4.5


@pytest.mark.parametrize("tone", [*RISKS.values(), *EVENTS.values()], ids=lambda tone: tone.word)
def test_risks_and_events_stand_out(tone):
    assert contrast(tone.colour, tone.tint) >= 4.5
    assert contrast(tone.colour, COLOURS["paper"]) >= 4.5
    assert contrast(COLOURS["ink"], tone.tint) >= 4.5


def test_each_risk_and_kind_has_a_look_of_its_own():
    assert set(RISKS) == set(KNOWN)
    assert set(EVENTS) == set(KINDS)
    for looks in (RISKS, EVENTS):
        assert len({(tone.colour) for tone in looks.values()}) == len(looks)
        assert len({tone.outline for tone in looks.values()}) == len(looks)
        assert len({tone.shape for tone in looks.values()}) == len(looks)
