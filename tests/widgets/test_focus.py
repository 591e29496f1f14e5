"""Whoever acts keeps their place: what was pressed may go, and then the focus is on what comes next, never nowhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from unpickled.widgets import CourseWidget, QuizCard, Stepper

from .conftest import Show
from .live import Live
from .samples import ITEM, TYPED, canary
from .test_access import STATES
from .test_rail import rail

pytestmark = pytest.mark.browser


def _right_by_mouse(page: Page) -> None:
    page.get_by_label("pickletools.dis").check()
    page.get_by_role("button", name="Check").click()


def _right_by_enter_on_the_button(page: Page) -> None:
    page.get_by_label("pickletools.dis").check()
    page.get_by_role("button", name="Check").press("Enter")


def _last_hint(page: Page) -> None:
    for _ in ITEM["hints"]:
        page.get_by_role("button", name="int").click()  # "Hint (2)", "Another hint (1 left)"


def _just_show_me(page: Page) -> None:
    page.get_by_role("button", name="Predict").click()
    page.get_by_role("button", name="Just show me").click()


def _close_a_refusal(page: Page) -> None:
    page.get_by_role("button", name="Open a file").click()
    page.get_by_role("button", name="Close").click()


ACTS: dict[str, tuple[Callable[[], CourseWidget], Callable[[Page], None], str]] = {
    "right-by-mouse": (lambda: QuizCard(ITEM), _right_by_mouse, "Try again"),
    "right-by-enter": (lambda: QuizCard(ITEM), _right_by_enter_on_the_button, "Try again"),
    "last-hint": (lambda: QuizCard(ITEM), _last_hint, "Check"),
    "just-show-me": (lambda: Stepper(canary(), step=3), _just_show_me, "Next step"),
    "close-a-refusal": (lambda: Stepper(canary()), _close_a_refusal, "Open a file…"),
}


@pytest.mark.parametrize("act", ACTS)
def test_the_focus_is_on_what_comes_next(show: Show, act: str) -> None:
    """The button is gone; the one that the reader wants now has the focus."""
    make, do, wanted = ACTS[act]
    page = show(make())
    do(page)
    expect(page.get_by_role("button", name=wanted)).to_be_focused()


def test_an_answer_in_the_field_leaves_the_focus_there(show: Show) -> None:
    """Nothing that had the focus goes, so it is not moved."""
    page = show(QuizCard(TYPED))
    page.locator(".unp-answer").fill("REDUCE")
    page.locator(".unp-answer").press("Enter")
    expect(page.locator(".unp-card-badge")).to_contain_text("solved")
    expect(page.locator(".unp-answer")).to_be_focused()


def test_a_dot_of_the_rail_keeps_the_focus_when_progress_changes(
    browser: Browser, tmp_path: Path
) -> None:
    """The dots are drawn anew at each answer on the page."""
    page = browser.new_page()
    live = Live(rail(), page, tmp_path / "live.html")
    dot = page.locator(".unp-stop").nth(1)
    dot.focus()
    pages = [{**one, "state": "done"} for one in live.widget.pages]
    live.push(act=lambda: setattr(live.widget, "pages", pages))
    expect(page.locator(".unp-stop[data-state=done]")).to_have_count(len(pages))
    expect(dot).to_be_focused()
    page.close()


@pytest.mark.parametrize(
    ("state", "text"),
    [
        ("stepper-call", ".unp-st-title"),
        ("stepper-call", ".unp-counter"),
        ("card-fresh", ".unp-card-kind"),
        ("card-fresh", ".unp-prompt"),
        ("rail-open", ".unp-here"),
        ("scan", ".unp-verdict"),
    ],
)
def test_after_a_click_on_plain_text_keys_stay_in_the_widget(
    show: Show, root: Path, tmp_path: Path, state: str, text: str
) -> None:
    """In a notebook the click would give them to the cell, and `m` would make it Markdown."""
    make, act = STATES[state]
    page = show(make(root, tmp_path))
    if act:
        act(page)
    page.evaluate(
        """() => {
          window.heard = [];
          document.addEventListener("keydown", (event) => heard.push(event.key));
        }"""
    )
    page.locator(text).first.click(position={"x": 2, "y": 2})
    assert page.evaluate("document.activeElement.classList.contains('unp')")
    for key in ("a", "b", "m", "Enter", "ArrowDown"):
        page.keyboard.press(key)
    assert page.evaluate("heard") == []
    outline = "getComputedStyle(document.activeElement).outlineStyle"
    assert page.evaluate(outline) == "none"  # it is a place, not a control
