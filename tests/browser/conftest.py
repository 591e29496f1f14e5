"""A JupyterLab as `unpickled learn` starts it, on a copy of the course, and a browser beside it."""

from __future__ import annotations

import pytest

from .learner import learning

FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item):
    """Note on the test itself that it failed, for the fixture that keeps its last picture."""
    report = yield
    if report.when == "call":
        item.stash[FAILED] = report.failed
    return report


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """The learner's server, with a home of its own; ended with its kernels when the tests are done."""
    with learning(tmp_path_factory.mktemp("learner")) as server:
        yield server


@pytest.fixture
def page(browser, lab, root, request):
    """A page that records what a learner must never meet: errors of scripts, and requests to elsewhere.

    Of a test that fails, the last thing that was seen is kept in build/browser/.
    """
    context = browser.new_context(
        viewport={"width": 1280, "height": 900}, color_scheme="light", reduced_motion="reduce"
    )
    opened = context.new_page()
    opened.troubles = []
    watch(opened, lab)
    yield opened
    if request.node.stash.get(FAILED, False):
        shots = root / "build" / "browser"
        shots.mkdir(parents=True, exist_ok=True)
        opened.screenshot(path=shots / f"{request.node.name}.png".replace("/", "-"))
    context.close()


def watch(page, lab) -> None:
    """Have `page.troubles` tell what goes wrong on it."""
    ours = (lab.url, lab.url.replace("http", "ws"), "data:", "blob:")

    def asked(request):
        if not request.url.startswith(ours):
            page.troubles.append(f"request: {request.url}")

    def said(message):
        if message.type == "error":
            page.troubles.append(f"console: {message.text}")

    page.on("pageerror", lambda error: page.troubles.append(f"error: {error}"))
    page.on("console", said)
    page.on("request", asked)
