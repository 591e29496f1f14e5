"""What every test shares: the checkout, the hypothesis profile, and a browser that CI may not lack."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, sync_playwright

from unpickled.authoring.slides.chromium import FLAGS, NAMES

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile(
    "unpickled",
    deadline=None,
    derandomize=bool(os.environ.get("CI")),  # in CI the same examples each time; elsewhere new ones
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("unpickled")


FIRST = ("browser", "site")
"""Folders whose tests take minutes each: begun last, they would run on alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that the workers end together."""
    items.sort(key=lambda item: item.path.parent.name not in FIRST)


MAY_BE_SKIPPED = (
    "no espeak-ng and ffmpeg here",  # the film, which is optional
    "ordinary user",  # where nobody but root may read the checkout
    "the system's Python is too old",
    "this Linux does not tell how many files are open",
)
"""What may be lacking in CI, by words of the reason; any other test that is skipped there has failed."""


def _none_hidden(report: Any) -> Any:
    if report.skipped and os.environ.get("CI") and not hasattr(report, "wasxfail"):
        reason = str(report.longrepr[-1] if isinstance(report.longrepr, tuple) else report.longrepr)
        if not any(words in reason for words in MAY_BE_SKIPPED):
            report.outcome, report.longrepr = "failed", f"skipped in CI: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """In CI a test that lacks something has failed."""
    return _none_hidden((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """And so has a file of tests that does."""
    return _none_hidden((yield))


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout that is under test."""
    return ROOT


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's Chromium, as the product finds it. Without one a browser test is skipped by name; in CI it fails."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    reason = (
        "no Chromium on PATH: sudo apt-get install chromium-headless-shell, or name it in CHROMIUM"
    )
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    """The system's Chromium, headless. One for each module, and the only one that tests start by hand.

    While playwright's event loop stands, nothing else in the same thread may begin one (a second playwright, or a
    command under test that runs a notebook): so it ends with its module, before another module's tests.
    """
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="session")
def real_board(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The scoreboard of the whole catalogue as JSON, with the progress it told; run once, however many workers ask."""
    from unpickled.scoreboard import run_board, to_dict

    home = tmp_path_factory.getbasetemp()
    kept = (home.parent if "PYTEST_XDIST_WORKER" in os.environ else home) / "board.json"
    with FileLock(kept.with_suffix(".lock")):
        if not kept.exists():
            told: list[tuple[int, int]] = []
            board = run_board(
                scanners=("picklescan", "modelscan", "weights_only", "fickling"),
                on_progress=lambda done, whole: told.append((done, whole)),
            )
            kept.write_text(json.dumps({**to_dict(board), "progress": told}))
    found: dict[str, Any] = json.loads(kept.read_text())
    return found
