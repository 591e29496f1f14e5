"""What a learner does on each page of the course. Each can be done again, on the same page, as often as one likes."""

from __future__ import annotations

import re

from playwright.sync_api import expect


def cell(panel, words):
    """The cell whose code says these words, with what it shows."""
    return panel.locator(".jp-Cell", has_text=words).last


def no_key_reaches_the_notebook(page, panel, *keys):
    """Keys that would cut, delete and add cells, pressed where the focus is."""
    cells = panel.locator(".jp-Cell").count()
    for key in keys:
        page.keyboard.press(key)
    assert panel.locator(".jp-Cell").count() == cells


def look_around(page, panel):
    """The start page: a word is found in the lesson, and the first stepper walks."""
    search = panel.locator(".unp-search").last
    search.get_by_role("searchbox").fill("safetensors")
    expect(panel.locator(".unp-found a").first).to_be_visible()
    page.keyboard.press("Escape")
    expect(panel.locator(".unp-found a")).to_have_count(0)
    stepper = cell(panel, "lab.stepper(data)")
    stepper.locator(".unp-ops").press("Home")
    stepper.get_by_role("button", name="Last step").click()
    expect(stepper.locator(".unp-counter")).to_have_text("3 / 3")


def step_by_mouse(page, panel):
    """To the call that makes the folder."""
    canary = cell(panel, "lab.stepper(canary)")
    counter = canary.locator(".unp-counter")
    canary.locator(".unp-ops").press("Home")
    canary.get_by_role("button", name="Next step").click()
    expect(counter).to_have_text(re.compile(r"^2 /"))
    no_key_reaches_the_notebook(page, panel, "x", "d", "d", "a", "b")
    canary.locator(".unp-next-call").click()
    expect(canary.locator(".unp-stage")).to_contain_text("calls code")
    expect(canary.locator(".unp-stage")).to_contain_text("mkdir")


def step_by_keys(page, panel):
    """The same from the list, with no mouse; each step is said, and the row is in sight."""
    canary = cell(panel, "lab.stepper(canary)")
    counter = canary.locator(".unp-counter")
    canary.locator(".unp-ops").focus()
    page.keyboard.press("Home")
    expect(counter).to_have_text(re.compile(r"^1 /"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    expect(counter).to_have_text(re.compile(r"^3 /"))
    no_key_reaches_the_notebook(page, panel, "x", "d", "d", "a", "b")
    page.keyboard.press("c")
    row = canary.locator(".unp-op[aria-selected=true]")
    expect(row).to_contain_text("REDUCE")
    expect(row).to_be_in_viewport()
    expect(canary.locator(".unp-stage")).to_contain_text("mkdir")


def predict(page, panel):
    """Ask for the next step, guess nothing, then something, and be told what is true."""
    stepper = cell(panel, "predict=True")
    stepper.locator(".unp-ops").press("Home")
    stepper.get_by_role("button", name="Next step").click()
    check = stepper.get_by_role("button", name="Check my guess")
    check.click()
    expect(stepper.locator(".unp-predict-missing")).not_to_be_empty()
    for group in stepper.locator(".unp-predict-form fieldset").all():
        group.get_by_role("radio").first.check()
    check.click()
    expect(stepper.locator(".unp-predict-result")).to_have_text(re.compile("Right|Not quite"))
    expect(stepper.locator(".unp-counter")).to_have_text(re.compile(r"^2 /"))


def change_an_opcode(page, panel):
    """By keys alone: REDUCE becomes POP, and Python answers with another trace."""
    editor = cell(panel, "lab.what_if(canary)")
    reset = editor.get_by_role("button", name="Reset")
    if reset.get_attribute("aria-disabled") is None:
        reset.click()
    said = editor.locator(".unp-wi-said")
    expect(said).to_have_count(0)
    editor.locator(".unp-wi-rows .unp-wi-line", has_text="REDUCE").press("Enter")
    page.keyboard.type("pop")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(said).to_contain_text("It would no longer call")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    no_key_reaches_the_notebook(page, panel, "x", "d", "d", "Escape", "x", "d", "d")
    expect(page.get_by_role("dialog", name="Keys")).to_have_count(0)
    expect(said).to_be_visible()


def answer_a_card(_page, panel, wrong="BUILD", right="REDUCE"):
    """Wrong, then a hint, then right: feedback at once, and the hint stays."""
    card = cell(panel, 'lab.card("p-which-opcode-calls")')
    again = card.get_by_role("button", name="Try again")
    if again.is_visible():
        again.click()
    answer, check = card.locator(".unp-answer"), card.get_by_role("button", name="Check")
    answer.fill(wrong)
    check.click()
    expect(card.locator(".unp-reply")).to_contain_text("Not right yet")
    hint = card.get_by_role("button", name=re.compile("[Hh]int"))
    if hint.is_visible():
        hint.click()
    hints = card.locator(".unp-hints li").all_inner_texts()
    assert hints
    answer.fill(right)
    answer.press("Enter")
    expect(card.locator(".unp-reply")).not_to_contain_text("Not right yet")
    assert card.locator(".unp-hints li").all_inner_texts() == hints


def work_on_pickles(page, panel):
    """Page 1, from top to bottom."""
    predict(page, panel)
    step_by_mouse(page, panel)
    step_by_keys(page, panel)
    change_an_opcode(page, panel)
    answer_a_card(page, panel)


def filter_the_table(_page, panel):
    """Page 3: one risk at a time, and a row's sources on demand; then one file in all its views."""
    table = cell(panel, "lab.format_table()")
    shown = table.locator(".unp-shown")
    none = table.get_by_role("button", name=re.compile("^None"))
    if none.get_attribute("aria-pressed") == "true":
        none.click()
    expect(shown).to_contain_text("7 of 7")
    none.click()
    expect(shown).to_contain_text("1 of 7")
    row = table.locator(".unp-disclose").first
    if row.get_attribute("aria-expanded") != "true":
        row.click()
    expect(table.locator("a[href^='https://']").first).to_be_visible()
    views = cell(panel, "lab.header_panel(")
    for tab in views.get_by_role("tab").all():
        tab.click()
        expect(tab).to_have_attribute("aria-selected", "true")
    views.get_by_role("tab").first.click()


def see_the_table_fill(_page, panel):
    """Page 3b: every row's experiments went as it says, and the table that was shown first has filled."""
    tried = panel.locator(".unp-tried")
    assert tried.count() == 7
    assert "✕" not in "".join(tried.locator(".unp-verdict").all_inner_texts())
    seen = panel.locator(".unp-formats").first.locator("td[data-title='Seen here']")
    for one in seen.all():
        expect(one).to_contain_text("on this machine with")
    expect(seen.first).to_contain_text("canary appeared")


def scan_a_file(_page, panel):
    """Page 6: pick a good file and a bad one, and read two verdicts side by side."""
    scan = cell(panel, "lab.scan_panel(folder)")
    verdict = scan.locator(".unp-verdict")
    for name, wanted in (("model.safetensors", "skipped"), ("download.bin", "dangerous")):
        scan.locator(".unp-file", has_text=name).first.click()
        scan.get_by_role("button", name="Scan", exact=True).click()
        expect(verdict).to_have_attribute("data-verdict", wanted, timeout=60_000)
    for scanner in ("picklescan", "modelscan"):
        expect(scan.locator(".unp-scanner", has_text=scanner)).to_contain_text("mkdir")


DONE_ON = {
    "start": look_around,
    "01-pickle-in-90-seconds": work_on_pickles,
    "03-weight-formats": filter_the_table,
    "03b-the-table-proved": see_the_table_fill,
    "06-the-30-second-test": scan_a_file,
}


def work_on(name, page, panel):
    """Do what there is to do on a page."""
    DONE_ON.get(name, lambda *_: None)(page, panel)
