"""A JupyterLab as `unpickled learn` starts it, on a copy of the course, and a browser beside it."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import pytest

TOKEN = "tests-only"
FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Note on the test itself that it failed, for the fixture that keeps its last picture."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@dataclass(frozen=True)
class Lab:
    """A running server: its address and the course it serves."""

    url: str
    course: Path
    repository: Path

    def page(self, notebook: str, app: str = "lab/tree") -> str:
        return f"{self.url}/{app}/{notebook}?token={TOKEN}&reset"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="session")
def lab(root, tmp_path_factory):
    """The learner's server, with a home of its own; ended with its kernels when the tests are done."""
    folder = tmp_path_factory.mktemp("learner")
    course = folder / "checkout"
    for part in ("course", "quizzes"):
        shutil.copytree(root / part, course / part)
    port = free_port()
    env = os.environ | {
        "UNPICKLED_COURSE": str(course),
        "JUPYTER_TOKEN": TOKEN,
        "HOME": str(folder / "home"),
        "BROWSER": "none",
        "PORT": str(port),
    }
    (folder / "home").mkdir()
    with (folder / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [str(Path(sys.executable).parent / "unpickled"), "learn"],
            env=env,
            stdout=log,
            stderr=log,
            cwd=course,
        )
    try:
        wait_for(f"http://127.0.0.1:{port}/api", server, folder / "server.log")
        yield Lab(f"http://127.0.0.1:{port}", course, root)
    finally:
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    for _ in range(600):
        if server.poll() is not None:
            pytest.fail(f"the server ended:\n{log.read_text()[-3000:]}")
        try:
            with urllib.request.urlopen(url, timeout=1):
                return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the server did not answer within a minute")


@pytest.fixture
def page(browser, lab, request):
    """A page that records what a learner must never meet: script errors and requests to elsewhere.

    Of a test that fails, the last thing that was seen is kept in build/browser/.
    """
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.troubles = []
    opened.on("pageerror", lambda error: opened.troubles.append(f"error: {error}"))
    opened.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((lab.url, "data:", "blob:", lab.url.replace("http", "ws")))
            else opened.troubles.append(f"request: {request.url}")
        ),
    )
    box = opened.locator(
        "dialog.jp-Dialog", has_text="Select Kernel"
    )  # Notebook 7, on a busy machine
    opened.add_locator_handler(
        box, lambda: box.get_by_role("button", name="Select", exact=True).click()
    )
    yield opened
    if request.node.stash.get(FAILED, False):
        shots = lab.repository / "build" / "browser"
        shots.mkdir(parents=True, exist_ok=True)
        opened.screenshot(path=shots / f"{request.node.name}.png")
    context.close()
