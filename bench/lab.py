"""How long a learner waits: server ready, notebook to be seen, first widget, against plain JupyterLab in the same run.

The peer is `jupyter lab` with its own settings and an empty notebook. Each visit has a server and a home of its own;
the two take turns. Times are seconds from starting the server; for the last two, from opening the address.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from unpickled.authoring.slides.chromium import NAMES

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
VISITS = 3
TOKEN = "bench-only"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
OPEN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
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
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        for _ in range(VISITS):
            ours.append(_visit(browser, _course, "course/start", widget=True))
            plain.append(_visit(browser, _plain, "empty", widget=False))
        browser.close()
    for name in ("server", "notebook", "widget"):
        mine = statistics.median(seen[name] for seen in ours)
        if name in plain[0]:
            theirs = statistics.median(seen[name] for seen in plain)
            print(f"{name:9} {mine:5.1f} s   plain {theirs:5.1f} s   {mine / theirs:4.2f} times")
        else:
            print(f"{name:9} {mine:5.1f} s   (an empty notebook has none)")


def _visit(browser: Browser, start: object, page: str, *, widget: bool) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="unpickled-bench-") as home:
        begun = time.perf_counter()
        with start(Path(home)) as address:  # type: ignore[operator]
            seen = {"server": time.perf_counter() - begun}
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            begun = time.perf_counter()
            tab.goto(f"{address}/lab/tree/{page}.ipynb?token={TOKEN}&reset")
            tab.locator(f"{OPEN} .jp-Notebook").wait_for(timeout=120_000)
            seen["notebook"] = time.perf_counter() - begun
            if widget:
                tab.get_by_text("| Idle").wait_for(timeout=120_000)
                tab.locator(f"{OPEN} .jp-CodeCell").first.click()
                tab.keyboard.press("Shift+Enter")
                tab.locator(f"{OPEN} .unp-stops").first.wait_for(timeout=120_000)
                seen["widget"] = time.perf_counter() - begun
            tab.close()
        return seen


@contextmanager
def _course(home: Path) -> Iterator[str]:
    for part in ("course", "quizzes", "docs"):
        shutil.copytree(ROOT / part, home / "checkout" / part)
    named = {"UNPICKLED_COURSE": str(home / "checkout"), "BROWSER": "none"}
    with _serving([str(BIN / "unpickled"), "learn"], home, home / "checkout", named) as address:
        yield address


@contextmanager
def _plain(home: Path) -> Iterator[str]:
    (home / "empty.ipynb").write_text(json.dumps(EMPTY | {"nbformat": 4, "nbformat_minor": 5}))
    root = ["--allow-root"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", *root]
    with _serving(command, home, home, {}) as address:
        yield address


@contextmanager
def _serving(command: list[str], home: Path, folder: Path, named: dict[str, str]) -> Iterator[str]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    env = os.environ | named | {"HOME": str(home), "JUPYTER_TOKEN": TOKEN, "PORT": str(port)}
    if "learn" not in command:
        command = [*command, f"--port={port}", f"--IdentityProvider.token={TOKEN}"]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, env=env, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(3000):
            try:
                urllib.request.urlopen(f"{address}/api", timeout=1).close()
                break
            except OSError:
                time.sleep(0.02)
        yield address
    finally:
        server.terminate()
        try:
            server.wait(5)
        except subprocess.TimeoutExpired:  # plain JupyterLab may wait for its kernel
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()


if __name__ == "__main__":
    main()
