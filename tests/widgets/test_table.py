"""The format table in a browser: filter, search, sort, details, and what is announced."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from unpickled.content import load_errata, load_formats, load_sources
from unpickled.widgets import FormatTable

from .conftest import Show
from .live import Live
from .samples import by_id, outcomes

pytestmark = pytest.mark.browser


@pytest.fixture
def table(root: Path) -> FormatTable:
    return FormatTable(
        load_formats(root), sources=load_sources(root), errata=by_id(load_errata(root))
    )


def names(page: Page) -> list[str]:
    return page.locator(".unp-format .unp-disclose").all_inner_texts()


def test_every_row_of_the_lesson_is_there(show: Show, table: FormatTable) -> None:
    """All rows in the lesson's order, each with its risk as a word beside a shape."""
    page = show(table)
    assert names(page) == [row["name"] for row in table.rows]
    badges = page.locator(".unp-format .unp-badge")
    words = {risk["id"]: risk["word"] for risk in table.risks}
    assert badges.all_inner_texts() == [words[row["risk"]] for row in table.rows]
    assert badges.locator("svg").count() == len(table.rows)
    expect(page.locator(".unp-shown")).to_have_text("7 of 7 formats shown")
    expect(page.get_by_placeholder("Search, e.g. .npy", exact=True)).to_be_visible()


def test_what_became_of_a_damaged_file_is_said_above_the_table(
    show: Show, table: FormatTable
) -> None:
    """The sentence is an alert, and there is no empty frame where there is nothing to say."""
    page = show(table)
    expect(page.locator(".unp-notice")).to_be_hidden()
    table.message = (
        "progress-seen.json could not be used. It is kept as progress-seen.aside-1.json."
    )
    expect(show(table).get_by_role("alert")).to_have_text(table.message)


def test_each_risk_has_a_shape_and_colour_of_its_own(show: Show, table: FormatTable) -> None:
    """Word, shape and colour each tell the four risks apart."""
    page = show(table)
    filters = page.locator(".unp-filter")
    shapes = filters.evaluate_all("ns => ns.map((n) => n.querySelector('path').getAttribute('d'))")
    colours = filters.evaluate_all(
        "ns => ns.map((n) => getComputedStyle(n.querySelector('.unp-badge')).color)"
    )
    assert len(set(shapes)) == len(set(colours)) == 4


def test_filter_by_risk(show: Show, table: FormatTable) -> None:
    """Pressed filters add up, are announced, and say their state."""
    page = show(table)
    high, none = (
        page.locator("[data-risk=high].unp-filter"),
        page.locator("[data-risk=none].unp-filter"),
    )
    high.click()
    expect(high).to_have_attribute("aria-pressed", "true")
    wanted = [row["name"] for row in table.rows if row["risk"] == "high"]
    assert names(page) == wanted
    expect(page.get_by_role("status")).to_have_text(f"{len(wanted)} of 7 formats shown")
    none.click()
    assert names(page) == [row["name"] for row in table.rows if row["risk"] in {"high", "none"}]
    high.click()
    none.click()
    assert len(names(page)) == 7


def test_search(show: Show, table: FormatTable) -> None:
    """Each word must be found somewhere in the row; nothing found offers the way back."""
    page = show(table)
    search = page.get_by_role("searchbox", name="Search the formats")
    search.fill("LAMBDA keras")
    assert names(page) == [".h5 / Keras"]
    search.fill("no such thing")
    assert names(page) == []
    expect(page.get_by_role("status")).to_have_text("0 of 7 formats shown")
    page.get_by_role("button", name="Show all").click()
    assert len(names(page)) == 7
    expect(search).to_be_focused()


def test_sort(show: Show, table: FormatTable) -> None:
    """A column sorts up, down, and back to the lesson's order; risk goes by danger, not by letter."""
    page = show(table)
    risk = page.get_by_role("button", name="Can loading run code?")
    head = page.locator("th[data-column=risk]")
    order = {risk["id"]: place for place, risk in enumerate(table.risks)}

    def places():
        return [
            order[next(r["risk"] for r in table.rows if r["name"] == name)] for name in names(page)
        ]

    risk.click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert places() == sorted(places())
    risk.click()
    expect(head).to_have_attribute("aria-sort", "descending")
    assert places() == sorted(places(), reverse=True)
    expect(page.get_by_role("status")).to_have_text("Sorted by Can loading run code?, descending.")
    risk.click()
    assert head.get_attribute("aria-sort") is None
    assert names(page) == [row["name"] for row in table.rows]
    page.get_by_role("button", name="Format", exact=True).click()
    assert names(page)[0] == ".gguf"
    assert page.locator("[aria-sort]").count() == 1


def test_details_on_demand_by_keyboard(show: Show, table: FormatTable) -> None:
    """A row opens and closes by key, keeps the focus, and shows notes, correction and linked sources."""
    page = show(table)
    first = table.rows[0]
    press = page.get_by_role("button", name=first["name"])
    press.focus()
    page.keyboard.press("Enter")
    press = page.get_by_role("button", name=first["name"])
    expect(press).to_have_attribute("aria-expanded", "true")
    expect(press).to_be_focused()
    detail = page.locator(f"#{press.get_attribute('aria-controls')}")
    expect(detail).to_contain_text(first["detail"][:60])
    expect(detail).to_contain_text(first["corrected"]["lesson_said"])
    expect(detail).to_contain_text(first["corrected"]["true_today"])
    links = detail.get_by_role("link")
    assert [link.get_attribute("href") for link in links.all()] == [
        s["url"] for s in first["sources"]
    ]
    assert {link.get_attribute("rel") for link in links.all()} == {"noopener noreferrer"}
    page.keyboard.press("Space")
    expect(page.locator(f"#{press.get_attribute('aria-controls')}")).to_be_hidden()


@pytest.fixture
def tried(root: Path) -> FormatTable:
    formats = load_formats(root)
    return FormatTable(formats, sources=load_sources(root), seen=outcomes(formats))


def test_what_was_seen_here_stands_in_the_last_column(
    show: Show, table: FormatTable, tried: FormatTable
) -> None:
    """Nothing before the first try; then what happened, with which version, when, and what was only told."""
    cells = show(table).locator("td[data-title='Seen here']")
    assert cells.all_inner_texts() == ["not tried yet"] * len(table.rows)
    page = show(tried)
    texts = page.locator("td[data-title='Seen here']").all_inner_texts()
    first = texts[0].split()
    for words in ("canary appeared", "refused", "nothing happened", "not as the row says"):
        assert words in " ".join(first)
    assert "with torch 2.13.0, 29 Nov 2026; the rest is told" in texts[0]
    assert "canary" not in texts[1]
    ways = page.locator("tr.unp-format").first.locator(".unp-outcome")
    said = {
        way.get_attribute("data-happened"): way.inner_text().split("\n")[-1] for way in ways.all()
    }
    assert said["made"] == "weights_only=False"
    assert "weights_only" not in said["loaded"]  # it came with either
    assert page.locator("tr.unp-format").nth(1).locator(".unp-outcome-way").count() == 0
    assert "not as the row says" not in texts[1]
    assert texts[-1] == "not tried yet"
    signs = page.locator("tr.unp-format").first.locator(".unp-outcome-sign")
    assert len(set(signs.all_inner_texts())) == signs.count() == 3  # by shape too


def test_a_row_opens_to_its_experiments(show: Show, tried: FormatTable) -> None:
    """Each with how it was loaded and what came of it; what is told has its reason."""
    page = show(tried)
    row = tried.rows[0]
    page.get_by_role("button", name=row["name"]).click()
    items = page.locator(".unp-tries").first.locator("li")
    assert items.count() == len(row["seen"]["tries"])
    for item, one in zip(items.all(), row["seen"]["tries"], strict=True):
        for text in (one["what"], one["call"], one["word"], one["reason"]):
            expect(item).to_contain_text(text)
    expect(items.nth(3)).to_contain_text("This is not what the row says.")


def test_what_was_seen_is_searched_and_sorted(show: Show, tried: FormatTable) -> None:
    """A search finds outcomes and calls; the column sorts what was tried before what was not."""
    page = show(tried)
    page.get_by_role("searchbox").fill("canary appeared")
    assert names(page) == [tried.rows[0]["name"], ".joblib"]
    page.get_by_role("searchbox").fill("")
    page.get_by_role("button", name="Seen here").click()
    page.get_by_role("button", name="Seen here").click()
    expect(page.locator("th[data-column=seen]")).to_have_attribute("aria-sort", "descending")
    assert names(page)[0] == "numpy .npy"


def test_two_tables_on_one_page_are_told_apart_and_narrow_ones_keep_their_words(
    show: Show, table: FormatTable, tried: FormatTable
) -> None:
    """Each has a name of its own; in a narrow column no heading is squeezed letter by letter."""
    page = show(table, tried)
    page.set_viewport_size({"width": 450, "height": 900})
    labels = page.locator("div.unp-formats").evaluate_all("ns => ns.map((n) => n.ariaLabel)")
    assert labels == ["Weight-file formats", "Weight-file formats, 2"]
    heads = page.locator(".unp-formats").last.locator("thead th").all()
    assert all(box["height"] < 32 for box in (head.bounding_box() for head in heads) if box)


def test_in_a_narrow_column_the_headings_are_one_row_to_sort_by(
    show: Show, table: FormatTable
) -> None:
    """Where there is room all five stand in one line behind "Sort by", and the one in use is told by sign and frame."""
    page = show(table, width=600)
    presses = page.locator("thead .unp-sort")
    boxes = [box for press in presses.all() if (box := press.bounding_box())]
    assert len(boxes) == 5
    assert len({round(box["y"]) for box in boxes}) == 1
    said = page.locator("thead tr").evaluate("n => getComputedStyle(n, '::before').content")
    assert said.startswith('"Sort by"')
    presses.nth(2).click()
    assert presses.nth(2).inner_text().split("\n")[0].startswith("Runs code?")
    signs = page.locator("thead .unp-sort-sign:visible")
    expect(signs).to_have_text(["▲"])
    frames = presses.evaluate_all("ns => ns.map((n) => getComputedStyle(n).borderTopColor)")
    assert [frame == frames[2] for frame in frames] == [False, False, True, False, False]


def test_a_page_that_was_saved_before_there_were_experiments_is_drawn(
    show: Show, table: FormatTable
) -> None:
    """Its rows know nothing of what was seen."""
    table.rows = [{key: row[key] for key in row if key != "seen"} for row in table.rows]
    page = show(table)
    assert len(names(page)) == 7
    page.get_by_role("button", name=".gguf").click()
    page.get_by_role("button", name="Seen here").click()
    expect(page.locator("td[data-title='Seen here']").first).to_have_text("not tried yet")


def test_outcomes_reach_a_table_that_is_on_the_page(
    browser: Browser, tmp_path: Path, root: Path, table: FormatTable
) -> None:
    """The column fills while the learner goes down the page, and an open row stays open."""
    context = browser.new_context(offline=True)
    live = Live(table, context.new_page(), tmp_path / "live.html")
    live.page.get_by_role("button", name=".gguf").click()
    live.pump()
    live.push(act=lambda: table.show_seen(outcomes(load_formats(root))))
    first = live.page.locator("td[data-title='Seen here']").first
    expect(first).to_contain_text("canary appeared")
    expect(live.page.get_by_role("button", name=".gguf")).to_have_attribute("aria-expanded", "true")
    context.close()


def test_only_web_addresses_become_links(show: Show) -> None:
    """An address that would run a script is text."""
    row: dict[str, Any] = {
        "id": "a", "name": "<b>a</b>", "extensions": [], "pickle": "No", "risk": "none", "risk_text": "None: safe",
        "notes": "n", "detail": "d", "sources": ["s"], "corrected": "",
    }  # fmt: skip
    bad = {"s": {"id": "s", "title": "click", "publisher": "", "url": "javascript:alert(1)"}}
    page = show(FormatTable([row], sources=bad))
    page.get_by_role("button", name="<b>a</b>").click()
    assert page.locator(".unp-sources a").count() == 0
    expect(page.locator(".unp-sources")).to_contain_text("click")
    expect(page.locator(".unp-risk-text")).to_have_text("Safe")


def test_the_view_survives_a_new_rendering(
    browser: Browser, tmp_path: Path, table: FormatTable
) -> None:
    """Filter, search, order and open rows are kept in Python and shown again by the next view."""
    context = browser.new_context(offline=True)
    live = Live(table, context.new_page(), tmp_path / "live.html")
    live.page.locator("[data-risk=some].unp-filter").click()
    live.page.get_by_role("searchbox").fill("keras")
    live.page.get_by_role("button", name=".h5").click()
    live.page.wait_for_function("sent.length > 0")
    live.pump()
    assert table.view["risks"] == ["some"]
    again = Live(table, context.new_page(), tmp_path / "again.html")
    assert names(again.page) == [".h5 / Keras"]
    expect(again.page.get_by_role("searchbox")).to_have_value("keras")
    expect(again.page.locator(".unp-detail")).to_be_visible()
    context.close()
