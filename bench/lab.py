"""How long a learner waits: server ready, notebook to be seen, first widget, against plain JupyterLab in the same run.

The peer is `jupyter lab` with its own settings and a notebook with nothing but one slider of ipywidgets. Each visit
has a server and a home of its own, made before the clock starts; the two take turns. Times are seconds: of the server,
from its start; of notebook and widget, from opening the address. The widget is seen when its first cell, run as soon
as the kernel is ready, has drawn it.
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
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from unpickled.authoring.slides.chromium import FLAGS, NAMES

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

from browser.learner import OPEN, PARTS, ROOT, TOKEN, Server, learning, opened, serving

VISITS = 3
SLIDER = {
    "cells": [
        {
            "cell_type": "code",
            "id": "slider",
            "source": "import ipywidgets\nipywidgets.IntSlider()",
            "metadata": {},
            "execution_count": None,
            "outputs": [],
        }
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


@dataclass(frozen=True, slots=True)
class Kind:
    """What is measured: how its home is filled, how its server is started, its notebook, and what is drawn there."""

    fill: Callable[[Path], object]
    start: Callable[[Path], AbstractContextManager[Server]]
    notebook: str
    widget: str


def main() -> None:
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not path:
        sys.exit("no Chromium: install the chromium package, or set CHROMIUM to its path")
    ours: list[dict[str, float]] = []
    plain: list[dict[str, float]] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        for _ in range(VISITS):
            ours.append(_visit(browser, OURS))
            plain.append(_visit(browser, PLAIN))
        browser.close()
    for name in ("server", "notebook", "widget"):
        mine = statistics.median(seen[name] for seen in ours)
        theirs = statistics.median(seen[name] for seen in plain)
        print(f"{name:9} {mine:5.1f} s   plain {theirs:5.1f} s   {mine / theirs:4.2f} times")


def _visit(browser: Browser, kind: Kind) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="unpickled-bench-") as name:
        home = Path(name)
        kind.fill(home)
        begun = time.perf_counter()
        with kind.start(home) as server:
            seen = {"server": time.perf_counter() - begun}
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            begun = time.perf_counter()
            page.goto(server.page(kind.notebook))
            page.locator(f"{OPEN} .jp-Notebook").wait_for(timeout=120_000)
            seen["notebook"] = time.perf_counter() - begun
            panel = opened(page)
            panel.locator(".jp-CodeCell").first.click()
            page.keyboard.press("Shift+Enter")
            panel.locator(kind.widget).first.wait_for(timeout=120_000)
            seen["widget"] = time.perf_counter() - begun
            page.close()
        return seen


def _copied(home: Path) -> None:
    """The course as `learning` wants it, so that it has nothing to copy."""
    for part in PARTS:
        shutil.copytree(ROOT / part, home / "checkout" / part)


def _slider(home: Path) -> None:
    (home / "slider.ipynb").write_text(json.dumps(SLIDER))


def _plain(home: Path) -> AbstractContextManager[Server]:
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    told = ["--port={port}", f"--IdentityProvider.token={TOKEN}", "--no-browser", *root]
    return serving([sys.executable, "-m", "jupyterlab", *told], home, home, {})


OURS = Kind(_copied, learning, "course/start", ".unp-stops")
PLAIN = Kind(_slider, _plain, "slider", ".widget-slider .noUi-handle")


if __name__ == "__main__":
    main()
