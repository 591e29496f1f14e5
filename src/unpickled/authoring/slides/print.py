"""The slides as PDF and PNG, printed by Chromium out of the HTML page: what is seen there is what is on paper.

Two prints are the same bytes: PDF dates are set and its id is made of its content (ISO 32000-1, 14.3.3 and 14.4).
"""

from __future__ import annotations

import hashlib
import re

from unpickled.authoring.slides.chromium import Opened, opened

__all__ = ["dateless", "pdf", "pictures", "pngs"]

DATE = re.compile(rb"/(CreationDate|ModDate) ?\(D:[^)]*\)")
FILE_ID = re.compile(rb"/ID ?\[ ?<[0-9A-Fa-f]*> ?<[0-9A-Fa-f]*> ?\]")


def pictures(html: bytes) -> dict[str, bytes]:
    """Print a page of slides.

    Returns:
        "slides.pdf", with a page for each slide, and each slide as "01-title.png", by its number and id, 1280 x 720.

    Raises:
        SetupError: playwright or Chromium is missing.
    """
    with opened(html) as page:
        return {"slides.pdf": pdf(page), **pngs(page)}


def dateless(printed: bytes) -> bytes:
    """Set a PDF's dates to one day and its id to a hash of the rest; no length changes, so its offsets stay true."""

    def blank(match: re.Match[bytes]) -> bytes:
        start, end = b"/" + match[1] + b" (D:", b")"
        if match[0][len(match[1]) + 1 : len(match[1]) + 2] == b"(":
            start = start.replace(b" ", b"")
        room = len(match[0]) - len(start) - len(end)
        return start + b"20000101000000+00'00'".ljust(room)[:room] + end

    fixed = DATE.sub(blank, printed)
    bare = FILE_ID.sub(b"", fixed)
    digest = hashlib.sha256(bare).hexdigest().upper().encode()

    def identity(match: re.Match[bytes]) -> bytes:
        return re.sub(
            rb"<[0-9A-Fa-f]*>", lambda hexes: b"<" + digest[: len(hexes[0]) - 2] + b">", match[0]
        )

    return FILE_ID.sub(identity, fixed)


def pdf(opened_page: Opened) -> bytes:
    """Print a page for each slide, tagged for screen readers, with an outline."""
    with opened_page.tab("?print-pdf") as tab:
        tab.wait_for_function("() => window.unpickledLaidOut")
        made = tab.pdf(
            width="1280px", height="720px", print_background=True, prefer_css_page_size=False,
            tagged=True, outline=True,
            margin={"top": "0", "right": "0", "bottom": "0", "left": "0"},
        )  # fmt: skip
    return dateless(made)


def pngs(opened_page: Opened) -> dict[str, bytes]:
    """Take a picture of each slide, by the name of its file."""
    made: dict[str, bytes] = {}
    with opened_page.tab() as tab:
        tab.evaluate("Reveal.configure({ controls: false, progress: false })")
        ids = tab.evaluate("[...document.querySelectorAll('.slides > section')].map((s) => s.id)")
        for number, identity in enumerate(ids):
            tab.evaluate(
                "async (n) => { Reveal.slide(n); await new Promise(requestAnimationFrame); }",
                number,
            )
            made[f"{number + 1:02}-{identity}.png"] = tab.screenshot(animations="disabled")
    return made
