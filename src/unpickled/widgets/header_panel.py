"""The header panel: five views of the same bytes: hex, opcodes, stack, both scanners, PyTorch's restricted loader."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import traitlets

from unpickled.errors import SandboxError

from .base import FILE_LIMIT, CourseWidget, json_trait
from .sheet import sheet
from .shelf import Shelf, too_large
from .told import reason, told_by_scanners, told_by_torch

__all__ = ["TABS", "HeaderPanel"]

TABS = ("hex", "opcodes", "stack", "verdicts", "loads")
_KEPT = 6 << 20  # characters of JSON of the files looked at; the oldest are forgotten
_START = {"step": 0, "byte": 0}


class HeaderPanel(CourseWidget, module="header"):
    """Show a weight file from five sides, without loading it here.

    Args:
        paths: files, or folders whose files are listed; the first is shown.
        tab: the view to begin with, one of `TABS`.
        scan: what scans one path and gives a `scanners.FileReport`; `unpickled.scanners.scan` by default.
        load: what loads one path in a child and gives a `restricted.WeightsOnly`; `restricted.weights_only` by default.
        notes: a few words on a file, by its name.

    A file that is damaged, too large or no weight file raises nothing: what can be seen of it is shown, and one
    sentence says what is the matter.
    """

    files = json_trait([])
    chosen = traitlets.Unicode("").tag(sync=True)
    sheets = json_trait({})
    verdicts = json_trait({})
    loads = json_trait({})
    tab = traitlets.Unicode("hex").tag(sync=True)
    at = json_trait(_START)
    busy = json_trait({})
    error = traitlets.Unicode("").tag(sync=True)
    file_limit = traitlets.Int(FILE_LIMIT * 8).tag(sync=True)

    def __init__(
        self,
        paths: Iterable[str | os.PathLike[str]] | str | os.PathLike[str] = (),
        *,
        tab: str = "hex",
        scan: Callable[[Path], Any] | None = None,
        load: Callable[[Path], Any] | None = None,
        notes: Mapping[str, str] | None = None,
        **kwargs: Any,
    ) -> None:
        self._ask = {"verdicts": scan or _scan, "loads": load or _load}
        self._shelf = Shelf(paths, notes)
        left = self._shelf.left
        error = f"{left} more files are not listed; name the one to look at." if left else ""
        super().__init__(
            files=self._shelf.entries, tab=tab if tab in TABS else TABS[0], error=error, **kwargs
        )
        self.on_msg(self._on_message)
        if self.files:
            self.look(self.files[0]["id"])

    def look(self, number: str) -> None:
        """Choose a file of the list and describe it; a failure is shown as a sentence."""
        path = self._shelf.paths[number]
        with self.hold_sync():
            self.error, self.chosen, self.at = "", number, _START
        self.busy = {"what": "sheet", "file": number}
        try:
            found, problem = reason(lambda: sheet(path), path)
            with self.hold_sync():
                self.error = f"{path.name}: {problem}" if problem else ""
                if found:
                    self.sheets = _within({**self.sheets, number: found}, number)
        finally:
            self.busy = {}

    def ask(self, what: str, number: str) -> None:
        """Ask the scanners (`verdicts`) or PyTorch's restricted loader (`loads`) about a file, and keep the answer."""
        path = self._shelf.paths[number]
        self.busy = {"what": what, "file": number}
        try:
            found, problem = reason(lambda: self._ask[what](path), path)
            answer = {"problem": problem} if problem else _told(what, found, path)
            setattr(self, what, {**getattr(self, what), number: answer})
        finally:
            self.busy = {}

    def _on_message(self, _widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        """Answer the browser, which names files by their number."""
        kind, number = content.get("type"), str(content.get("file"))
        if kind == "open" and buffers:
            self._take(str(content.get("name") or ""), bytes(buffers[0]))
        elif kind in {"look", *self._ask} and number not in self._shelf.paths:
            text = "That file is not known here any more. Run the cell again."
            self.send({"type": "refused", "text": text})
        elif kind == "look":
            self.send({"type": "heard"})
            self.look(number)
        elif kind in self._ask:
            self.send({"type": "heard"})
            self.ask(kind, number)

    def _take(self, name: str, data: bytes) -> None:
        refused = too_large(data, self.file_limit)
        if refused:
            self.send(refused)
            return
        entry = self._shelf.take(name, data)
        self.files = [*self.files, entry]
        self.send({"type": "heard"})
        self.look(entry["id"])


def _within(sheets: dict[str, Any], number: str) -> dict[str, Any]:
    """Forget the oldest sheets but this one until the rest is small enough to be sent, and saved with the page."""
    sizes = {key: len(json.dumps(one)) for key, one in sheets.items()}
    for key in list(sheets):
        if sum(sizes.values()) <= _KEPT:
            break
        if key != number:
            del sheets[key], sizes[key]
    return sheets


def _told(what: str, found: Any, path: Path) -> dict[str, Any]:
    return told_by_scanners(found, path.name) if what == "verdicts" else told_by_torch(found, path)


def _scan(path: Path) -> Any:
    from unpickled.scanners import scan  # noqa: PLC0415 - the scanners are only needed once something is scanned

    return scan(path)


def _load(path: Path) -> Any:
    from unpickled.restricted import weights_only  # noqa: PLC0415 - as the scanners

    try:
        return weights_only([path])[0]
    except SandboxError as error:
        remedy = "Nothing was loaded. On Debian and Ubuntu: apt install bubblewrap"
        raise SandboxError(error.place, error.problem, remedy) from error
