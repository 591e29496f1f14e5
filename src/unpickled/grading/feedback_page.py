"""What a learner gets back: the notebook as a page without hidden tests, without scripts, without a network.

`HideTests` takes hidden lines out of the cells, and leaves out what a submission printed; `FeedbackPage` writes HTML in
which nothing can run and which fetches nothing (a Content-Security-Policy says so to the browser as well).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from bs4 import BeautifulSoup
from jinja2.bccache import Bucket, BytecodeCache
from nbconvert.exporters import HTMLExporter
from nbgrader.api import Gradebook
from nbgrader.converters import GenerateFeedback
from nbgrader.preprocessors import ClearHiddenTests, ClearMarkScheme, NbGraderPreprocessor

from unpickled.grading.page_contents import name_contents
from unpickled.grading.page_outputs import of_a_check, of_a_later_cell, of_an_own_cell
from unpickled.grading.page_sizes import bound_texts
from unpickled.grading.pictures import keep_pictures

__all__ = ["FeedbackPage", "HideTests", "PageOnly", "hidden_lines", "released", "without"]

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'"
MARKERS = "summary { display: list-item }"
"""nbgrader's style sheet takes the triangles off the hints, without which nobody sees that they open."""
SHORTEST = 8
"""Characters of a hidden line below which it tells nothing, as `else:` or a bracket."""
REMOVED = "[a line of a hidden test]"
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
    """Take hidden tests out of a graded notebook, and with them everything that could tell of them."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Clean one notebook before it becomes a page."""
        tests, scheme = ClearHiddenTests(parent=self), ClearMarkScheme(parent=self)
        marks = (
            (tests.begin_test_delimeter, tests.end_test_delimeter),
            (scheme.begin_mark_scheme_delimeter, scheme.end_mark_scheme_delimeter),
        )
        names = resources["nbgrader"]
        where = (names["notebook"], names["assignment"], names["student"])
        with Gradebook(names["db_url"]) as book:
            notebook = book.find_notebook(names["notebook"], names["assignment"])
            hidden = hidden_lines((cell.source for cell in notebook.source_cells), marks)
            _drop_overruled(nb.cells, book.find_submission_notebook(*where))
        asks = [_is_check(cell) and bool(released(cell.source, marks)[1]) for cell in nb.cells]
        first = asks.index(True) if True in asks else len(asks)
        for cell in nb.cells:
            cell.source = without(released(cell.source, marks)[0], hidden)
        keep_pictures(nb.cells)
        bound_texts(nb.cells, lambda cell: not cell.metadata.get("nbgrader", {}).get("locked"))
        written = [cell.source for cell in nb.cells]
        for number, cell in enumerate(nb.cells):
            if cell.cell_type == "code":
                cell.execution_count = None  # a submission can set it
                knows = number > first
                cell.outputs = self._shown(cell, [] if knows else written, hidden, knows=knows)
        nb.metadata.pop("widgets", None)
        return nb, resources

    @staticmethod
    def _shown(cell: Any, written: Sequence[str], hidden: frozenset[str], *, knows: bool) -> Any:
        """Return the outputs of a code cell for the page; `knows` says that a hidden check has run before it."""
        if _is_check(cell):
            return of_a_check(cell.outputs, written, lambda text: without(text, hidden))
        if knows:
            return of_a_later_cell(cell.outputs, own="nbgrader" not in cell.metadata)
        return of_an_own_cell(cell.outputs, written)


def _is_check(cell: Any) -> bool:
    """Tell whether a cell is one of the assignment's checks; the gradebook said so when it was graded."""
    known = cell.metadata.get("nbgrader", {})
    return bool(known.get("grade")) and not known.get("solution")


def _drop_overruled(cells: Sequence[Any], notebook: Any) -> None:
    """Take the scorer's comment off an answer that a person has given points; what the person wrote stays."""
    decided = {row.name for row in notebook.grades if row.manual_score is not None}
    worded = {row.name for row in notebook.comments if row.manual_comment is not None}
    answer: Any = {}
    for cell in cells:
        known = cell.metadata.get("nbgrader", {})
        if known.get("solution") or known.get("task"):
            answer = known
        if known.get("grade_id") in decided and answer.get("grade_id") not in worded:
            answer["comment"] = None


class Compiled(BytecodeCache):
    """Templates that were compiled once, for the pages that come after: more than a third of a page's time."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Fill a bucket whose source was compiled before."""
        if known := self._kept.get(bucket.key + bucket.checksum):
            bucket.bytecode_from_string(known)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep what was compiled."""
        self._kept[bucket.key + bucket.checksum] = bucket.bytecode_to_string()


COMPILED = Compiled()


class FeedbackPage(AnyExporter):  # type: ignore[misc]  # nbconvert publishes no types
    """The feedback page: nbgrader's template, and nothing in it that runs or is fetched."""

    def _create_environment(self) -> Any:
        environment = super()._create_environment()
        environment.bytecode_cache = COMPILED
        return environment

    def from_notebook_node(
        self, nb: Any, resources: Any = None, **kw: Any
    ) -> tuple[str, dict[str, Any]]:
        """Write the page of one notebook."""
        html, resources = super().from_notebook_node(nb, resources, **kw)
        page = harmless(html)
        name_contents(page)
        if page.head:
            page.head.append(page.new_tag("style", string=MARKERS))
        return str(page), resources


def harmless(html: str) -> BeautifulSoup:
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
    return page


class PageOnly(AnyConverter):  # type: ignore[misc]  # nbgrader publishes no types
    """nbgrader's feedback step, which copies no other file of the submission into the feedback."""

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Prepare nothing: a feedback folder holds its pages alone."""
