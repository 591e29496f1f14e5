"""Lesson sources are read as text: cells, paragraphs, citations, claims, links and cards."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unpickled.content import prose

SOURCE = """\
# ---
# jupyter: x
# ---

# %% [markdown]
# # A title
#
# First words
# go on here [@one; @two].
#
# - an item
#   that goes on
# - another
#
# > a quote
# > goes on
#
# | a | b |
# |---|---|
# | 1 | 2 |
#
# ```
# lab.card("p-in-text") [@in-code] [x](y.md)
# ```
# ## A heading in 2026
# After it.

# %% tags=["x"]
lab.card("p-one")  # lab.card("p-comment")
lab.card('p-two')

# %% [markdown]
#No space here.
"""


def parts(text: str) -> tuple[prose.Cell, ...]:
    lines = "".join(f"# {line}\n" for line in text.splitlines())
    return prose.cells(f"# %% [markdown]\n{lines}")


def test_cells_are_split_and_the_header_left_out() -> None:
    """Three cells: Markdown, code, Markdown, with the line numbers of the file."""
    found = prose.cells(SOURCE)
    assert [cell.markdown for cell in found] == [True, False, True]
    assert found[0].lines[0] == prose.Line(6, "# A title")
    assert found[2].text.startswith("No space here.")
    assert prose.title(found) == prose.Line(6, "A title")


def test_paragraphs_items_quotes_and_rows_are_each_one() -> None:
    """What is one thought for the reader is one paragraph, at its first line; code and headings are none."""
    found = [(line.number, line.text) for line in prose.paragraphs(prose.cells(SOURCE))]
    assert found == [
        (8, "First words go on here [@one; @two]."),
        (11, "- an item that goes on"),
        (13, "- another"),
        (15, "a quote goes on"),
        (18, "| a | b |"),
        (19, "|---|---|"),
        (20, "| 1 | 2 |"),
        (26, "After it."),
        (33, "No space here."),
    ]


def test_a_quote_right_below_a_paragraph_is_another_one() -> None:
    """The quote's citation does not serve the paragraph above it."""
    found = [line.text for line in prose.paragraphs(parts("Fixed in 2019.\n> It was so [@one]."))]
    assert found == ["Fixed in 2019.", "It was so [@one]."]


def test_citations_cards_and_links_are_found_with_their_lines() -> None:
    """Code blocks cite nothing; comments and prose show no card."""
    found = prose.cells(SOURCE)
    assert list(prose.citations(found)) == [(9, "one"), (9, "two")]
    assert list(prose.cards(found)) == [(29, "p-one"), (30, "p-two")]
    assert list(prose.links(found)) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "See [the page](../start.ipynb#top) and ![it](pictures/x.svg).",
            ["../start.ipynb", "pictures/x.svg"],
        ),
        ('A [title](a.md "words") and [angles](<b.md>).', ["a.md", "b.md"]),
        (
            "[out](https://example.org/a), [mail](mailto:a@b.c), [here](#part), [made]({{ way() }})",
            [],
        ),
        ("`[code](no.md)` and <!-- [note](no.md) -->", []),
        ("[a](x.md) [b](y.md)", ["x.md", "y.md"]),
    ],
)
def test_only_links_to_files_are_followed(text: str, expected: list[str]) -> None:
    """Addresses elsewhere, places on the page, code and what macros make are left alone."""
    assert [address for _, address in prose.links(parts(text))] == expected


@pytest.mark.parametrize(
    ("paragraph", "expected"),
    [
        ("It was CVE-2025-32434.", "a CVE number"),
        ("It was CVE-2025-32434 [@cve-2025-32434].", ""),
        ("Since 2019 it is off.", "a year"),
        ("(2019) and so on", "a year"),
        ("In the 2025 list", "a year"),
        ("Half, 50%, do.", "a percentage"),
        ("Some 45.5 % do.", "a percentage"),
        ("Ninety 90 percent", "a percentage"),
        ("About 100 malicious models were found.", "a count"),
        ("1,300 files", "a count"),
        ("You have 3 files now.", ""),
        ("There are 68 opcodes.", ""),
        ("Plain words.", ""),
        ("Version 2026.11.0 and torch==2019.1", ""),
        ("The code `x = 2019` and `CVE-2025-32434`", ""),
        ("[Why this matters in 2026](02-why-this-matters.ipynb) is next.", ""),
        ("[the report](https://example.org/2024/report)", ""),
        ("https://example.org/2024/report", ""),
        ("{{ timeline() }} in 2024", ""),
        ("A model of 20190 or 12019 tensors", ""),
    ],
)
def test_what_wants_a_source(paragraph: str, expected: str) -> None:
    """Numbers that somebody could get wrong want a source; names, code and addresses do not."""
    assert prose.claim(paragraph) == expected


@given(st.text(st.sampled_from("# %[]()`|>-*\n@;ab2019{}!~.1"), max_size=120))
def test_no_source_can_break_the_reader(text: str) -> None:
    """Whatever an author is in the middle of typing, reading it ends and raises nothing."""
    found = prose.cells(text)
    prose.title(found)
    for paragraph in prose.paragraphs(found):
        prose.claim(paragraph.text)
    for each in (prose.citations, prose.cards, prose.links):
        assert all(1 <= number <= text.count("\n") + 1 for number, _ in each(found))
