"""What a learner gets back: the notebook as a page without hidden tests, without scripts, without a network.

`HideTests` takes hidden lines out of the cells and out of everything that was printed; `FeedbackPage` writes HTML in
which nothing can run and which fetches nothing (a Content-Security-Policy says so to the browser as well).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from bs4 import BeautifulSoup
from nbconvert.exporters import HTMLExporter
from nbformat import NotebookNode
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, NbGraderPreprocessor

__all__ = ["FeedbackPage", "HideTests", "PageOnly", "hidden_lines", "released", "without"]

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'"
SHORTEST = 8
"""Characters of a hidden line below which it tells nothing, as `else:` or a bracket."""
REMOVED = "[a line of a hidden test]"
PICTURES = ("image/png", "image/jpeg")
FORBIDDEN = (
    "script",
    "iframe",
    "object",
    "embed",
    "link",
    "base",
    "form",
    "svg",
    "math",
    "template",
)
ANSI = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")

AnyPreprocessor: Any = NbGraderPreprocessor
AnyExporter: Any = HTMLExporter
AnyConverter: Any = GenerateFeedback


def released(source: str, marks: Iterable[tuple[str, str]]) -> tuple[str, list[str]]:
    """Split a cell's source into what learners were given and the lines between `marks` (begin, end)."""
    kept, hidden, until = [], [], ""
    for line in source.split("\n"):
        opened = next((end for begin, end in marks if begin in line), "")
        if opened:
            until = opened
        elif until and until in line:
            until = ""
        elif until:
            hidden.append(line)
        else:
            kept.append(line)
    return "\n".join(kept), hidden


def hidden_lines(sources: Iterable[str], marks: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Return the hidden lines of a notebook's cells that are long enough to tell something and not public elsewhere."""
    marks = tuple(marks)
    public: set[str] = set()
    hidden: set[str] = set()
    for source in sources:
        kept, secret = released(source, marks)
        public.update(line.strip() for line in kept.split("\n"))
        hidden.update(line.strip() for line in secret)
    return frozenset(line for line in hidden - public if len(line) >= SHORTEST)


def without(text: str, hidden: frozenset[str]) -> str:
    """Return the text with every line replaced that holds a hidden one."""
    lines = ANSI.sub("", text).split("\n")
    return "\n".join(REMOVED if any(one in line for one in hidden) else line for line in lines)


class HideTests(AnyPreprocessor):  # type: ignore[misc]  # nbgrader publishes no types
    """Take hidden tests out of a graded notebook: out of its cells, what was printed, and tracebacks."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Clean one notebook before it becomes a page."""
        tests, scheme = ClearHiddenTests(parent=self), ClearMarkScheme(parent=self)
        marks = (
            (tests.begin_test_delimeter, tests.end_test_delimeter),
            (scheme.begin_mark_scheme_delimeter, scheme.end_mark_scheme_delimeter),
        )
        names = resources["nbgrader"]
        with Gradebook(names["db_url"]) as book:
            notebook = book.find_notebook(names["notebook"], names["assignment"])
            hidden = hidden_lines((cell.source for cell in notebook.source_cells), marks)
        for cell in nb.cells:
            source, secret = released(cell.source, marks)
            cell.source = without(source, hidden)
            if cell.cell_type == "code":
                cell.outputs = [
                    _clean(output, hidden, bare=bool(secret)) for output in cell.outputs
                ]
            cell.pop("attachments", None)
        nb.metadata.pop("widgets", None)
        return nb, resources


def _clean(output: Any, hidden: frozenset[str], *, bare: bool) -> Any:
    """Return an output as text or picture; an error of a hidden test as its message alone."""
    kind = output.output_type
    if kind == "stream":
        return NotebookNode(
            output_type="stream", name=output.name, text=without(output.text, hidden)
        )
    if kind == "error":
        said = without(f"{output.ename}: {output.evalue}", hidden)
        lines = [] if bare else [without(line, hidden) for line in output.traceback]
        return NotebookNode(
            output_type="error",
            ename=without(output.ename, hidden),
            evalue=without(output.evalue, hidden),
            traceback=lines or [said],
        )
    data = {name: output.data[name] for name in PICTURES if name in output.data}
    text = output.data.get("text/plain", "[not shown here]")
    data["text/plain"] = without(text if isinstance(text, str) else "".join(text), hidden)
    made = NotebookNode(output_type=kind, data=NotebookNode(data), metadata=NotebookNode())
    if kind == "execute_result":
        made.execution_count = output.get("execution_count")
    return made


class FeedbackPage(AnyExporter):  # type: ignore[misc]  # nbconvert publishes no types
    """The feedback page: nbgrader's template, and nothing in it that runs or is fetched."""

    def from_notebook_node(
        self, nb: Any, resources: Any = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Write the page of one notebook."""
        html, resources = super().from_notebook_node(nb, resources, **kw)
        return harmless(html), resources


def harmless(html: str) -> str:
    """Return a page without scripts, frames, event handlers and addresses elsewhere."""
    page = BeautifulSoup(html, "html.parser")
    for element in page.find_all(FORBIDDEN):
        element.decompose()
    for element in page.find_all("meta", attrs={"http-equiv": True}):
        element.decompose()
    if page.body:
        for element in page.body.find_all("style"):
            element.decompose()
    for element in page.find_all(True):
        for name, value in list(element.attrs.items()):
            address = str(value).strip().lower()
            if (
                name.startswith("on")
                or name in {"srcset", "style", "background", "ping"}
                or (
                    name in {"src", "href", "action", "formaction", "poster", "data"}
                    and not address.startswith(("#", "data:image/png;", "data:image/jpeg;"))
                )
            ):
                del element.attrs[name]
    if page.head:
        policy = page.new_tag(
            "meta", attrs={"http-equiv": "Content-Security-Policy", "content": POLICY}
        )
        page.head.insert(0, policy)
        page.head.insert(0, page.new_tag("meta", attrs={"charset": "utf-8"}))
    return str(page)


class PageOnly(AnyConverter):  # type: ignore[misc]  # nbgrader publishes no types
    """nbgrader's feedback step, which copies no other file of the submission into the feedback."""

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Prepare nothing: a feedback folder holds its pages alone."""
