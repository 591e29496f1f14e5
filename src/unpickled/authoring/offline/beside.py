"""What stands beside a widget of the page: what was recorded for it, for every reader, and what it holds as plain HTML.

An nbconvert preprocessor that comes before the one that draws the widgets: an output more after each of theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from html import escape
from typing import Any

from nbformat.v4 import new_output

from unpickled.authoring.offline.plain import plain, table
from unpickled.authoring.offline.running import TOLD

__all__ = ["set_beside"]

_VIEW = "application/vnd.jupyter.widget-view+json"
_STATE = "application/vnd.jupyter.widget-state+json"
_ON_PAPER = {"Stepper", "HeaderPanel"}
"""Widgets that draw what is in view of a long list, and no more: on paper their plain HTML stands for the list."""


def set_beside(notebook: Any, resources: Any) -> tuple[Any, Any]:
    """Put behind each of the course's widgets what a reader has to know that it does not show.

    Its plain HTML is next to it, so that the style sheet can show one of the two.
    """
    states = notebook.metadata.get("widgets", {}).get(_STATE, {}).get("state", {})
    told = notebook.metadata.pop(TOLD, {})
    for cell in notebook.cells:
        if cell.get("outputs"):
            cell.outputs = [one for each in cell.outputs for one in _with(each, states, told)]
    return notebook, resources


def _with(output: Any, states: Mapping[str, Any], told: Mapping[str, Any]) -> Iterator[Any]:
    yield output
    model = output.get("data", {}).get(_VIEW, {}).get("model_id", "")
    kind, html = plain(states.get(model, {}).get("state", {}))
    if kind:
        paper = " on-paper" * (kind in _ON_PAPER)
        yield _html(f'<div class="plain{paper}">\n{html}\n</div>')
    answers = told.get(model)
    if answers and answers["with"]:
        yield _html(_recorded(answers))


def _html(text: str) -> Any:
    return new_output("display_data", {"text/html": text})


def _recorded(answers: Mapping[str, Any]) -> str:
    """Say when and by what the answers were given; of a scan panel, which shows one report at once, all it gave."""
    day = date.fromisoformat(answers["when"])
    names = ", ".join(answers["with"])
    note = (
        f"<p><strong>Recorded on {day.day} {day:%B %Y}</strong> with {escape(names)}, when this page was made: "
        "a page without Python asks nobody anew.</p>"
    )
    reports = answers.get("reports", ())
    rows = (_report(one) for one in reports)
    verdicts = table("What was said of each file", ["File", "Verdict", "Each scanner"], rows)
    return f'<div class="recorded">{note}{verdicts if reports else ""}</div>'


def _report(report: Mapping[str, Any]) -> Iterator[str]:
    name = escape(report["name"])
    yield f"<code>{name.replace('.', '<wbr>.')}</code>"  # where a phone may break it, and nowhere else
    yield f"<strong>{escape(report['verdict'])}</strong>: {escape(report['text'])}"
    yield "<br>".join(
        f"{escape(one['scanner'])}: {escape(one['verdict'])}{_left_out(one)}"
        for one in report["reports"]
    )


def _left_out(report: Mapping[str, Any]) -> str:
    return f" (it left out: {escape(report['note'])})" if report["note"] else ""
