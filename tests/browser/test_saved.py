"""A page that was run and saved: opened again without its kernel, and exported for those who have none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from unpickled.authoring.files import Output, edited, stale, write
from unpickled.authoring.notebooks import Builder

from .actions import change_an_opcode, step_by_mouse
from .learner import LAB, NOTEBOOK_7, opened, run_all

pytestmark = [pytest.mark.long, pytest.mark.browser]

PAGE = "course/L4.4.2/01-pickle-in-90-seconds"
LARGEST = 3_000_000  # bytes of a saved page: its widgets' state with their scripts


@pytest.fixture(autouse=True)
def put_back(lab):
    """Leave the page as it was, when the browser has left it, without a kernel: others open it for the first time."""
    path = lab.course / f"{PAGE}.ipynb"
    before = path.read_bytes()
    yield
    end_kernels(lab)
    path.write_bytes(before)


def open_and_run(page, lab, app=LAB):
    """Open the page, run it, and use what will have to be kept."""
    page.goto(lab.page(PAGE, app))
    panel = run_all(page)
    step_by_mouse(page, panel)
    change_an_opcode(page, panel)
    return panel


def save(page, path: Path) -> None:
    page.wait_for_timeout(
        1_000
    )  # the stepper tells its model where it stands when it has come to rest
    before = path.stat().st_mtime_ns
    page.keyboard.press("Control+s")
    for _ in range(100):
        page.wait_for_timeout(100)
        if path.stat().st_mtime_ns != before:
            break
    page.wait_for_timeout(300)


def end_kernels(lab) -> None:
    """End them all; no page may be open that would ask for another."""
    for session in lab.ask("GET", "api/sessions"):
        lab.ask("DELETE", f"api/sessions/{session['id']}")


@pytest.mark.parametrize("app", [LAB, NOTEBOOK_7])
def test_a_saved_page_opens_with_its_widgets(page, lab, app):
    """Run, saved, the kernel ended, opened again: each widget stands as it was left, and can be used."""
    path = lab.course / f"{PAGE}.ipynb"
    panel = open_and_run(page, lab, app)
    reached = panel.locator(".unp-counter").all_inner_texts()
    shown = panel.locator(".unp").count()
    save(page, path)
    page.goto("about:blank")
    end_kernels(lab)
    page.goto(lab.page(PAGE, app))
    panel = opened(page)
    panel.locator(".unp-stops").first.wait_for(timeout=60_000)
    expect(panel.locator(".unp")).to_have_count(shown, timeout=60_000)
    expect(panel.get_by_text("Error displaying widget")).to_have_count(0)
    assert panel.locator(".unp-counter").all_inner_texts() == reached
    expect(panel.locator(".unp-wi-said")).to_contain_text("It would no longer call")
    canary = panel.locator(".jp-Cell", has_text="lab.stepper(canary)").last
    canary.get_by_role("button", name="First step").click()
    expect(canary.locator(".unp-counter")).to_have_text(re.compile(r"^1 /"))
    assert path.stat().st_size < LARGEST


def test_a_saved_page_is_not_stale(page, lab):
    """State in a notebook's metadata is a result of its run: the gate passes it, and a build leaves it alone."""
    path = lab.course / f"{PAGE}.ipynb"
    open_and_run(page, lab)
    save(page, path)
    saved = path.read_bytes()
    assert b"application/vnd.jupyter.widget-state+json" in saved
    made = [Output(path, Builder(lab.course).notebook(path.with_suffix(".py")))]
    assert not edited(path)
    assert stale(made) == []
    assert write(made) == []
    assert path.read_bytes() == saved


def test_export_from_the_menu_works_without_kernel_and_network(page, lab, browser, tmp_path):
    """What JupyterLab's File > Save and Export Notebook As > HTML saves shows its widgets from a disk."""
    panel = open_and_run(page, lab)
    shown = panel.locator(".unp").count()
    save(page, lab.course / f"{PAGE}.ipynb")
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.locator(".lm-Menu-item", has_text="Save and Export Notebook As").click()
    page.locator(".lm-Menu-item", has_text=re.compile("^HTML$")).click()
    offered = page.locator(".jp-Dialog")  # to export it sanitized
    with page.expect_download() as saved:
        offered.get_by_role("button", name="Ok").click()
    target = tmp_path / "exported.html"
    saved.value.save_as(target)
    reached = panel.locator(".unp-counter").last.inner_text()
    page.goto("about:blank")
    end_kernels(lab)
    context = browser.new_context(offline=True)
    still, asked = context.new_page(), []
    ours = (target.as_uri(), "data:")
    still.on("request", lambda one: one.url.startswith(ours) or asked.append(one.url))
    still.on("pageerror", lambda error: asked.append(str(error)))
    still.goto(target.as_uri())
    expect(still.locator(".unp")).to_have_count(shown, timeout=60_000)
    counter = still.locator(".unp-counter").last
    assert counter.inner_text() == reached
    still.get_by_role("button", name="First step").last.click()
    expect(counter).to_have_text(re.compile(r"^1 /"))
    assert asked == []
    context.close()
