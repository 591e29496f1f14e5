"""A screen as pictures: one that is taller than a picture may be is taken in parts, and nothing of it is left out."""

from __future__ import annotations

import io
import itertools
import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from PIL import Image
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Locator, Page

__all__ = ["MOST", "Camera", "Shot", "blank", "slices"]

MOST = 2400  # pixels that a picture has in height, at most
LARGEST = 12_000  # of a window: at 16,384 Chromium cuts its pictures without a word
SIDEWAYS = "document.documentElement.scrollWidth - innerWidth"
SCROLLED = ".jp-NotebookPanel:not(.lm-mod-hidden) .jp-WindowedPanel-outer"
DOCUMENT = """top => {
  scrollTo({ top, behavior: "instant" });
  const { scrollHeight, scrollWidth } = document.documentElement;
  return { at: scrollY, ends: scrollHeight, height: innerHeight, sideways: scrollWidth - innerWidth };
}"""  # what is seen of a page that was scrolled so far, and where it ends
NOTEBOOK = f"""top => {{
  const panel = document.querySelector("{SCROLLED}");
  panel.scrollTop = top;
  const frame = panel.getBoundingClientRect();
  const last = [...panel.querySelectorAll(".jp-Cell")].at(-1).getBoundingClientRect();
  const ends = Math.ceil(last.bottom - frame.top + panel.scrollTop) + 16;
  return {{
    at: panel.scrollTop, ends: Math.min(ends, panel.scrollHeight), x: frame.left, y: frame.top,
    width: panel.clientWidth, height: panel.clientHeight, sideways: panel.scrollWidth - panel.clientWidth,
  }};
}}"""  # the same of a notebook, which ends below its last cell


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: the screen, theme, width, which part of how many, and its file."""

    what: str
    theme: str
    width: int
    path: Path
    part: int = 1
    of: int = 1

    @property
    def caption(self) -> str:
        """All that, in a line."""
        part = f", {self.part} of {self.of}" if self.of > 1 else ""
        return f"{self.what}, {self.theme}, {self.width}{part}"


@dataclass(frozen=True, slots=True)
class Camera:
    """Takes pictures into a folder, and notes what was wrong with a screen: place and fault."""

    goal: Path
    faults: list[str] = field(default_factory=list)

    @contextmanager
    def going_on(self, what: str) -> Iterator[None]:
        """Note that a screen could not be brought there, so that the others are seen all the same."""
        try:
            yield
        except (AssertionError, PlaywrightError) as error:
            told = (str(error).strip().splitlines() or [type(error).__name__])[0]
            self.faults.append(f"{what}: not seen to its end ({told})")

    def document(self, page: Page, what: str, theme: str) -> Iterator[Shot]:
        """A page that scrolls as a whole."""
        width = page.viewport_size["width"]
        for _ in range(4):  # a page may give itself more room in a taller window
            height = min(MOST, page.evaluate(DOCUMENT, 0)["ends"])  # at least the window as it is
            page.set_viewport_size({"width": width, "height": height})
        seen = _settled(page, DOCUMENT)
        self._note(seen["sideways"] > 0, what, theme, width, "it is wider than its window")
        parts = slices(seen["ends"], height)
        for part, (top, bottom) in enumerate(parts, 1):
            at = page.evaluate(DOCUMENT, top)["at"]
            page.wait_for_timeout(100)
            path = self._path(what, theme, width, part, len(parts))
            clip = {"x": 0, "y": top - at, "width": width, "height": bottom - top}
            page.screenshot(path=path, clip=clip)
            yield Shot(what, theme, width, path, part, len(parts))
        after = page.evaluate(DOCUMENT, 0)["ends"]
        moved = f"{seen['ends']} px became {after} px meanwhile"
        self._note(after != seen["ends"], what, theme, width, moved)

    def notebook(self, page: Page, what: str, theme: str, width: int) -> Iterator[Shot]:
        """The notebook in front: the whole window first, then what lies further down in it."""
        page.set_viewport_size({"width": width, "height": MOST})
        seen = _settled(page, NOTEBOOK)
        self._note(seen["sideways"] > 1, what, theme, width, "the notebook scrolls sideways")
        parts = slices(seen["ends"], seen["height"])
        if len(parts) == 1:
            height = max(500, math.ceil(seen["y"] + seen["ends"]) + 24)
            page.set_viewport_size({"width": width, "height": min(MOST, height)})
            page.wait_for_timeout(300)
        for part, (top, bottom) in enumerate(parts, 1):
            path = self._path(what, theme, width, part, len(parts))
            now = page.evaluate(NOTEBOOK, top)
            page.wait_for_timeout(150)
            if part == 1:
                clip = {"x": 0, "y": 0, "width": width, "height": now["y"] + bottom}
                page.screenshot(path=path, **({"clip": clip} if len(parts) > 1 else {}))
            else:
                above = now["y"] + top - now["at"]  # at its end a notebook cannot scroll as far
                hidden = above + bottom - top > now["y"] + now["height"] + 1
                self._note(hidden, what, theme, width, f"part {part} is not whole")
                clip = {"x": now["x"], "y": above, "width": now["width"], "height": bottom - top}
                page.screenshot(path=path, clip=clip)
            yield Shot(what, theme, width, path, part, len(parts))
        after = page.evaluate(NOTEBOOK, 0)["ends"]
        moved = abs(after - seen["ends"]) > 2 and len(parts) > 1
        self._note(moved, what, theme, width, f"{seen['ends']} px became {after} px meanwhile")

    def window(self, page: Page, what: str, theme: str) -> Shot:
        """What is seen without scrolling."""
        width = page.viewport_size["width"]
        self._note(page.evaluate(SIDEWAYS) > 0, what, theme, width, "it is wider than its window")
        path = self._path(what, theme, width)
        page.screenshot(path=path)
        return Shot(what, theme, width, path)

    def one(self, place: Locator, what: str, theme: str, width: int) -> Iterator[Shot]:
        """One thing on a page, in a window that has room for it."""
        page = place.page
        page.set_viewport_size({"width": width, "height": 1000})
        page.wait_for_timeout(250)
        needs = int(place.evaluate("node => node.getBoundingClientRect().height"))
        if needs > 700:
            page.set_viewport_size({"width": width, "height": min(needs, LARGEST) + 300})
            page.wait_for_timeout(250)
        with Image.open(io.BytesIO(place.screenshot())) as picture:
            whole = needs <= LARGEST and picture.height >= needs - 1
            self._note(not whole, what, theme, width, "it is not whole")
            parts = slices(picture.height, MOST)
            for part, (top, bottom) in enumerate(parts, 1):
                path = self._path(what, theme, width, part, len(parts))
                picture.crop((0, top, picture.width, bottom)).save(path)
                yield Shot(what, theme, width, path, part, len(parts))

    def _path(self, what: str, theme: str, width: int, part: int = 1, of: int = 1) -> Path:
        more = f"-{part}" if of > 1 else ""
        return self.goal / f"{re.sub(r'[^A-Za-z0-9.]+', '-', what)}-{theme}-{width}{more}.png"

    def _note(self, wrong: bool, what: str, theme: str, width: int, fault: str) -> None:
        if wrong:
            self.faults.append(f"{what}, {theme}, {width}: {fault}")


def _settled(page: Page, look: str) -> dict[str, int]:
    """What is seen from the top, as soon as a walk through all of it leaves it as high as it was.

    Much is laid out only when it comes into view: what has not been there yet is as high as somebody guessed.
    """
    before: dict[str, int] = {}
    for _ in range(8):
        page.wait_for_timeout(300)
        now = page.evaluate(look, 0)
        if now == before:
            break
        before = now
        for top in range(0, int(now["ends"]), max(1, int(now["height"]))):
            page.evaluate(look, top)
            page.wait_for_timeout(60)
    return before


def slices(height: int, most: int) -> list[tuple[int, int]]:
    """Cut a height into the fewest equal parts of which none has more than `most`: (top, bottom) of each."""
    count = max(1, math.ceil(height / most))
    edges = [height * at // count for at in range(count + 1)]
    return [*itertools.pairwise(edges)]


def blank(path: Path) -> bool:
    """Whether a picture is one colour all over, or nearly."""
    with Image.open(path) as picture:
        return picture.convert("RGB").getcolors(4) is not None
