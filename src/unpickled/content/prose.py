"""Lesson sources as text: cells, paragraphs, citations, claims, links and cards, found without rendering anything.

The lesson sources are py:percent files (https://jupytext.readthedocs.io/en/latest/formats-scripts.html): cells begin
with `# %%`, Markdown cells with `# %% [markdown]` and have `# ` before each line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = [
    "CITATION",
    "CORRECTS",
    "Cell",
    "Line",
    "cards",
    "cells",
    "citations",
    "claim",
    "corrections",
    "links",
    "lists_errata",
    "paragraphs",
    "title",
]

HEADER = re.compile(r"#\s*%%(?P<rest>.*)")
CITATION = re.compile(r"\[@([A-Za-z0-9._-]+(?:;\s*@[A-Za-z0-9._-]+)*)\]")
CARD = re.compile(r"""\blab\.card\(\s*["']([^"']+)["']""")
LINK = re.compile(r"!?\[[^\]]*\]\(\s*<?([^)>\s]+)>?[^)]*\)")
FENCE = re.compile(r"\s*(```|~~~)")
NEW_BLOCK = re.compile(r"\s*([-*+]\s|\d+[.)]\s|\|)")
QUOTE = re.compile(r"\s*>\s?")
HEADING = re.compile(r"\s*#{1,6}\s")
INLINE = re.compile(r"`[^`]*`|<!--.*?-->|\{#.*?#\}", re.DOTALL)
PAGE_LINK = re.compile(r"\[[^\]]*\]\([^)]*\.ipynb[^)]*\)")
TARGET = re.compile(r"\]\([^)]*\)|https?://\S+")
CORRECTS = re.compile(r"\{#\s*corrects:\s*(\S+(?:,\s*\S+)*)\s*#\}")
ALL_ERRATA = re.compile(r"\{\{\s*errata\(\)\s*\}\}")
MACRO = re.compile(r"\{\{|\{%")

CLAIMS = (
    ("a CVE number", re.compile(r"\bCVE-\d{4}-\d{4,}\b")),
    ("a year", re.compile(r"(?<![\w.-])(?:19|20)\d\d(?![\w]|\.\d)")),
    ("a percentage", re.compile(r"\d\s?(?:%|percent\b|per cent\b)")),
    (
        "a count",
        re.compile(
            r"\b\d[\d,]+\s+(?:[a-z]+\s+)?(?:models|files|repositories|downloads|uploads|packages|users)\b"
        ),
    ),
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of Markdown and its place: `number` is the line in the source file, from 1."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a lesson source; `lines` are without comment marks in a Markdown cell."""

    markdown: bool
    lines: tuple[Line, ...]

    @property
    def text(self) -> str:
        """The cell's lines as one text."""
        return "\n".join(line.text for line in self.lines)


def cells(source: str) -> tuple[Cell, ...]:
    """Split a py:percent source into its cells; what stands before the first `# %%` is left out."""
    made: list[Cell] = []
    markdown = False
    lines: list[Line] | None = None
    for number, text in enumerate(source.splitlines(), 1):
        header = HEADER.match(text)
        if header:
            if lines is not None:
                made.append(Cell(markdown, tuple(lines)))
            markdown, lines = "[markdown]" in header["rest"] or "[md]" in header["rest"], []
        elif lines is not None:
            lines.append(Line(number, _uncommented(text) if markdown else text))
    if lines is not None:
        made.append(Cell(markdown, tuple(lines)))
    return tuple(made)


def title(parts: tuple[Cell, ...]) -> Line | None:
    """Return the first heading `# …` of the first Markdown cell."""
    for cell in parts:
        if cell.markdown:
            return next(
                (Line(n.number, n.text[2:].strip()) for n in cell.lines if n.text.startswith("# ")),
                None,
            )
    return None


def citations(parts: tuple[Cell, ...]) -> Iterator[tuple[int, str]]:
    """Yield every source id that is cited, with its line. `[@one; @two]` cites two."""
    for line in _markdown(parts):
        for match in CITATION.finditer(line.text):
            for word in match[1].split(";"):
                yield line.number, word.strip().lstrip("@")


def corrections(parts: tuple[Cell, ...]) -> Iterator[tuple[int, str]]:
    """Yield every erratum that a `{# corrects: one, two #}` names, with its line; a build leaves the mark out."""
    for line in _markdown(parts):
        for match in CORRECTS.finditer(line.text):
            for word in match[1].split(","):
                yield line.number, word.strip()


def lists_errata(parts: tuple[Cell, ...]) -> bool:
    """Tell whether a page shows the whole list of corrections."""
    return any(ALL_ERRATA.search(line.text) for line in _markdown(parts))


def cards(parts: tuple[Cell, ...]) -> Iterator[tuple[int, str]]:
    """Yield the id in every `lab.card("…")` of a code cell, with its line; comments do not count."""
    for cell in parts:
        for line in () if cell.markdown else cell.lines:
            for match in CARD.finditer(line.text.split("#", 1)[0]):
                yield line.number, match[1]


def links(parts: tuple[Cell, ...]) -> Iterator[tuple[int, str]]:
    """Yield the address of every link and picture that leads to a file, with its line."""
    for line in _markdown(parts):
        for match in LINK.finditer(INLINE.sub("", line.text)):
            address = match[1].split("#", 1)[0]
            if (
                address
                and not MACRO.search(address)
                and not re.match(r"[a-z][a-z0-9+.-]*:", address)
            ):
                yield line.number, address


def paragraphs(parts: tuple[Cell, ...]) -> Iterator[Line]:
    """Yield every paragraph, list item and table row as one line of text; headings and code blocks are left out."""
    for cell in parts:
        if cell.markdown:
            yield from _blocks(cell.lines)


def claim(paragraph: str) -> str:
    """Say what in a paragraph wants a source: "a year", for instance; empty if nothing does, or one is cited.

    Code, addresses, links to the course's own pages and what a macro generates make no claim.
    """
    if CITATION.search(paragraph) or MACRO.search(paragraph):
        return ""
    plain = TARGET.sub("", PAGE_LINK.sub("", INLINE.sub("", paragraph)))
    return next((name for name, pattern in CLAIMS if pattern.search(plain)), "")


def _uncommented(text: str) -> str:
    return text[2:] if text.startswith("# ") else text.removeprefix("#")


def _markdown(parts: tuple[Cell, ...]) -> Iterator[Line]:
    """Yield the lines of Markdown cells that are not inside a code block."""
    for cell in parts:
        if cell.markdown:
            yield from (line for line in _unfenced(cell.lines) if line.text)


def _unfenced(lines: tuple[Line, ...]) -> Iterator[Line]:
    """Yield each line; inside a code block, and for its fences, an empty one."""
    fence = ""
    for line in lines:
        mark = FENCE.match(line.text)
        if mark and fence in ("", mark[1]):
            fence = "" if fence else mark[1]
            yield Line(line.number, "")
        else:
            yield Line(line.number, "" if fence else line.text)


def _blocks(lines: tuple[Line, ...]) -> Iterator[Line]:
    start = 0
    words: list[str] = []
    quoted = False
    for line in (*_unfenced(lines), Line(0, "")):
        text = QUOTE.sub("", line.text)
        was_quoted, quoted = quoted, text != line.text
        ends = (
            not text.strip() or HEADING.match(text) or NEW_BLOCK.match(text) or quoted != was_quoted
        )
        if ends and words:
            yield Line(start, " ".join(words))
            words = []
        if text.strip() and not HEADING.match(text):
            start = start if words else line.number
            words.append(text.strip())
