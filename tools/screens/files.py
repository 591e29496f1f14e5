"""What is opened from a disk: the slides, the lessons as one page each, the scoreboard and the certificate."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from playwright.sync_api import Browser, Page

from unpickled.authoring.offline import build_pages
from unpickled.authoring.site.recorded import RECORDED
from unpickled.certificate import completed, to_page
from unpickled.content import load_course, load_practice
from unpickled.progress import Progress
from unpickled.scoreboard import from_dict
from unpickled.widgets import board_page

from .pictures import Camera, Shot

__all__ = ["names", "take"]

THEMES = ("light", "dark")


def names(root: Path) -> list[str]:
    """Every such screen."""
    lessons = [lesson.id for lesson in load_course(root).lessons]
    decks = [
        f"slides/{path.parent.name}" for path in sorted((root / "slides").glob("*/slides.html"))
    ]
    pages = [f"html/{lesson}" for lesson in lessons]
    return [*decks, *pages, "scoreboard", "certificate/partly", "certificate/whole"]


def take(
    browser: Browser, camera: Camera, root: Path, widths: Sequence[int], wanted: Sequence[str]
) -> Iterator[Shot]:
    """Make what is to be seen, and take pictures of it."""
    with tempfile.TemporaryDirectory(prefix="unpickled-shots-") as folder:
        for name in wanted:
            address = _made(name, root, Path(folder)).as_uri()
            for theme in THEMES:
                for width in widths:
                    page = browser.new_page(
                        viewport={"width": width, "height": 900},
                        color_scheme=theme,
                        reduced_motion="reduce",
                    )
                    page.goto(address)
                    page.wait_for_timeout(500)
                    yield from _seen(page, camera, name, theme)
                    page.close()


def _seen(page: Page, camera: Camera, name: str, theme: str) -> Iterator[Shot]:
    if not name.startswith("slides/"):
        yield from camera.document(page, name, theme)
        return
    page.set_viewport_size(
        {"width": page.viewport_size["width"], "height": page.viewport_size["width"] * 9 // 16}
    )
    page.wait_for_function("() => window.Reveal?.isReady()")
    for number in range(page.evaluate("Reveal.getTotalSlides()")):
        page.evaluate("number => Reveal.slide(number)", number)
        page.wait_for_timeout(150)
        yield camera.window(page, f"{name}: slide {number + 1}", theme)


def _made(name: str, root: Path, folder: Path) -> Path:
    """The file of a screen, made where it is not kept."""
    kind, _, which = name.partition("/")
    if kind == "slides":
        return root / "slides" / which / "slides.html"
    if kind == "html":
        say = lambda step: print(f"  {step} …", file=sys.stderr)  # noqa: E731
        return next(build_pages(root, which, say)).path
    path = folder / f"{kind}-{which}.html"
    if kind == "scoreboard":
        told = json.loads((root / RECORDED).read_text(encoding="utf-8"))["boards"]["course"]
        path.write_text(board_page(from_dict(told)), encoding="utf-8")
    else:
        path.write_text(_certificate(root, folder, every=1 if which == "whole" else 2), "utf-8")
    return path


def _certificate(root: Path, folder: Path, *, every: int) -> str:
    """For whoever has solved all exercises, or every second one."""
    items = load_practice(root)
    progress = Progress(folder / f"progress-{every}.json")
    for item in items[::every]:
        progress.attempt(item.id, correct=True, item=item.fingerprint)
    told = completed(load_course(root), items, progress)
    return to_page(told, name="Ada Lovelace", day=datetime.now(UTC).date())
