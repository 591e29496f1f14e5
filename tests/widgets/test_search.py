"""The search: best places first, what was looked for is marked, and keys alone are enough."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from unpickled.widgets import Search

from .conftest import Show

pytestmark = pytest.mark.browser


def place(
    title: str, text: str = "", kind: str = "text", href: str = "a.ipynb#b"
) -> dict[str, str]:
    return {"kind": kind, "title": title, "where": "A page", "text": text, "href": href}


PLACES = [
    place(
        "Watch",
        "The opcode REDUCE calls what lies on the stack. " + "More words follow here. " * 20,
    ),
    place("REDUCE", "Takes a callable and a tuple.", "term"),
    place("Reduced to nothing", "About something else."),
    place("Café", "Where naïve words have accents."),
    place("<b>Markup</b>", "x < y & z"),
    place("A script", "Not a way out.", href="javascript:alert(1)"),
]


@pytest.fixture
def page(show: Show) -> Page:
    return show(Search(PLACES))


def titles(page: Page, text: str) -> list[str]:
    page.get_by_role("searchbox").fill(text)
    return page.locator(".unp-found a").all_inner_texts()


def test_the_best_places_come_first(page: Page) -> None:
    """A term of that name, then headings, then text; every word has to be there; case does not count."""
    assert titles(page, "reduce") == ["REDUCE", "Reduced to nothing", "Watch"]
    assert titles(page, "  CALLS   stack ") == ["Watch"]
    assert titles(page, "reduce nowhere") == []
    expect(page.locator(".unp-told")).to_have_text("Nothing found. Try a shorter word.")
    assert titles(page, "") == []
    expect(page.locator(".unp-told")).to_be_hidden()


def test_a_term_comes_before_a_heading_that_fits_as_well(show: Show) -> None:
    """The glossary says what a word means, which is what most people ask."""
    places = [place("Opcode list", "One by one."), place("Opcode table", "One by one.", "term")]
    assert titles(show(Search(places)), "opcode") == ["Opcode table", "Opcode list"]


def test_a_quoted_phrase_is_looked_for_as_it_stands(page: Page) -> None:
    """Whatever the quotation marks look like; a mark alone is no word."""
    assert titles(page, '"callable and a tuple"') == ["REDUCE"]
    assert titles(page, "“More words” stack") == ["Watch"]
    assert titles(page, '"tuple callable"') == []
    assert titles(page, '"reduce') == ["REDUCE", "Reduced to nothing", "Watch"]
    assert titles(page, '"callable   and a  tuple"') == ["REDUCE"]
    assert titles(page, '""') == []
    expect(page.get_by_role("status")).to_have_text("")


def test_what_was_looked_for_is_marked_in_a_piece_around_it(page: Page) -> None:
    """The text is cut between words, with dots where it goes on."""
    titles(page, "stack")
    expect(page.locator(".unp-found mark")).to_have_text(["stack"])
    shown = page.locator(".unp-found p").inner_text()
    assert len(shown) < 200
    assert shown.endswith(" …")


def test_accents_do_not_hide_a_word(page: Page) -> None:
    """Typed without them it is found as well."""
    assert titles(page, "cafe") == ["Café"]
    assert titles(page, "naive accents") == ["Café"]


def test_data_is_never_markup_and_no_address_a_script(page: Page) -> None:
    """What stands in a page is text here."""
    assert titles(page, "markup") == ["<b>Markup</b>"]
    assert page.locator(".unp-found b").count() == 0
    titles(page, "script")
    assert page.locator(".unp-found a").get_attribute("href") is None


def test_of_many_places_the_best_are_shown_and_their_number_told(show: Show) -> None:
    """Ten, and how many there are."""
    page = show(Search([place(f"Pickle {number}") for number in range(37)]))
    assert len(titles(page, "pickle")) == 10
    expect(page.locator(".unp-told")).to_have_text("The 10 best of 37 places.")


def test_keys_alone(page: Page) -> None:
    """Tab goes from the field to the first place; Escape clears; nothing that is typed leaves the widget."""
    page.keyboard.press("Tab")
    page.keyboard.type("reduce")
    assert page.locator(".unp-found li").count() == 3
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "REDUCE"
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Escape")
    assert page.locator(".unp-found li").count() == 0
    assert page.get_by_role("searchbox").input_value() == ""
