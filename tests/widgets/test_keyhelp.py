"""The list of keys: opened by its button or by `?`, closed by Esc, and then all is as it was."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from unpickled.widgets import (
    CourseWidget,
    FormatTable,
    HeaderPanel,
    QuizCard,
    ScanPanel,
    Stepper,
    WhatIf,
)
from unpickled.widgets.bundle import STATIC

from .conftest import Show
from .samples import ITEM, TYPED, canary
from .test_what_if import DATA

pytestmark = pytest.mark.browser

HELPED: dict[str, tuple[Callable[[], CourseWidget], str]] = {
    "stepper": (lambda: Stepper(canary()), "on to the next call"),
    "whatif": (lambda: WhatIf(DATA), "apply the change"),
    "header": (lambda: HeaderPanel([]), "open the view"),
    "formats": (lambda: FormatTable([]), "sort by it"),
    "card": (lambda: QuizCard(ITEM), "next choice"),
    "scan": (lambda: ScanPanel([]), "scan it"),
}


def test_each_widget_opens_its_own_list(show: Show) -> None:
    """Its button opens the widget's own keys; Close, and the focus is on the button again."""
    page = show(*(make() for make, _ in HELPED.values()))
    for number, (_, words) in enumerate(HELPED.values()):
        opener = page.get_by_role("button", name="Keys").nth(number)
        opener.click()
        shown = page.get_by_role("dialog", name="Keys")
        expect(shown).to_contain_text(words)
        expect(shown).to_contain_text("Shift+Tab")
        shown.get_by_role("button", name="Close").click()
        expect(shown).to_have_count(0)
        expect(opener).to_be_focused()


def test_the_key_opens_it_and_esc_goes_back(show: Show) -> None:
    """`?` works from a list; keys pressed in the dialog move nothing behind it; Esc gives the focus back."""
    page = show(Stepper(canary(), step=3))
    page.locator(".unp-ops").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".unp-ops")).to_be_focused()
    expect(page.locator(".unp-counter")).to_contain_text("4 / ")


def test_with_a_modifier_it_is_another_key_and_close_has_the_focus(show: Show) -> None:
    """Ctrl+? and Alt+? are the browser's; who opens the list can close it with Enter at once."""
    page = show(Stepper(canary()))
    page.locator(".unp-ops").focus()
    for keys in ("Control+?", "Alt+?"):
        page.keyboard.press(keys)
        expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog").get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)


NAMES = {
    "ArrowRight": "→",
    "ArrowLeft": "←",
    "ArrowDown": "↓",
    "ArrowUp": "↑",
    "PageDown": "Page Down",
    "PageUp": "Page Up",
    "Escape": "Esc",
}
LISTENS = re.compile(
    r"(?:\b(Arrow\w+|Home|End|PageUp|PageDown): )|(?:key [!=]== \"(\w+)\")|(?:\b([a-z]): \(\) =>)"
)
HELP = {"keyhelp.js", "keys.js", "base.js"}  # the dialog's own, and what is kept from the notebook


@pytest.mark.parametrize("widget", ["stepper", "whatif", "header"])
def test_every_key_that_a_widget_listens_for_is_in_its_list(show: Show, widget: str) -> None:
    """The list is read off the dialog, the keys off the widget's modules; neither has more."""
    heard = set()
    for name in modules_of(f"{widget}.js") - HELP:
        for found in LISTENS.findall((STATIC / name).read_text()):
            key = next(filter(None, found))
            heard.add(NAMES.get(key, key))
    page = show(HELPED[widget][0]())
    page.get_by_role("button", name="Keys").click()
    shown = page.get_by_role("dialog").locator("dt").all_inner_texts()
    listed = {key for text in shown for key in re.findall(r"Page \w+|\S+", text)}
    own = {
        "Tab",
        "Shift+Tab",
        "?",
        "Enter",
    }  # the browser's, and what a button or a form does by itself
    assert heard - own == listed - own
    assert len(heard) > 3


def modules_of(name: str) -> set[str]:
    """A module with all that it imports."""
    found = {name}
    for other in re.findall(r'from "\./([a-z0-9-]+\.js)"', (STATIC / name).read_text()):
        found |= modules_of(other)
    return found


def test_a_question_mark_can_be_typed(show: Show) -> None:
    """In a text field `?` is a character like any other."""
    page = show(QuizCard(TYPED))
    page.locator(".unp-answer").press("?")
    expect(page.locator(".unp-answer")).to_have_value("?")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_every_list_is_of_a_widget_and_every_listener_has_one() -> None:
    """A widget that listens for keys or takes an answer names its list; the table holds no list that nobody names."""
    table = (STATIC / "keys.js").read_text().split("export const KEYS")[1]
    listed = {
        line.split(":")[0].strip()
        for line in table.splitlines()
        if line.startswith("  ") and line[2].isalpha()
    }
    named = set()
    for path in Path(STATIC).glob("*.js"):
        for call in path.read_text().split("keyHelp(this.root, ")[1:]:
            named.add(call.split('"')[1])
    assert named == set(HELPED) == listed - {"everywhere"}
