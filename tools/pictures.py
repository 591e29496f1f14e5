"""Make the pictures of the README and the docs anew, from the widgets, slides and pages as they are now.

usage: .venv/bin/python tools/pictures.py      (needs Chromium: on PATH, or named in CHROMIUM)
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from unpickled import specimens
from unpickled.authoring.serving import Server
from unpickled.authoring.slides.chromium import FLAGS
from unpickled.pickles import record
from unpickled.weights import read_pickle
from unpickled.widgets import Stepper, to_page

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ROOT / "docs" / "pictures"
FAULT = 'course/L4.4.2/deck.md:82: slide "minimum" says "four things" and shows 3 steps. Make them the same.'


def main() -> None:
    """Make every picture, or the one that is named."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        sys.exit("pictures: no Chromium. Run: sudo apt-get install chromium")
    made = {"stepper": stepper, "preview": preview, "teleprompter": teleprompter}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        for name in sys.argv[1:] or made:
            made[name](browser, PICTURES / f"{name}.png")
            print(f"wrote {PICTURES / name}.png")
        browser.close()


def stepper(browser: Browser, picture: Path) -> None:
    """Show the stepper at the call that a PyTorch file hides."""
    with tempfile.TemporaryDirectory() as folder:
        path = specimens.write("torch-canary", Path(folder), marker=Path("/tmp/unpickled-canary"))
        steps = record(read_pickle(path).data).steps
        call = next(step.index for step in steps if step.calls and "mkdir" in step.calls.text)
        page_file = Path(folder) / "page.html"
        page_file.write_text(to_page(Stepper(path, step=call), theme="light"), encoding="utf-8")
        page = browser.new_page(viewport={"width": 1120, "height": 800}, device_scale_factor=2)
        page.goto(page_file.as_uri())
        page.locator(".unp-panes").wait_for()
        page.wait_for_timeout(500)
        page.locator(".unp-panes").locator("xpath=..").screenshot(path=picture)


def preview(browser: Browser, picture: Path) -> None:
    """Show what `unpickled author watch` shows while a sentence and its slide disagree."""
    with Server(ROOT) as server:
        server.tell(fault=FAULT)
        page = browser.new_page(viewport={"width": 1120, "height": 690})
        page.goto(f"{server.address}watch/slides/L4.4.2/slides.html#/minimum")
        page.frame_locator("iframe").locator("body").evaluate(
            "() => { location.hash = '#/minimum' }"
        )
        page.get_by_role("alert").get_by_text("four things").wait_for()
        page.wait_for_timeout(1000)
        page.screenshot(path=picture)


def teleprompter(browser: Browser, picture: Path) -> None:
    """Show the teleprompter on the second slide."""
    page = browser.new_page(viewport={"width": 1120, "height": 630})
    page.goto((ROOT / "video-scripts" / "L4.4.2" / "teleprompter.html").as_uri())
    page.keyboard.press("PageDown")
    page.keyboard.press("PageDown")
    page.wait_for_timeout(300)
    page.screenshot(path=picture)


if __name__ == "__main__":
    main()
