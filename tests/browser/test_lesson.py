"""A learner's way through the course in a real browser: open, run all, step, answer, scan; nothing fails, nothing leaks."""

from __future__ import annotations

import re

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]

PAGES = [
    "start",
    "01-pickle-in-90-seconds",
    "02-why-this-matters",
    "03-weight-formats",
    "04-minimum-bar",
    "05-maximum-bar",
    "06-the-30-second-test",
    "07-real-world-example",
    "08-key-terms",
    "09-references",
]


@pytest.fixture
def page(browser, lab):
    """A page that records what a learner must never meet: script errors and requests to elsewhere."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    opened.troubles = []
    opened.on("pageerror", lambda error: opened.troubles.append(f"error: {error}"))
    opened.on(
        "request",
        lambda request: None
        if request.url.startswith((lab.url, "data:", "blob:", lab.url.replace("http", "ws")))
        else opened.troubles.append(f"request: {request.url}"),
    )
    yield opened
    context.close()


def open_and_run(page, lab, name):
    folder = "course" if name == "start" else "course/L4.4.2"
    page.goto(lab.page(f"{folder}/{name}.ipynb"))
    page.locator(".jp-Notebook").wait_for(timeout=60_000)
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.wait_for_function(
        """() => {
            const prompts = [...document.querySelectorAll('.jp-CodeCell .jp-InputArea-prompt')];
            return prompts.length && prompts.every(p => /\\[\\d+\\]/.test(p.textContent));
        }""",
        timeout=120_000,
    )


@pytest.mark.parametrize("name", PAGES)
def test_a_page_runs_from_top_to_bottom(page, lab, name):
    """Run All leaves every cell run, no error output, a rail, and no trouble in the browser."""
    open_and_run(page, lab, name)
    errors = page.locator("[data-mime-type='application/vnd.jupyter.error']")
    assert errors.count() == 0, errors.first.inner_text()
    page.locator(".unpickled-rail, .up-rail").first.wait_for(timeout=20_000)
    assert re.search(r"→|←", page.locator(".jp-MarkdownOutput").first.inner_text())
    assert page.troubles == []
