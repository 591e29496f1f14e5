"""The progress rail in a browser: where the learner is, what is done, and a reset for each exercise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from unpickled.widgets import Rail

from .conftest import Show
from .live import Live

pytestmark = pytest.mark.browser

PAGES = [
    {"id": "00-start", "title": "Start", "href": "../start.ipynb", "state": "done"},
    {
        "id": "01-pickle",
        "title": "Pickle in 90 seconds",
        "href": "01-pickle.ipynb",
        "state": "partly",
    },
    {"id": "02-why", "title": "Why this matters", "href": "02-why.ipynb", "state": "open"},
]
EXERCISES = [
    {"id": "p-a", "title": "Predict the tuple", "done": True, "tried": True},
    {"id": "p-b", "title": "Which opcode calls", "done": False, "tried": False},
    {"id": "p-c", "title": "Which tool reads", "done": False, "tried": True},
]


def rail(**options: Any) -> Rail:
    return Rail(PAGES, current="01-pickle", exercises=EXERCISES, **options)


def test_pages_say_their_state_and_the_current_one(show: Show) -> None:
    """Each page is a link with its place, title and state in words; the current one is marked."""
    page = show(rail())
    links = page.get_by_role("navigation", name="Pages of the lesson").get_by_role("link")
    assert [link.get_attribute("aria-label") for link in links.all()] == [
        "1. Start, done",
        "2. Pickle in 90 seconds, partly done",
        "3. Why this matters, not started",
    ]
    assert [link.get_attribute("href") for link in links.all()] == [one["href"] for one in PAGES]
    assert [link.get_attribute("aria-current") for link in links.all()] == [None, "page", None]
    expect(page.locator(".unp-here")).to_have_text("2 of 3: Pickle in 90 seconds")


def test_a_page_beside_another_has_its_number_and_a_letter(show: Show) -> None:
    """Its dot says 3b, and so does the line beside; the lesson is no longer for it."""
    pages = [{**PAGES[0], "number": "", "of": "0"}]
    pages += [{**PAGES[2], "id": n, "number": n, "of": "9"} for n in ("3", "3b", "4")]
    page = show(Rail(pages, current="3b"))
    assert page.locator(".unp-stop-dot").all_inner_texts()[1:] == ["3", "3b", "4"]
    expect(page.locator(".unp-here")).to_have_text("3b of 9: Why this matters")


def test_it_is_one_line_high(show: Show) -> None:
    """At the width of a notebook the closed rail takes one line."""
    box = show(rail()).locator(".unp-rail").bounding_box()
    assert box
    assert box["height"] < 60


def test_exercises_open_by_key_and_say_what_is_done(show: Show) -> None:
    """The count is always there; the list comes on demand."""
    page = show(rail())
    toggle = page.get_by_role("button", name="1 of 3 exercises done")
    toggle.focus()
    page.keyboard.press("Enter")
    expect(toggle).to_have_attribute("aria-expanded", "true")
    assert page.locator(".unp-exercise-list li").all_inner_texts() == [
        "done\nPredict the tuple\nReset",
        "open\nWhich opcode calls\nReset",
        "tried\nWhich tool reads\nReset",
    ]


def test_without_exercises_there_is_no_list(show: Show) -> None:
    """A page without exercises shows only the way."""
    page = show(Rail(PAGES, current="02-why"))
    expect(page.get_by_role("button")).to_have_count(0)


def test_a_message_is_shown(show: Show) -> None:
    """What the learner must know, that a damaged file was set aside say, is an alert."""
    page = show(
        rail(message="Your progress file was damaged; it is kept as progress.damaged.json.")
    )
    expect(page.get_by_role("alert")).to_contain_text("kept as progress.damaged.json")


def test_a_script_is_never_an_address(show: Show) -> None:
    """An address with a scheme other than the web's leads nowhere."""
    pages = [{**PAGES[0], "href": "javascript:alert(1)"}]
    page = show(Rail(pages, current=""))
    assert page.locator(".unp-stop").get_attribute("href") is None


def test_a_saved_page_resets_nothing(show: Show) -> None:
    """Without a kernel the reset says that nothing is kept here."""
    page = show(rail())
    page.get_by_role("button", name="exercises").click()
    page.get_by_role("button", name="Reset: Predict the tuple").click()
    expect(page.get_by_role("alert")).to_contain_text("keeps no progress")


def test_a_reset_that_python_does_not_hear_is_told(browser: Browser, tmp_path: Path) -> None:
    """After a restart of the kernel nobody answers, and nothing is reset."""
    page = browser.new_page()
    live = Live(rail(), page, tmp_path / "live.html")
    page.clock.install()
    page.get_by_role("button", name="exercises").click()
    page.get_by_role("button", name="Reset: Predict the tuple").click()
    page.clock.fast_forward(10_000)
    expect(page.get_by_role("alert")).to_contain_text("Python has not answered")
    live.pump()
    expect(page.get_by_role("alert")).to_be_hidden()
    page.close()


def test_resets_that_python_hears_late_are_not_complained_of(
    browser: Browser, tmp_path: Path
) -> None:
    """Python was at work and answers both; of what it never answers the rail complains still."""
    context = browser.new_context(offline=True)
    reset: list[str] = []
    exercises = [{"id": name, "title": name, "done": True} for name in ("one", "two", "three")]
    widget = Rail(PAGES, current="01-pickle", exercises=exercises, on_reset=reset.append)
    live = Live(widget, context.new_page(), tmp_path / "rail.html")
    page = live.page
    page.clock.install()
    page.get_by_role("button", name="exercises").click()
    for name in ("one", "two"):
        page.get_by_role("button", name=f"Reset: {name}").click()
    page.clock.fast_forward(2_000)
    live.pump()
    assert reset == ["one", "two"]
    page.clock.fast_forward(10_000)
    expect(page.get_by_role("alert")).to_have_count(0)
    for name in ("two", "three"):
        page.get_by_role("button", name=f"Reset: {name}").click()
    page.clock.fast_forward(10_000)
    live.push(act=lambda: live.messages.append({"type": "heard", "exercise": "two"}))
    expect(page.get_by_role("alert")).to_contain_text("Python has not answered")
    context.close()


def test_a_reset_reaches_python_and_comes_back(browser: Browser, tmp_path: Path) -> None:
    """Python is asked to reset what was tried, answers, and the rail shows the new state; the focus is not lost."""
    context = browser.new_context(offline=True)
    heard: list[str] = []

    def reset(exercise: str) -> None:
        heard.append(exercise)
        widget.exercises = [
            {**one, "done": False, "tried": False} if one["id"] == exercise else one
            for one in widget.exercises
        ]

    widget = rail(on_reset=reset)
    live = Live(widget, context.new_page(), tmp_path / "live.html")
    live.page.get_by_role("button", name="exercises").click()
    resets = live.page.get_by_role("button", name="Reset: ")
    expect(resets.and_(live.page.get_by_role("button", disabled=True))).to_have_count(1)
    live.page.get_by_role("button", name="Reset: Which opcode calls").click(force=True)
    live.page.get_by_role("button", name="Reset: Which tool reads").click()
    live.page.get_by_role("button", name="Reset: Predict the tuple").click()
    live.pump()
    assert heard == ["p-c", "p-a"]
    expect(live.page.get_by_role("button", name="0 of 3 exercises done")).to_be_focused()
    expect(resets.and_(live.page.get_by_role("button", disabled=True))).to_have_count(3)
    assert "tried" not in live.page.locator(".unp-exercise-list").inner_text()
    expect(live.page.get_by_role("alert")).to_be_hidden()
    context.close()
