"""The list on top of a feedback page names the exercise of each score, where nbgrader's says "Test cell" each time."""

from __future__ import annotations

from bs4 import BeautifulSoup

__all__ = ["name_contents"]

KINDS = {"-check": "what its check saw", "-hidden": "judged on handing in"}


def name_contents(page: BeautifulSoup) -> None:
    """Put names into a page's contents, in place: of the exercise and its check, else of the graded cell."""
    for link in page.select("#toc a[href^='#']"):
        name = str(link["href"]).removeprefix("#")
        if name.startswith("comment-"):
            link.string = f"{name.removeprefix('comment-').removesuffix('-answer')}: comment"
            continue
        kind = next((suffix for suffix in KINDS if name.endswith(suffix)), "")
        link.string = f"{name.removesuffix(kind)}: {KINDS[kind]}" if kind else name
