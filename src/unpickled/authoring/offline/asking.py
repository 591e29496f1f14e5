"""What a page's panels are asked before its kernel ends: a reader without Python gets the answers that it gave.

This runs in the page's own kernel, as the last cell of its notebook, which is no part of the page. A panel is asked by
the messages that a browser would send; its answers are part of its state, and so are saved with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from ipywidgets.widgets.widget import _instances

__all__ = ["CELL", "ask_all"]

CELL = "import unpickled.authoring.offline.asking as _asking\nprint(_asking.ask_all())"
_MOST = 12  # files of a panel; the course's have five


def ask_all() -> str:
    """Ask every panel of this kernel about each of its files.

    Returns:
        JSON, by the model of a panel: `when`, the day; `with`, what answered, with its version; `reports`, of a scan
        panel, the report on each file.
    """
    told = {}
    for panel in list(_instances.values()):
        ask = _ASK.get(getattr(type(panel), "module", ""))
        if ask and panel.files:
            told[panel.model_id] = {"when": _today(), **ask(panel)}
    return json.dumps(told)


def _header(panel: Any) -> dict[str, Any]:
    """Have the five views of each file; the file and the view that the page begins with stay what they were."""
    first = panel.chosen
    for file in _files(panel):
        for what in ("look", "verdicts", "loads"):
            _send(panel, what, file)
    _send(panel, "look", first)
    torch = _torch() if any(one.get("isolation") for one in panel.loads.values()) else []
    return {"with": [*_scanners(panel.verdicts.values()), *torch]}


def _scan(panel: Any) -> dict[str, Any]:
    """Have a report on each file to choose from; the panel shows the worst at first, unless the page has scanned."""
    before, reports = (panel.chosen, panel.report), []
    for file in _files(panel):
        _send(panel, "scan", file)
        if panel.report:
            reports.append(panel.report)
    found: dict[str, Any] = min(reports, key=_worst_first, default={})
    chosen, report = before if before[1] or not found else (found["file"], found)
    with panel.hold_sync():
        panel.chosen, panel.report, panel.error = chosen, report, ""
        if reports:
            panel.recorded = {"when": _today(), "reports": {one["file"]: one for one in reports}}
    return {"with": _scanners(reports), "reports": reports}


def _worst_first(report: Any) -> tuple[bool, bool]:
    return report["verdict"] != "dangerous", report["verdict"] == "clean"


_ASK = {"header": _header, "scan": _scan}


def _today() -> str:
    return datetime.now().astimezone().date().isoformat()


def _files(panel: Any) -> list[str]:
    return [file["id"] for file in panel.files[:_MOST]]


def _send(panel: Any, what: str, file: str) -> None:
    panel._handle_custom_msg({"type": what, "file": file}, [])  # noqa: SLF001 - what the front end calls


def _scanners(reports: Any) -> list[str]:
    """Return the scanners that answered, each with its version, in their order."""
    found: Iterator[str] = (
        f"{one['scanner']} {one['version']}"
        for report in reports
        for one in report.get("reports", ())
        if one["version"]
    )
    return list(dict.fromkeys(found))


def _torch() -> list[str]:
    try:
        return [f"PyTorch {version('torch')}"]
    except PackageNotFoundError:
        return []
