"""What of a submission is shown in an instructor's browser: nothing in it may run there.

The form grader shows graded notebooks as they are, from the address of the instructor's own server: a script in one
could do there whatever they can. This step goes before its pages. What the assignment itself says stays as it is.
"""

from __future__ import annotations

import re
from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbconvert.preprocessors.sanitize import SanitizeHTML

__all__ = ["CleanCells"]

TAGS = [
    "a", "abbr", "b", "blockquote", "br", "caption", "code", "dd", "details", "div", "dl", "dt", "em", "h1", "h2", "h3",
    "h4", "h5", "h6", "hr", "i", "kbd", "li", "meter", "ol", "p", "pre", "s", "small", "span", "strong", "sub",
    "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul",
]  # fmt: skip
ATTRIBUTES = {
    "a": ["href", "title"],
    "details": ["open"],
    "meter": ["high", "low", "max", "optimum", "title", "value"],
    "td": ["colspan", "rowspan"],
    "th": ["colspan", "rowspan", "scope"],
}
PICTURES = frozenset({"image/png", "image/jpeg"})
TEXTS = frozenset({"text/plain", "text/html"})
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*\Z")

_Base: Any = Preprocessor


class CleanCells(_Base):  # type: ignore[misc]  # nbconvert publishes no types
    """Take out of a submission's texts and outputs whatever a browser would run or fetch."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Clean one notebook before it becomes a page."""
        self._clean = SanitizeHTML(tags=TAGS, attributes=ATTRIBUTES, strip=True)
        for cell in nb.cells:
            if cell.cell_type == "code":
                cell.outputs = [self._output(output) for output in cell.outputs]
            elif not _is_the_authors(cell):
                cell.source = self._text(cell.source)
                cell.pop("attachments", None)
        nb.metadata.pop("widgets", None)
        return nb, resources

    def _text(self, source: str) -> str:
        """Return Markdown without its HTML; a quote's `>` stays one, since alone it opens nothing."""
        return self._html(source).replace("&gt;", ">").replace("&amp;", "&")

    def _html(self, text: str) -> str:
        return str(self._clean.sanitize_html_tags(text))

    def _output(self, output: Any) -> Any:
        if output.output_type not in {"display_data", "execute_result"}:
            return output  # text, which the page escapes
        kept = {}
        for kind, value in output.data.items():
            text = "".join(value) if isinstance(value, list) else value
            if kind in TEXTS and isinstance(text, str):
                kept[kind] = self._html(text) if kind == "text/html" else text
            elif kind in PICTURES and isinstance(text, str) and BASE64.match(text):
                kept[kind] = text
        output.data = type(output.data)(kept)
        output.metadata = type(output.data)()
        return output


def _is_the_authors(cell: Any) -> bool:
    """Tell whether a cell's text is the assignment's own: it was restored from the gradebook when it was graded."""
    known = cell.metadata.get("nbgrader") or {}
    return bool(known.get("locked")) and not known.get("solution")
