"""Links that are not well formed: what Markdown shows as brackets instead of a link, and addresses that lead nowhere.

markdown-it-py, which JupyterLab's own rendering agrees with, decides what is a link. A text that still holds `](`
after it was read is one that did not come out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from unpickled.content import prose
from unpickled.errors import ContentError

if TYPE_CHECKING:
    from markdown_it.token import Token

__all__ = ["link_faults"]

PAGES = ("course/*.py", "course/*/*.py", "labs/*/*.py")
DOCUMENTS = ("README.md", "CHANGELOG.md", "docs/*.md")
MACRO = re.compile(r"\{\{.*?\}\}|\{%.*?%\}")
BROKEN = re.compile(r"\[([^\]\[]*)\]\(")
LOCAL = re.compile(r"https?://(127\.0\.0\.1|localhost)\b")


def link_faults(root: Path) -> list[ContentError]:
    """Return a fault for each link of a page, lab or document that is not well formed."""
    found: list[ContentError] = []
    for name, first, text in _texts(root):
        found += (
            ContentError(f"{name}:{first + line}", problem, remedy)
            for line, problem, remedy in _faults(text)
        )
    return found


def _texts(root: Path) -> Iterator[tuple[str, int, str]]:
    """Yield each Markdown text with its file and the number of its first line."""
    for pattern in (*PAGES, *DOCUMENTS):
        for path in sorted(root.glob(pattern)):
            name = path.relative_to(root).as_posix()
            try:
                text = path.read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError):
                continue  # told by the course's own check
            if path.suffix == ".md":
                yield name, 1, text
                continue
            for cell in prose.cells(text):
                if cell.markdown and cell.lines:
                    yield name, cell.lines[0].number, cell.text


def _faults(text: str) -> Iterator[tuple[int, str, str]]:
    from markdown_it import MarkdownIt  # noqa: PLC0415 - only authors need it

    for token in MarkdownIt("commonmark").enable("table").parse(MACRO.sub("macro", text)):
        if token.type == "inline" and token.map:
            yield from _inline(token, token.map[0])


def _inline(token: Token, line: int) -> Iterator[tuple[int, str, str]]:
    words = "".join(child.content for child in token.children or () if child.type == "text")
    broken = BROKEN.search(words)
    if broken:
        problem = f'has a link that does not come out: "[{broken[1]}]("'
        yield line, problem, "Write [words](address), without spaces in the address."
    for child in token.children or ():
        address = child.attrGet("href") if child.type == "link_open" else None
        address = child.attrGet("src") if child.type == "image" else address
        if address is not None:
            problem = _wrong(str(address))
            if problem:
                yield line, problem, "Correct the address."


def _wrong(address: str) -> str:
    if not address:
        return "has a link to nothing"
    parts = urlsplit(address)
    if parts.scheme in ("", "mailto") or LOCAL.match(address):
        return ""
    if parts.scheme != "https":
        return f'has a link to "{address}", which is not https'
    return "" if "." in parts.netloc else f'has a link to "{address}", which names no host'
