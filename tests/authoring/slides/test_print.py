"""PDF and pictures: a page for each slide, the same bytes each time, and a plain word where there is no Chromium."""

from __future__ import annotations

import re
import struct
import sys

import pytest

from unpickled.authoring.slides import print as printing
from unpickled.authoring.slides import printed
from unpickled.authoring.slides.chromium import opened
from unpickled.errors import SetupError


@pytest.mark.browser
def test_a_print_holds_every_slide_and_no_date(page, deck, chromium):
    """That two prints are the same bytes is told by the two builds of `test_authors_day`."""
    first = printed(page)
    names = [f"{slide.number:02}-{slide.id}.png" for slide in deck.slides]
    assert list(first) == ["slides.pdf", *names]
    for name in names:
        assert struct.unpack(">II", first[name][16:24]) == (1280, 720)
    pdf = first["slides.pdf"]
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf)) == len(deck.slides)
    assert set(re.findall(rb"/(?:CreationDate|ModDate) ?\(([^)]*)\)", pdf)) == {
        b"D:20000101000000+00'00'"
    }


# While reveal.js lays out pages to print, the slides are in no document for a moment: here that moment is a second, and
# the fonts come in the midst of it. It is not ready at the first question either.
SLOW = b"""
const begun = performance.now();
let ready = () => false;
Object.defineProperty(Reveal, "isReady", {
  set: (own) => { ready = own; },
  get: () => () => performance.now() > begun + 600 && ready(),
});
const frame = requestAnimationFrame;
let held = false; // reveal.js asks first; those who wait for it ask, too
window.requestAnimationFrame = (then) => {
  if (held || document.querySelector(".slides section")) return frame(then);
  held = true;
  return setTimeout(then, 1000);
};
Object.defineProperty(document, "fonts", { value: { ready: new Promise((done) => setTimeout(done, 700)) } });
Reveal.initialize("""


@pytest.mark.browser
def test_a_slow_page_is_printed_whole(page, deck, chromium):
    slow = page.replace(b"\nReveal.initialize(", SLOW, 1)
    assert slow != page
    with opened(slow) as shown:
        made = printing.pdf(shown)
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", made)) == len(deck.slides)


def test_dates_are_set_and_no_length_changes():
    pdf = b"%PDF-1.4 /CreationDate (D:20261123101112+01'00') /ModDate (D:20261123101112Z)\n/ID [<00ff><00FF>]"
    fixed = printing.dateless(pdf)
    assert len(fixed) == len(pdf)
    assert fixed.startswith(
        b"%PDF-1.4 /CreationDate (D:20000101000000+00'00') /ModDate (D:20000101000000+)"
    )
    again = printing.dateless(
        pdf.replace(b"20261123", b"20251224").replace(b"00ff", b"1234").replace(b"00FF", b"5678")
    )
    assert again == fixed


def test_without_chromium_the_error_says_how_to_get_it(page, monkeypatch):
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CHROMIUM", raising=False)
    with pytest.raises(SetupError) as fault:
        printed(page)
    assert str(fault.value) == (
        "Chromium: it is not on PATH. Install it (apt-get install chromium), or name it in CHROMIUM."
    )


def test_without_playwright_the_error_says_how_to_get_it(page, monkeypatch):
    monkeypatch.setitem(sys.modules, "playwright.sync_api", None)
    with pytest.raises(
        SetupError, match=r"playwright: it is not installed\. Run: tools/setup\.sh dev"
    ):
        printing.pictures(page)


def test_a_chromium_that_does_not_start_is_named(page, monkeypatch, tmp_path):
    fake = tmp_path / "chromium"
    fake.write_text("#!/bin/sh\nexit 3\n")
    fake.chmod(0o755)
    monkeypatch.setenv("CHROMIUM", str(fake))
    with pytest.raises(SetupError, match=rf"{fake}: it does not start: .*Try it by hand\."):
        printed(page)
