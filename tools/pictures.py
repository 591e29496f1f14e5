"""Make the pictures of the README and the docs anew, from the widgets as they are now.

usage: .venv/bin/python tools/pictures.py      (needs Chromium: on PATH, or named in CHROMIUM)
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright

from unpickled import specimens
from unpickled.pickles import record
from unpickled.weights import read_pickle
from unpickled.widgets import Stepper, to_page

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]


def main() -> None:
    """Show the stepper at the call that a PyTorch file hides, and keep what it looks like."""
    chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if not chromium:
        sys.exit("pictures: no Chromium. Run: sudo apt-get install chromium")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        path = specimens.write("torch-canary", Path(folder), marker=Path("/tmp/unpickled-canary"))
        steps = record(read_pickle(path).data).steps
        call = next(step.index for step in steps if step.calls and "mkdir" in step.calls.text)
        page_file = Path(folder) / "page.html"
        page_file.write_text(to_page(Stepper(path, step=call), theme="light"), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        page = browser.new_page(viewport={"width": 1120, "height": 800}, device_scale_factor=2)
        page.goto(page_file.as_uri())
        page.locator(".unp-panes").wait_for()
        page.wait_for_timeout(500)
        page.locator(".unp-panes").locator("xpath=..").screenshot(path=PICTURES / "stepper.png")
        browser.close()
    print(f"wrote {PICTURES / 'stepper.png'}")


if __name__ == "__main__":
    main()
