"""The system's Chromium with a page of slides in it, for printing and for measuring.

It runs without a window, and anything that the page asks of elsewhere is noted and refused: a page of slides must not
need a network.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from unpickled.authoring.slides.look import HEIGHT, WIDTH
from unpickled.errors import SetupError

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

__all__ = ["FLAGS", "NAMES", "Opened", "opened"]

# The first is the same engine without a window's parts: a page opens in a quarter of the processor time
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_PRINTED = "--font-render-hinting=none"
# What the page's own policy refuses never becomes a request. reveal.js tells once when pages to print are laid out;
# before that its slides are in no document for a moment, so that counting them would tell nothing.
_NOTES = """
window.unpickledRefused = [];
addEventListener("securitypolicyviolation", (event) => window.unpickledRefused.push(event.blockedURI));
addEventListener("pdf-ready", () => { window.unpickledLaidOut = true; });
"""


class Opened:
    """One page of slides in one browser.

    Args:
        browser: it is asked for a new tab for each use.
        address: of the page, a file.
    """

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._address = address
        self.refused: list[str] = []

    @contextmanager
    def tab(self, query: str = "") -> Iterator[Page]:
        """Show the page in a tab of 1280 x 720, ready, with its fonts loaded."""
        page = self._browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
        page.route("**/*", self._route)
        page.add_init_script(_NOTES)
        try:
            page.goto(self._address + query)
            page.wait_for_function("() => window.Reveal?.isReady()")
            page.evaluate("document.fonts.ready.then(() => true)")
            yield page
        finally:
            page.close()

    def _route(self, route: Route) -> None:
        url = route.request.url
        if url.startswith("data:") or url.split("?")[0].split("#")[0] == self._address:
            route.continue_()
        else:
            self.refused.append(url)
            route.abort()


@contextmanager
def opened(html: bytes) -> Iterator[Opened]:
    """Open a page of slides.

    Raises:
        SetupError: playwright or Chromium is missing, or Chromium does not start.
    """
    try:
        from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - authors only
    except ImportError as error:
        raise SetupError("playwright", "it is not installed", "Run: tools/setup.sh dev") from error
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not path:
        remedy = "Install it (apt-get install chromium), or name it in CHROMIUM."
        raise SetupError("Chromium", "it is not on PATH", remedy)
    with (
        tempfile.TemporaryDirectory(prefix="unpickled-slides-") as folder,
        sync_playwright() as play,
    ):
        file = Path(folder).resolve() / "slides.html"
        file.write_bytes(html)
        try:
            browser = play.chromium.launch(executable_path=path, args=[*FLAGS, _PRINTED])
        except Error as error:
            first = str(error).strip().splitlines()[0]
            raise SetupError(path, f"it does not start: {first}", "Try it by hand.") from error
        try:
            yield Opened(browser, file.as_uri())
        finally:
            browser.close()
