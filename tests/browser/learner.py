"""A learner's JupyterLab, and Run All in it: what the browser tests, the contact sheet and the bench start from.

`tools/` and `bench/` import this too, with `tests/` on their path: so nothing of pytest's is needed here.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PARTS = ("course", "labs", "quizzes", "docs", "slides", "video-scripts")
TOKEN = "harmless"
LAB, NOTEBOOK_7 = "lab/tree", "notebooks"  # as their addresses begin
OPEN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
READY = (  # for a while, Notebook 7 says "idle" of a page that has no kernel yet
    f"{OPEN} .jp-Toolbar:has(.jp-Toolbar-kernelName:has-text('Python 3')) [data-status=idle]"
)
ERROR = "[data-mime-type='application/vnd.jupyter.error']"
WIDGET = "[data-mime-type='application/vnd.jupyter.widget-view+json']"
PROMPTS = f"""[...document.querySelectorAll('{OPEN} .jp-CodeCell .jp-InputPrompt')]
    .map(prompt => prompt.textContent).filter(Boolean)"""
STARTED = f"() => {PROMPTS}.some(text => /[*0-9]/.test(text))"
FINISHED = f"""() => !!document.querySelector(`{OPEN} {ERROR}`)
    || {PROMPTS}.every(text => /[0-9]/.test(text))"""
DRAWN = f"""() => [...document.querySelectorAll(`{OPEN} {WIDGET}`)]
    .every(output => output.querySelector('.unp'))"""


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs: its address, and the folder that it serves."""

    url: str
    course: Path

    def page(self, notebook: str, app: str = LAB) -> str:
        """The address of a notebook, given without its suffix."""
        return f"{self.url}/{app}/{notebook}.ipynb?token={TOKEN}&reset"

    def ask(self, method: str, path: str, told: Mapping[str, Any] | None = None) -> Any:
        """What the server answers to a request as JSON."""
        request = urllib.request.Request(
            f"{self.url}/{path}",
            method=method,
            data=None if told is None else json.dumps(told).encode(),
            headers={"Content-Type": "application/json", "Authorization": f"token {TOKEN}"},
        )
        with urllib.request.urlopen(request, timeout=30) as reply:
            return json.loads(reply.read() or "null")


@contextmanager
def learning(home: Path) -> Iterator[Server]:
    """`unpickled learn` on a copy of the course in `home`, or on the copy that an earlier one has left there."""
    course = home / "checkout"
    if not course.exists():
        for part in PARTS:
            shutil.copytree(ROOT / part, course / part)
    named = {"UNPICKLED_COURSE": str(course), "BROWSER": "none"}
    with serving([str(BIN / "unpickled"), "learn"], home, course, named) as server:
        yield server


@contextmanager
def serving(
    command: Sequence[str], home: Path, folder: Path, named: Mapping[str, str]
) -> Iterator[Server]:
    """Any Jupyter server on a free port, from its first answer on; ended with its kernels."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    log = home / "server.log"
    env = os.environ | named | {"HOME": str(home), "JUPYTER_TOKEN": TOKEN, "PORT": port}
    with log.open("wb") as told:
        started = subprocess.Popen(
            [word.replace("{port}", port) for word in command],
            env=env,
            stdout=told,
            stderr=told,
            cwd=folder,
            start_new_session=True,
        )
    try:
        _wait_for(f"http://127.0.0.1:{port}/api", started, log)
        yield Server(f"http://127.0.0.1:{port}", folder)
    finally:
        started.terminate()
        try:
            started.wait(10)
        except subprocess.TimeoutExpired:  # it waits for a kernel of its own
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 90
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()
            return
        except OSError:
            time.sleep(0.02)
    raise RuntimeError(f"the server ended or does not answer:\n{log.read_text()[-3000:]}")


def opened(page: Page) -> Locator:
    """The panel of the notebook in front, when it is there and its kernel is ready."""
    panel = page.locator(OPEN)
    panel.locator(".jp-Notebook").wait_for(timeout=90_000)
    page.locator(READY).first.wait_for(timeout=90_000)
    return panel


def use_theme(page: Page, theme: str) -> None:
    """Let the system be light or dark, and wait until Jupyter is, too: a learner's follows it."""
    page.emulate_media(color_scheme=theme)
    light = str(theme == "light").lower()
    page.wait_for_function(f"document.body.dataset.jpThemeLight === '{light}'")


def run_all(page: Page) -> Locator:
    """Run all of the page in front, as a person does; no cell may fail. Gives its panel with the widgets drawn."""
    panel = opened(page)
    assert page.locator("dialog.jp-Dialog").all_inner_texts() == []
    try_all(page)
    errors = panel.locator(ERROR)
    assert errors.count() == 0, errors.first.inner_text()
    page.wait_for_function(DRAWN, timeout=30_000)
    return panel


def try_all(page: Page) -> None:
    """Run all of the page in front; a cell may fail."""
    for _ in range(5):  # a kernel that has only just come up drops the first request
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            page.wait_for_function(STARTED, timeout=5_000)
        except PlaywrightTimeoutError:
            continue
        break
    page.wait_for_function(FINISHED, timeout=240_000)
