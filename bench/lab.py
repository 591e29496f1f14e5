"""How long a learner waits: server ready, notebook to be seen, first widget, against plain JupyterLab in the same run.

The peer is `jupyter lab` with its own settings and an empty notebook. Each visit has a server and a home of its own;
the two take turns. Times are seconds from starting the server; for the last two, from opening the address.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from unpickled.authoring.slides.chromium import FLAGS, NAMES

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from browser.learner import OPEN, TOKEN, Server, learning, opened, serving

VISITS = 3
EMPTY = {
    "cells": [],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}},
}


def main() -> None:
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not path:
        sys.exit("no Chromium: install the chromium package, or set CHROMIUM to its path")
    ours: list[dict[str, float]] = []
    plain: list[dict[str, float]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        for _ in range(VISITS):
            ours.append(_visit(browser, learning, "course/start", widget=True))
            plain.append(_visit(browser, _plain, "empty", widget=False))
        browser.close()
    for name in ("server", "notebook", "widget"):
        mine = statistics.median(seen[name] for seen in ours)
        if name in plain[0]:
            theirs = statistics.median(seen[name] for seen in plain)
            print(f"{name:9} {mine:5.1f} s   plain {theirs:5.1f} s   {mine / theirs:4.2f} times")
        else:
            print(f"{name:9} {mine:5.1f} s   (an empty notebook has none)")


def _visit(
    browser: Browser,
    start: Callable[[Path], AbstractContextManager[Server]],
    name: str,
    *,
    widget: bool,
) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="unpickled-bench-") as home:
        begun = time.perf_counter()
        with start(Path(home)) as server:
            seen = {"server": time.perf_counter() - begun}
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            begun = time.perf_counter()
            page.goto(server.page(name))
            page.locator(f"{OPEN} .jp-Notebook").wait_for(timeout=120_000)
            seen["notebook"] = time.perf_counter() - begun
            if widget:
                panel = opened(page)
                panel.locator(".jp-CodeCell").first.click()
                page.keyboard.press("Shift+Enter")
                panel.locator(".unp-stops").first.wait_for(timeout=120_000)
                seen["widget"] = time.perf_counter() - begun
            page.close()
        return seen


def _plain(home: Path) -> AbstractContextManager[Server]:
    (home / "empty.ipynb").write_text(json.dumps(EMPTY | {"nbformat": 4, "nbformat_minor": 5}))
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    told = ["--port={port}", f"--IdentityProvider.token={TOKEN}", "--no-browser", *root]
    return serving([sys.executable, "-m", "jupyterlab", *told], home, home, {})


if __name__ == "__main__":
    main()
