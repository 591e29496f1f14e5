"""The scan panel: pick a file, ask both scanners, see what each says and what it left out."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import traitlets

from unpickled.errors import CourseError

from .base import FILE_LIMIT, CourseWidget, json_trait
from .shelf import Shelf, too_large
from .told import told_by_scanners

__all__ = ["ScanPanel"]


class ScanPanel(CourseWidget, module="scan"):
    """Let a learner scan files.

    Args:
        paths: files, or folders whose files are listed.
        scan: what scans one path and gives a `scanners.FileReport`; `unpickled.scanners.scan` by default.
        notes: a few words on a file, by its name.
        on_report: called with each report.

    Attributes:
        recorded: for a page without a kernel, `when` (a day) and `reports` (by a file's number); a live panel has none.
    """

    files = json_trait([])
    chosen = traitlets.Unicode("").tag(sync=True)
    report = json_trait({})
    recorded = json_trait({})
    busy = traitlets.Unicode("").tag(sync=True)
    error = traitlets.Unicode("").tag(sync=True)
    file_limit = traitlets.Int(FILE_LIMIT * 8).tag(sync=True)

    def __init__(
        self,
        paths: Iterable[str | os.PathLike[str]] | str | os.PathLike[str] = (),
        *,
        scan: Callable[[Path], Any] | None = None,
        notes: Mapping[str, str] | None = None,
        on_report: Callable[[Any], None] | None = None,
        **kwargs: Any,
    ) -> None:
        self._scan, self._on_report = scan, on_report
        self._shelf = Shelf(paths, notes)
        files, left = self._shelf.entries, self._shelf.left
        error = (
            f"{left} more files are not listed; give the path of one to scan it." if left else ""
        )
        super().__init__(files=files, chosen=files[0]["id"] if files else "", error=error, **kwargs)
        self.on_msg(self._on_message)

    def scan(self, path: str | os.PathLike[str]) -> None:
        """Scan one path and show the report; a failure is shown as a sentence.

        The file becomes the chosen one: a report is shown only as long as the choice is the file that it is about.
        """
        target = Path(path).expanduser()
        number = self._shelf.number(target)
        with self.hold_sync():
            self.error, self.busy, self.chosen = "", target.name, number
        try:
            report = (self._scan or _default_scan())(target)
            self.report = {**told_by_scanners(report, target.name), "file": number}
        except CourseError as problem:
            self.report, self.error = {}, str(problem)
        except OSError as problem:
            self.report, self.error = (
                {},
                f"{target.name} could not be read: {problem.strerror or problem}.",
            )
        else:
            if self._on_report:
                self._on_report(report)
        finally:
            self.busy = ""

    def _on_message(self, _widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        kind = content.get("type")
        if kind == "open" and buffers:
            self._take(str(content.get("name") or ""), bytes(buffers[0]))
        elif kind == "scan":
            self._start(content)

    def _start(self, content: Mapping[str, Any]) -> None:
        path = content.get("path") or self._shelf.paths.get(str(content.get("file")))
        if not path:
            self.send(
                {
                    "type": "refused",
                    "text": "That file is not known here any more. Run the cell again.",
                }
            )
            return
        self.send({"type": "heard"})
        self.scan(path)

    def _take(self, name: str, data: bytes) -> None:
        """Put an uploaded file on the list, chosen."""
        refused = too_large(data, self.file_limit)
        if refused:
            self.send(refused)
            return
        entry = self._shelf.take(name, data)
        with self.hold_sync():
            self.files = [*self.files, entry]
            self.chosen = entry["id"]
        self.send({"type": "heard"})


def _default_scan() -> Callable[[Path], Any]:
    from unpickled.scanners import scan  # noqa: PLC0415 - the scanners are only needed once something is scanned

    return scan
