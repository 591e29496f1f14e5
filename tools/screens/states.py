"""What a learner makes of the widgets: for each page of the course, states that are not the first, and the way there.

Each is a name and a function that is given the page and its notebook, does what a learner does, and returns what a
picture is to be taken of; None for the window, with the focus in its middle. They come one after the other on a page.
"""

from __future__ import annotations

from collections.abc import Callable

from browser.actions import cell
from playwright.sync_api import Locator, Page, expect

__all__ = ["STATES", "State"]

State = tuple[str, Callable[[Page, Locator], Locator | None]]


def _hits(_page: Page, panel: Locator) -> None:
    search = panel.locator(".unp-search").last
    search.get_by_role("searchbox").fill("safetensors")
    expect(panel.locator(".unp-found a").first).to_be_visible()


def _call(_page: Page, panel: Locator) -> Locator:
    stepper = cell(panel, "lab.stepper(canary)")
    stepper.locator(".unp-next-call").click()
    expect(stepper.locator(".unp-stage")).to_contain_text("mkdir")
    return stepper.locator(".unp").first


def _keys(page: Page, panel: Locator) -> None:
    cell(panel, "lab.stepper(canary)").get_by_role("button", name="Keys").click()
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()


def _asked(page: Page, panel: Locator) -> Locator:
    dialog = page.get_by_role("dialog", name="Keys")
    if dialog.count():
        dialog.get_by_role("button", name="Close").click()
    stepper = cell(panel, "predict=True")
    stepper.get_by_role("button", name="Next step").click()
    expect(stepper.get_by_role("button", name="Check my guess")).to_be_visible()
    return stepper.locator(".unp").first


def _guessed(_page: Page, panel: Locator) -> Locator:
    stepper = cell(panel, "predict=True")
    for group in stepper.locator(".unp-predict-form fieldset").all():
        group.get_by_role("radio").first.check()
    stepper.get_by_role("button", name="Check my guess").click()
    expect(stepper.locator(".unp-predict-result")).not_to_be_empty()
    return stepper.locator(".unp").first


def _changed(page: Page, panel: Locator) -> Locator:
    editor = cell(panel, "lab.what_if(canary)")
    editor.locator(".unp-wi-rows .unp-wi-line", has_text="REDUCE").press("Enter")
    page.keyboard.type("pop")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(editor.locator(".unp-wi-said")).to_contain_text("It would no longer call")
    return editor.locator(".unp").first


def _answered(typed: str, head: str) -> Callable[[Page, Locator], Locator]:
    def reach(_page: Page, panel: Locator) -> Locator:
        card = cell(panel, 'lab.card("p-which-opcode-calls")')
        card.locator(".unp-answer").fill(typed)
        card.get_by_role("button", name="Check").click()
        expect(card.locator(".unp-reply-head")).to_have_text(head)
        return card.locator(".unp").first

    return reach


def _opened_row(_page: Page, panel: Locator) -> Locator:
    table = cell(panel, "lab.format_table()")
    table.locator(".unp-disclose").first.click()
    expect(table.locator("a[href^='https://']").first).to_be_visible()
    return table.locator(".unp").first


def _last_view(_page: Page, panel: Locator) -> Locator:
    views = cell(panel, "lab.header_panel(")
    views.get_by_role("tab").last.click()
    expect(views.get_by_role("tabpanel").last).to_contain_text("refused", timeout=60_000)
    return views.locator(".unp").first


def _scanned(name: str, verdict: str) -> Callable[[Page, Locator], Locator]:
    def scan(_page: Page, panel: Locator) -> Locator:
        widget = cell(panel, "lab.scan_panel(folder)")
        widget.locator(".unp-file", has_text=name).first.click()
        widget.get_by_role("button", name="Scan", exact=True).click()
        told = widget.locator(".unp-verdict")
        expect(told).to_have_attribute("data-verdict", verdict, timeout=60_000)
        return widget.locator(".unp").first

    return scan


def _opened_class(_page: Page, panel: Locator) -> Locator:
    board = panel.locator(".unp-board").first
    board.get_by_role("button", name="Function by number (EXT)").click()
    expect(board.locator(".unp-detail:visible")).to_have_count(1)
    return board


LESSON = "course/L4.4.2"
STATES: dict[str, tuple[State, ...]] = {
    "course/start": (("search with hits", _hits),),
    f"{LESSON}/01-pickle-in-90-seconds": (
        ("stepper at its call", _call),
        ("key help", _keys),
        ("predict, asked", _asked),
        ("predict, answered", _guessed),
        ("what-if with an edit", _changed),
        ("card, wrong", _answered("BUILD", "Not right yet")),
        ("card, right", _answered("REDUCE", "Right")),
    ),
    f"{LESSON}/03-weight-formats": (("row opened", _opened_row), ("last view", _last_view)),
    f"{LESSON}/06-the-30-second-test": (
        ("scan, skipped", _scanned("model.safetensors", "skipped")),
        ("scan, dangerous", _scanned("download.bin", "dangerous")),
    ),
    f"{LESSON}/06b-the-scoreboard": (("class opened", _opened_class),),
}
