"""What of a submission is shown in an instructor's browser: nothing in it may run there.

The form grader shows graded notebooks as they are, from the address of the instructor's own server: a script in one
could do there whatever they can. This step goes before its pages. What the assignment itself says stays as it is.
"""

from __future__ import annotations

import re
from typing import Any

import bleach
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors import Preprocessor

from unpickled.grading.page_sizes import bound_html, bound_texts
from unpickled.grading.pictures import BASE64, NOTHING, PICTURES, Pictures, keep_pictures

__all__ = ["CleanCells"]

TAGS = [
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "details", "div", "dl", "dt", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "img", "kbd", "li", "meter", "ol", "p", "pre", "s", "small", "span", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
]  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "details": {"open"},
    "img": {"alt", "src", "title"},
    "meter": {"high", "low", "max", "optimum", "title", "value"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan", "scope"},
}
ELSEWHERE = re.compile(r"https?://|mailto:", re.IGNORECASE)
"""How the address of a link begins: it leads away from the instructor's own server, and never into it."""
PASTED = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=]*\Z")
"""The address of a picture that stands in the page itself."""
LOST = re.compile(f"<img[^>]*{re.escape(NOTHING)}[^>]*>")
PROTOCOLS = {"http", "https", "mailto", "data"}
TEXTS = frozenset({"text/plain", "text/html"})

_Base: Any = Preprocessor


class CleanCells(_Base):  # type: ignore[misc]  # nbconvert publishes no types
    """Take out of a submission's texts and outputs whatever a browser would run or fetch."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Clean one notebook before it becomes a page."""
        bound_texts(nb.cells, lambda cell: not _is_the_authors(cell))
        bound_html(output for cell in nb.cells for output in cell.get("outputs", ()))
        keep_pictures(cell for cell in nb.cells if not _is_the_authors(cell))
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = [_output(output) for output in cell.outputs]
            elif not _is_the_authors(cell):
                pasted = cell.pop("attachments", None)
                cell.source = (
                    clean_markdown(cell.source, pasted)
                    if cell.cell_type == "markdown"
                    else clean_html(cell.source)
                )
        nb.metadata.pop("widgets", None)
        return nb, resources


def clean_markdown(source: str, pictures: Pictures | None = None) -> str:
    """Return what Markdown shows, as a single line of HTML that the page's own Markdown takes over as it is.

    It is cleaned after it is rendered, since what Markdown makes a link of only Markdown knows.

    Args:
        source: the Markdown.
        pictures: what was pasted into it.
    """
    renderer = IPythonRenderer(escape=False, attachments=pictures or Pictures())
    shown = MarkdownWithMath(renderer=renderer).render(source)
    lines = LOST.sub("<em>(a picture that is not there)</em>", clean_html(shown))
    lines = lines.replace("\r", "").replace("\n", "&#10;")
    return f"<div>{lines}</div>"


def clean_html(text: str) -> str:
    """Return HTML without whatever runs, is fetched, or leads to an address of the instructor's server."""
    return str(bleach.clean(text, tags=TAGS, attributes=_may_stay, protocols=PROTOCOLS, strip=True))


def _may_stay(tag: str, name: str, value: str) -> bool:
    if name not in ATTRIBUTES.get(tag, ()):
        return False
    wanted = {"href": ELSEWHERE, "src": PASTED}.get(name)
    return wanted is None or bool(wanted.match(value))


def _output(output: Any) -> Any:
    if output.output_type not in {"display_data", "execute_result"}:
        return output  # text, which the page escapes
    kept = {}
    for kind, value in output.data.items():
        text = "".join(value) if isinstance(value, list) else value
        if kind in TEXTS and isinstance(text, str):
            kept[kind] = clean_html(text) if kind == "text/html" else text
        elif kind in PICTURES and isinstance(text, str) and BASE64.match(text):
            kept[kind] = text
    output.data = type(output.data)(kept)
    output.metadata = type(output.data)()
    return output


def _is_the_authors(cell: Any) -> bool:
    """Tell whether a cell's text is the assignment's own: it was restored from the gradebook when it was graded."""
    known = cell.metadata.get("nbgrader") or {}
    return bool(known.get("locked")) and not known.get("solution")
