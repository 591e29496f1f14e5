"""What a learner meets around the pages: the first screen, answers that last, and a quiz to hand in."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect

from .actions import answer_a_card, cell
from .for_everyone import own
from .learner import TOKEN, learning, opened, run_all

pytestmark = pytest.mark.browser


def test_an_answer_outlives_the_server(browser, tmp_path):
    """What was solved stands in the rail of the next day: another server, another kernel, the same folder."""
    name, card = "course/L4.4.2/01-pickle-in-90-seconds", "p-which-opcode-calls"
    for solved in ("0 of 4", "1 of 4"):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        page = context.new_page()
        with learning(tmp_path) as server:
            page.goto(server.page(name))
            panel = run_all(page)
            rail = panel.locator(".unp-rail-toggle").first
            expect(rail).to_have_text(re.compile(solved))
            answer_a_card(page, panel)
            expect(rail).to_have_text(re.compile("1 of 4"))
            kept = json.loads((server.course / ".unpickled" / "progress.json").read_text())
            assert kept["exercises"][card]["state"] == "done"
            page.goto("about:blank")
        context.close()


@pytest.mark.long
def test_what_a_restarted_kernel_does_not_hear_is_told(page, lab):
    """Answers from before the restart stay; one that nobody writes down says so, and run again the card is open."""
    page.goto(lab.page("course/L4.4.2/01-pickle-in-90-seconds"))
    panel = run_all(page)
    rail = panel.locator(".unp-rail-toggle").first
    answer_a_card(page, panel)
    expect(rail).to_have_text(re.compile("[1-4] of 4"))
    solved = rail.inner_text()
    page.get_by_role("menuitem", name="Kernel", exact=True).click()
    page.get_by_role("menuitem", name=re.compile("^Restart Kernel…")).click()
    page.get_by_role("button", name="Confirm Kernel Restart").click()
    page.locator("[data-status=idle]").first.wait_for(timeout=60_000)
    card = cell(panel, 'lab.card("p-just-looking")')
    card.locator("input[type=radio]").first.check()
    card.get_by_role("button", name="Check").click()
    expect(card.get_by_role("alert")).to_contain_text("Not yet written down", timeout=15_000)
    panel = run_all(page)
    expect(panel.locator(".unp-rail-toggle").first).to_have_text(solved)
    expect(cell(panel, 'lab.card("p-just-looking")').get_by_role("alert")).to_have_count(0)
    assert own(page.troubles) == []


def test_the_start_page_opens_slides_and_script(page, lab):
    """Each link opens its file in a tab: slides to read, slides that move once trusted, the script as prose."""
    page.goto(lab.page("course/start"))
    panel = opened(page)

    def follow(words, name):
        panel.get_by_role("link", name=words, exact=True).click()
        page.get_by_role("tab", name=name, selected=True).wait_for(timeout=60_000)

    follow("to read or print", "slides.pdf")
    page.get_by_role("tab", name="start.ipynb").click()
    follow("to present", "slides.html")
    page.get_by_role("button", name="Trust HTML").click()
    slides = page.get_by_role("tabpanel", name="slides.html").frame_locator("iframe")
    expect(slides.locator("section.present").first).to_be_visible(timeout=30_000)
    page.get_by_role("tab", name="start.ipynb").click()
    follow("script", "script.md")
    expect(page.get_by_role("heading", name=re.compile("^Script L4.4.2"))).to_be_visible()
    page.get_by_role("tab", name="start.ipynb").click()
    follow("the learners' page", "for-learners.md")
    framed = (  # the slides as long as nobody trusts them, and their place in an address that a frame does not have
        "console: Blocked script execution",
        "error: Failed to execute 'replaceState' on 'History'",
    )
    assert [told for told in own(page.troubles) if not told.startswith(framed)] == []


def test_a_typed_quiz_answer_is_in_the_saved_notebook(page, lab):
    """Click, Enter, type in place of the stub, Shift+Enter, Ctrl+S: what was typed is what will be scored."""
    path = lab.course / "released-quiz.ipynb"
    book = json.loads((lab.course / "quizzes" / "L4.4.2" / "L4.4.2-quiz.ipynb").read_text())
    for one in book["cells"]:
        if one["metadata"]["nbgrader"]["solution"]:
            one["source"] = "YOUR ANSWER HERE"  # as nbgrader releases it
    path.write_text(json.dumps(book))
    page.goto(lab.page(path.stem))
    panel = opened(page)
    stubs = panel.locator(".jp-RenderedMarkdown", has_text=re.compile(r"^\s*YOUR ANSWER HERE\s*$"))
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
    assert own(page.troubles) == []


def test_learners_meet_no_news_and_no_instructor_menu(page, lab):
    """JupyterLab opens on the start page with nothing to dismiss, and without nbgrader's instructor menus."""
    page.goto(f"{lab.url}/?token={TOKEN}")
    page.get_by_role("tab", name="start.ipynb").wait_for(timeout=60_000)
    opened(page)
    assert (
        page.locator(".jp-toastContainer .Toastify__toast, [role=alertdialog], .jp-Dialog").count()
        == 0
    )
    assert page.get_by_role("menuitem", name="Nbgrader").count() == 0
    assert own(page.troubles) == []
