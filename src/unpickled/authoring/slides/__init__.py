"""Slides: one parsed deck, two writers, and what holds them to their bounds.

`html_slides` writes a page that needs nothing else, `pptx_slides` an editable presentation, `printed` a PDF and a
picture for each slide out of that page, and `layout_faults` measures the page as readers will see it.
"""

from __future__ import annotations

from pathlib import Path

from unpickled.content.deck import Deck
from unpickled.errors import ContentError, SetupError

__all__ = ["html_slides", "layout_faults", "pptx_slides", "printed"]


def html_slides(root: Path, deck: Deck) -> bytes:
    """Write the deck as one HTML page with its own styles, fonts, pictures, speaker notes and pacing.

    Raises:
        ContentError: a slide asks for something that is not there; the error names its line.
        SetupError: a scanner or a package is missing.
    """
    from unpickled.authoring.slides.html import page  # noqa: PLC0415 - jinja2 is slow to import

    return page(root, deck)


def pptx_slides(root: Path, deck: Deck) -> bytes:
    """Write the deck as PPTX: native titles, text, tables and shapes; the notes are what is spoken.

    Raises:
        ContentError: as for `html_slides`.
        SetupError: python-pptx or a scanner is missing.
    """
    try:
        from unpickled.authoring.slides.presentation import presentation  # noqa: PLC0415 - as above
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "pptx":
            raise
        raise SetupError("python-pptx", "it is not installed", "Run: tools/setup.sh dev") from error
    return presentation(root, deck)


def printed(html: bytes) -> dict[str, bytes]:
    """Print a page of `html_slides`: "slides.pdf" and, for each slide, "01-title.png" by its number and id.

    Raises:
        SetupError: playwright or Chromium is missing.
    """
    from unpickled.authoring.slides.apart import apart  # noqa: PLC0415 - as above
    from unpickled.authoring.slides.print import pictures  # noqa: PLC0415 - as above

    return apart(pictures, html)


def layout_faults(html: bytes, deck: Deck) -> list[ContentError]:
    """Measure each slide of a page at 1280 x 720 in Chromium; see `layout_checks` for what is a fault.

    Raises:
        SetupError: playwright or Chromium is missing.
    """
    from unpickled.authoring.slides.layout_checks import faults  # noqa: PLC0415 - as above

    return faults(html, deck)
