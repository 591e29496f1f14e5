"""The zero-install site: its first page, the lesson in JupyterLite's workbench, and without it on a phone."""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
from collections.abc import Iterator, Sequence
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from browser.learner import FINISHED, OPEN, STARTED, use_theme
from filelock import FileLock
from playwright.sync_api import Browser, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from unpickled.authoring.site import OUT, build_site

from .pictures import Camera, Shot

__all__ = ["SCREENS", "take"]

THEMES = ("light", "dark")
PHONE = 390
SLOW = 180_000
SCREENS = {
    "site": "index.html",
    "site/lab/start": "lab/index.html?path=course/start.ipynb",
    "site/lab/06b-the-scoreboard": "lab/index.html?path=course/L4.4.2/06b-the-scoreboard.ipynb",
    "site/phone/01-pickle-in-90-seconds": (
        "notebooks/index.html?path=course/L4.4.2/01-pickle-in-90-seconds.ipynb"
    ),
}
"""Each screen, and its address below the site."""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass

    def copyfile(self, source: object, outputfile: object) -> None:
        with contextlib.suppress(OSError):  # the browser went away
            super().copyfile(source, outputfile)


def take(
    browser: Browser, camera: Camera, root: Path, widths: Sequence[int], wanted: Sequence[str]
) -> Iterator[Shot]:
    """Build the site if it is not of today, serve it, and take pictures of it."""
    (root / "build").mkdir(exist_ok=True)
    with FileLock(root / "build" / "site.lock"):  # the tests build it, too
        made = build_site(root, root / OUT, lambda step: print(f"  {step} …", file=sys.stderr))
    handler = functools.partial(_Quiet, directory=str(made.folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in wanted:
            page = browser.new_page(
                viewport={"width": 1280, "height": 900}, reduced_motion="reduce"
            )
            with camera.going_on(name):
                page.goto(f"http://127.0.0.1:{server.server_port}/{SCREENS[name]}")
                yield from _seen(page, camera, name, widths)
            page.close()
        server.shutdown()


def _seen(page: Page, camera: Camera, name: str, widths: Sequence[int]) -> Iterator[Shot]:
    if name == "site":
        for theme in THEMES:
            page.emulate_media(color_scheme=theme)
            for width in (*widths, PHONE):
                page.set_viewport_size({"width": width, "height": 900})
                page.wait_for_timeout(300)
                yield from camera.document(page, name, theme)
        return
    _run(page)
    for theme in THEMES:
        use_theme(page, theme)
        for width in (PHONE,) if "/phone/" in name else widths:
            yield from camera.notebook(page, name, theme, width)


def _run(page: Page) -> None:
    """Run all of a page in the browser's own Python; what is asked too early may be lost, and is asked again."""
    page.locator(f"{OPEN} .jp-Cell").first.wait_for(timeout=SLOW)
    page.locator(f"{OPEN} [data-status=idle]").first.wait_for(timeout=SLOW)
    for _ in range(5):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        with contextlib.suppress(PlaywrightTimeoutError):
            page.wait_for_function(STARTED, timeout=5_000)
            page.locator(f"{OPEN} .unp").first.wait_for(timeout=SLOW // 3)
            break
    page.wait_for_function(FINISHED, timeout=SLOW)
    page.wait_for_timeout(1_000)
