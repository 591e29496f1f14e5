"""The scan panel: pick a file, ask both scanners, see what each says and what it left out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import traitlets

from unpickled.errors import CourseError

from .base import FILE_LIMIT, CourseWidget, json_trait
from .plain import plain

__all__ = ["ScanPanel"]

_FILES = 60  # listed; a folder with more is cut, and says so


class ScanPanel(CourseWidget, module="scan"):
    """Let a learner scan files.

    Args:
        paths: files, or folders whose files are listed.
        scan: what scans one path and gives a `scanners.FileReport`; `unpickled.scanners.scan` by default.
        notes: a few words on a file, by its name.
        on_report: called with each report.
    """

    files = json_trait([])
    chosen = traitlets.Unicode("").tag(sync=True)
    report = json_trait({})
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
        self._notes = dict(notes or {})
        self._scan, self._on_report = scan, on_report
        self._paths: dict[str, Path] = {}
        self._uploads: tempfile.TemporaryDirectory[str] | None = None
        found, left = _files([paths] if isinstance(paths, str | os.PathLike) else paths)
        files = [self._listed(path) for path in found]
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
        number = next((key for key, listed in self._paths.items() if listed == target), "")
        with self.hold_sync():
            self.error, self.busy, self.chosen = "", target.name, number
        try:
            report = (self._scan or _default_scan())(target)
            self.report = {**_report(report, target), "file": number}
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

    def _listed(self, path: Path) -> dict[str, Any]:
        """The browser gets a number for each file, never the path, so that saved pages do not tell where it lay."""
        number = str(len(self._paths) + 1)
        self._paths[number] = path
        size = path.stat().st_size if path.is_file() else -1
        return {
            "id": number,
            "label": path.name,
            "size": size,
            "note": self._notes.get(path.name, ""),
        }

    def _on_message(self, _widget: Any, content: dict[str, Any], buffers: list[Any]) -> None:
        kind = content.get("type")
        if kind == "open" and buffers:
            self._take(str(content.get("name") or ""), bytes(buffers[0]))
        elif kind == "scan":
            self._start(content)

    def _start(self, content: Mapping[str, Any]) -> None:
        path = content.get("path") or self._paths.get(str(content.get("file")))
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
        """Keep an uploaded file under its own name, since scanners look at extensions too."""
        if len(data) > self.file_limit:
            self.send(
                {
                    "type": "refused",
                    "text": f"The file has {len(data):,} bytes; at most {self.file_limit:,} are taken here.",
                }
            )
            return
        self._uploads = self._uploads or tempfile.TemporaryDirectory(prefix="unpickled-upload-")
        folder = Path(tempfile.mkdtemp(dir=self._uploads.name))
        path = folder / (Path(name.replace("\\", "/")).name[:100] or "file")
        path.write_bytes(data)
        entry = self._listed(path)
        with self.hold_sync():
            self.files = [*self.files, {**entry, "note": "your file"}]
            self.chosen = entry["id"]
        self.send({"type": "heard"})


def _default_scan() -> Callable[[Path], Any]:
    from unpickled.scanners import scan  # noqa: PLC0415 - the scanners are only needed once something is scanned

    return scan


def _files(paths: Iterable[str | os.PathLike[str]]) -> tuple[list[Path], int]:
    """The files named, and those of the folders named, in order; and how many were left out."""
    found: list[Path] = []
    for given in map(Path, paths):
        found.extend(
            sorted(path for path in given.rglob("*") if path.is_file())
            if given.is_dir()
            else [given]
        )
    return found[:_FILES], max(0, len(found) - _FILES)


def _report(report: Any, path: Path) -> dict[str, Any]:
    """A `FileReport` as the view draws it, without the path."""
    form = report.format
    shown = " ".join(
        part for part in ((form.label, form.note and f"({form.note})") if form else ()) if part
    )
    return {
        "name": path.name,
        "verdict": str(report.verdict),
        "text": report.verdict.text,
        "advice": report.advice,
        "format": shown,
        "reports": [{**plain(one), "text": one.verdict.text} for one in report.reports],
    }
