"""A learner's way through the course in a real browser: open, run all, step, answer, scan. Nothing fails."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from playwright.sync_api import expect

from unpickled.content import load_course

from .conftest import TOKEN

pytestmark = pytest.mark.browser

# Errors of Notebook 7's own, seen on an empty notebook too. The first must leave this file when it is gone (a test sees
# to it); the second comes only where JupyterLab, on the same server, has left a workspace with a command of its own.
ALWAYS = ["error: Cannot read properties of undefined (reading 'schema')"]
AFTER_LAB = ["error: Command 'filebrowser:open-path' not registered."]
OPEN = ".jp-NotebookPanel:not(.lm-mod-hidden)"
PROMPTS = f"""[...document.querySelectorAll('{OPEN} .jp-CodeCell .jp-InputPrompt')]
    .map(prompt => prompt.textContent).filter(Boolean)"""
STARTED = f"() => {PROMPTS}.some(text => /[*0-9]/.test(text))"
FINISHED = f"() => {PROMPTS}.every(text => /[0-9]/.test(text))"
READY = {
    "lab/tree": "text=Python 3 (ipykernel) | Idle",
    "notebooks": ".jp-Notebook-ExecutionIndicator[data-status=idle]",
}


def open_and_run(page, lab, name, app="lab/tree"):
    """Open a page as a learner does, and run all of it."""
    page.goto(lab.page(f"course/L4.4.2/{name}.ipynb", app))
    return run_all(page, app)


def run_all(page, app="lab/tree"):
    """Run all of the page in front; no cell may fail, and the rail is there. Gives the page's panel."""
    panel = page.locator(OPEN)
    panel.locator(".jp-Notebook").wait_for(timeout=60_000)
    page.locator(READY[app]).first.wait_for(timeout=60_000)
    assert page.locator("dialog.jp-Dialog").all_inner_texts() == []
    for _ in range(
        5
    ):  # a kernel that has only just come up drops the first request: a person clicks again
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            page.wait_for_function(STARTED, timeout=5_000)
        except PlaywrightTimeoutError:
            continue
        break
    page.wait_for_function(FINISHED, timeout=120_000)
    errors = panel.locator("[data-mime-type='application/vnd.jupyter.error']")
    assert errors.count() == 0, errors.first.inner_text()
    panel.locator(".unp-stops").first.wait_for(timeout=20_000)
    return panel


def step_a_pickle(page, panel):
    """By mouse and by keys, to the call that makes the folder; no key reaches the notebook."""
    cells = panel.locator(".jp-Cell").count()
    canary = panel.locator(".jp-Cell", has_text="lab.stepper(canary)").last
    canary.get_by_role("button", name="Next step").click()
    expect(canary.locator(".unp-counter")).to_have_text(re.compile(r"^2 /"))
    page.keyboard.press("ArrowRight")
    expect(canary.locator(".unp-counter")).to_have_text(re.compile(r"^3 /"))
    for key in ("x", "d", "d", "a", "b"):
        page.keyboard.press(key)
    assert panel.locator(".jp-Cell").count() == cells
    canary.locator(".unp-next-call").click()
    stage = canary.locator(".unp-stage")
    expect(stage).to_contain_text("calls code")
    expect(stage).to_contain_text("mkdir")


def change_an_opcode(page, panel):
    """By keys alone: REDUCE becomes POP, Python answers with another trace, and no key reaches the notebook."""
    cells = panel.locator(".jp-Cell").count()
    editor = panel.locator(".jp-Cell", has_text="lab.what_if(canary)").last
    editor.locator(".unp-wi-rows .unp-wi-line", has_text="REDUCE").press("Enter")
    page.keyboard.type("pop")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    said = editor.locator(".unp-wi-said")
    expect(said).to_contain_text("It would no longer call")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    for key in ("x", "d", "d", "Escape", "x", "d", "d"):
        page.keyboard.press(key)
    expect(page.get_by_role("dialog", name="Keys")).to_have_count(0)
    assert panel.locator(".jp-Cell").count() == cells
    expect(said).to_be_visible()


def work_on_pickles(page, panel):
    """Step through one, then change one."""
    step_a_pickle(page, panel)
    change_an_opcode(page, panel)


def filter_the_table(_page, panel):
    """One risk at a time, and a row's sources on demand."""
    table = panel.locator(".jp-Cell", has_text="lab.format_table()").last
    table.get_by_role("button", name=re.compile("^None")).click()
    expect(table.locator(".unp-shown")).to_contain_text("1 of 7")
    table.locator(".unp-disclose").first.click()
    expect(table.locator("a[href^='https://']").first).to_be_visible()


def see_the_table_fill(_page, panel):
    """Every row's experiments went as it says, and the table that was shown first has filled."""
    tried = panel.locator(".unp-tried")
    assert tried.count() == 7
    assert "✕" not in "".join(tried.locator(".unp-verdict").all_inner_texts())
    seen = panel.locator(".unp-formats").first.locator("td[data-title='Seen here']")
    for cell in seen.all():
        expect(cell).to_contain_text("on this machine with")
    expect(seen.first).to_contain_text("canary appeared")


def scan_a_file(_page, panel):
    """The learner picks a file and reads two verdicts side by side."""
    panel = panel.locator(".jp-Cell", has_text="lab.scan_panel(folder)").last
    panel.locator(".unp-file", has_text="download.bin").first.click()
    panel.get_by_role("button", name="Scan", exact=True).click()
    expect(panel.locator(".unp-verdict")).to_have_attribute(
        "data-verdict", "dangerous", timeout=30_000
    )
    for scanner in ("picklescan", "modelscan"):
        expect(panel.locator(".unp-scanner", has_text=scanner)).to_contain_text("mkdir")


DONE_ON = {
    "01-pickle-in-90-seconds": work_on_pickles,
    "03-weight-formats": filter_the_table,
    "03b-the-table-proved": see_the_table_fill,
    "06-the-30-second-test": scan_a_file,
}


def test_the_whole_way_by_its_links(page, lab):
    """From the start page to the last, each reached by the link on the one before, run, and worked on."""
    names = sorted(path.stem for path in (lab.course / "course" / "L4.4.2").glob("*.ipynb"))
    assert names == [page.id for page in load_course(lab.repository).lessons[0].pages]
    page.goto(lab.page("course/start.ipynb"))
    for name, after in zip(["start", *names], [*names, ""], strict=True):
        panel = run_all(page)
        DONE_ON.get(name, lambda *_: None)(page, panel)
        assert page.troubles == [], name
        back = panel.get_by_role("link", name=re.compile("^←")).count()
        forth = panel.get_by_role("link", name=re.compile("→$"))
        assert (back, forth.count()) == (2 * (name != "start"), 2 * bool(after)), name
        if after:
            forth.last.click()
            page.get_by_role("tab", name=f"{after}.ipynb", selected=True).wait_for(timeout=60_000)


def test_an_answer_is_judged_and_outlives_the_kernel(page, lab):
    """Wrong, hint, right: feedback at once, the hint stays, the rail turns, and a new session remembers."""
    panel = open_and_run(page, lab, "01-pickle-in-90-seconds")
    card = panel.locator(".jp-Cell", has_text='lab.card("p-which-opcode-calls")').last
    answer = card.locator(".unp-answer")
    answer.fill("BUILD")
    card.get_by_role("button", name="Check").click()
    expect(card.locator(".unp-reply")).not_to_be_empty()
    card.get_by_role("button", name=re.compile("^Hint")).click()
    hint = card.locator(".unp-hints li").first.text_content()
    answer.fill("REDUCE")
    card.get_by_role("button", name="Check").click()
    rail = page.locator(".unp-rail-toggle").first
    expect(rail).to_have_text(re.compile("1 of 4"))
    expect(card.locator(".unp-hints li").first).to_have_text(hint)
    kept = json.loads((lab.course / ".unpickled" / "progress.json").read_text())
    assert kept["exercises"]["p-which-opcode-calls"]["state"] == "done"
    open_and_run(page, lab, "01-pickle-in-90-seconds")
    expect(page.locator(".unp-rail-toggle").first).to_have_text(re.compile("1 of 4"))
    assert page.troubles == []


def test_notebook_7_does_it_too(page, lab):
    """A file is scanned in Jupyter Notebook, whose own errors are known and no others come."""
    scan_a_file(page, open_and_run(page, lab, "06-the-30-second-test", "notebooks"))
    assert [told for told in page.troubles if told not in AFTER_LAB] == ALWAYS


def test_a_typed_quiz_answer_is_in_the_saved_notebook(page, lab):
    """Click, Enter, type in place of the stub, Shift+Enter, Ctrl+S: what was typed is what will be scored."""
    path = lab.course / "released-quiz.ipynb"
    book = json.loads((lab.course / "quizzes" / "L4.4.2" / "L4.4.2-quiz.ipynb").read_text())
    for cell in book["cells"]:
        if cell["metadata"]["nbgrader"]["solution"]:
            cell["source"] = "YOUR ANSWER HERE"  # as nbgrader releases it
    path.write_text(json.dumps(book))
    page.goto(lab.page(path.name))
    panel = page.locator(OPEN)
    stubs = panel.locator(".jp-RenderedMarkdown", has_text=re.compile(r"^\s*YOUR ANSWER HERE\s*$"))
    page.locator(READY["lab/tree"]).first.wait_for(timeout=60_000)
    expect(stubs).to_have_count(3)
    stubs.nth(1).click()
    page.keyboard.press("Enter")
    expect(panel.locator(".jp-MarkdownCell .cm-content:focus")).to_contain_text("YOUR ANSWER")
    page.keyboard.press("Control+a")
    page.keyboard.type("safetensors, since it holds no program")
    page.keyboard.press("Shift+Enter")
    expect(stubs).to_have_count(2)
    page.keyboard.press("Control+s")
    expect(page.locator(".jp-mod-dirty")).to_have_count(0)
    answers = [
        "".join(cell["source"])
        for cell in json.loads(path.read_text())["cells"]
        if cell["metadata"]["nbgrader"]["solution"]
    ]
    assert answers == [
        "YOUR ANSWER HERE",
        "safetensors, since it holds no program",
        "YOUR ANSWER HERE",
    ]
    assert page.troubles == []


def test_learners_meet_no_news_and_no_instructor_menu(page, lab):
    """JupyterLab opens on the start page with nothing to dismiss, and without nbgrader's instructor menus."""
    page.goto(f"{lab.url}/?token={TOKEN}")
    page.get_by_role("tab", name="start.ipynb").wait_for(timeout=60_000)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for(timeout=60_000)
    assert (
        page.locator(".jp-toastContainer .Toastify__toast, [role=alertdialog], .jp-Dialog").count()
        == 0
    )
    assert page.get_by_role("menuitem", name="Nbgrader").count() == 0
    assert page.troubles == []
