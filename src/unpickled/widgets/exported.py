"""The course's widgets in a notebook that is exported to HTML: drawn from their saved state, with nothing fetched.

nbconvert would leave a place for each widget and have the reader's browser fetch the scripts that fill it. With
`OwnWidgets` among an HTML exporter's preprocessors (the settings in `cli/jupyter` name it), `jupyter nbconvert
--to html` and JupyterLab's export write a page that works from a disk, without a kernel and without a network.

JupyterLab asks for a sanitized page by default: scripts are taken out of every output. Ours therefore stands in the
head, where the templates put the address of require.js, as a `data:` address. It holds the widgets' state as JSON and
the scripts of this package, and no script that the notebook could have brought along.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from typing import Any

from nbconvert.preprocessors import Preprocessor
from traitlets import Bool

from .base import CourseWidget
from .html import Still, pieces

__all__ = ["OwnWidgets"]

_VIEW = "application/vnd.jupyter.widget-view+json"
_STATE = "application/vnd.jupyter.widget-state+json"
_NEEDS_REQUIRE = {"application/javascript", _VIEW}
_FORMULA = re.compile(r"\$|\\[(\[]|\\begin\{")
_SCRIPT = "data:text/javascript;charset=utf-8;base64,"
_UNDRESS = """for (const place of document.querySelectorAll(".unp-static"))
  place.parentElement.classList.remove("jp-RenderedHTML", "jp-RenderedHTMLCommon");"""  # the page's own look of code
_NO_STATE = (
    "<p><strong>This widget was saved without its state.</strong> Run the page, save it, and export it again; or "
    "let the export run it: <code>jupyter nbconvert --to html --execute PAGE.ipynb</code></p>"
)

AnyPreprocessor: Any = Preprocessor

Output = dict[str, Any]


class OwnWidgets(AnyPreprocessor):  # type: ignore[misc]  # nbconvert publishes no types
    """An nbconvert preprocessor: the course's widgets become HTML, and what only they needed is fetched no more."""

    enabled = Bool(default_value=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Replace each output that shows one of the course's widgets; other people's widgets stay as they are."""
        models = nb.metadata.get("widgets", {}).get(_STATE, {}).get("state", {})
        stills: list[tuple[Output, Still]] = []
        for output in _views(nb):
            model = models.get(output["data"][_VIEW].get("model_id"), {})
            still = _still(model.get("state", {}))
            if still:
                stills.append((output, still))
            elif not model:
                _show(output, _NO_STATE)
        _fetch_less(nb, resources, {id(output) for output, _ in stills})
        if stills:
            places, sheet, script = pieces((still for _, still in stills), in_turn=True)
            for (output, _), place in zip(stills, places, strict=True):
                _show(output, place)
            _bring(resources, sheet, script)
        return nb, resources


def _views(nb: Any) -> Iterator[Output]:
    for cell in nb.cells:
        for output in cell.get("outputs", ()):
            if _VIEW in output.get("data", {}):
                yield output


def _still(state: dict[str, Any]) -> Still | None:
    """One of the course's widgets out of its saved state; None for any other widget."""
    kinds = {f"{kind.__module__}.{kind.__name__}": kind for kind in CourseWidget.__subclasses__()}
    kind = kinds.get(state.get("_anywidget_id", ""))
    return Still(kind, kind.wanted(state)) if kind else None


def _show(output: Output, html: str) -> None:
    output["data"] = {"text/html": html}


def _bring(resources: Any, sheet: str, script: str) -> None:
    """Put style and script into the page's head; require.js comes before them where it is needed.

    The script brings the style: nbconvert fills the list of styles anew after this preprocessor has run.
    """
    needed = resources["require_js_url"]
    first = (
        f"document.write('<script src=\"{needed}\"></' + 'script>');" if needed != _SCRIPT else ""
    )
    style = f'document.head.appendChild(document.createElement("style")).textContent = {json.dumps(sheet)};'
    drawn = f'document.addEventListener("DOMContentLoaded", () => {{\n{_UNDRESS}\n{script}\n}});'
    whole = "\n".join([first, style, drawn])
    resources["require_js_url"] = _SCRIPT + b64encode(whole.encode()).decode("ascii")


def _fetch_less(nb: Any, resources: Any, drawn: set[int]) -> None:
    """Take out of the page the scripts from elsewhere that nothing in it needs, now that some widgets are `drawn`."""
    kinds = {
        kind
        for cell in nb.cells
        for output in cell.get("outputs", ())
        if id(output) not in drawn
        for kind in output.get("data", {})
    }
    if _VIEW not in kinds:
        nb.metadata.pop("widgets", None)
    if not kinds & _NEEDS_REQUIRE:
        resources["require_js_url"] = _SCRIPT
    texts = [cell.source for cell in nb.cells if cell.cell_type == "markdown"]
    if "text/latex" not in kinds and not any(map(_FORMULA.search, texts)):
        resources["mathjax_url"] = _SCRIPT
