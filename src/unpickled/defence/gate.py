"""The curator's gate: each file is scanned; what no scanner reads has to show by its header that nothing runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from unpickled.defence.names import spelled
from unpickled.defence.refusals import RefusedError
from unpickled.errors import ScanError
from unpickled.scanners import FileReport, Verdict, scan
from unpickled.weights import inspect

__all__ = ["CLEAN", "HEADER", "UNSCANNED", "Judged", "judge"]

CLEAN = "clean"
HEADER = "header"
UNSCANNED = "unscanned"
_HEADERS = {"safetensors", "gguf", "onnx", "hdf5", "keras-zip"}
_LET_IN = "If you have read it and vouch for it, the curator may let it in by name: --unscanned"


@dataclass(frozen=True, slots=True)
class Judged:
    """Why one file may pass.

    Attributes:
        name: its path below the folder.
        how: `CLEAN`: no known bad name found. `HEADER`: a format that no scanner reads, whose header names nothing that
            runs. `UNSCANNED`: the curator let it in by name.
        scanners: which scanners were asked, with their versions.
    """

    name: str
    how: str
    scanners: tuple[str, ...]


def judge(
    folder: Path, names: Iterable[str], *, unscanned: Sequence[str] = ()
) -> tuple[Judged, ...]:
    """Scan files, and refuse the first that does not pass.

    Args:
        folder: where they lie; nobody else may write there meanwhile.
        names: the files.
        unscanned: shell patterns of names that may pass where no scanner could look. What a scanner found bad, could
            not read, or failed on never passes.

    Raises:
        RefusedError: one does not pass.
    """
    return tuple(_judged(folder, name, unscanned) for name in names)


def _judged(folder: Path, name: str, unscanned: Sequence[str]) -> Judged:
    report = scan(folder / name)
    asked = tuple(f"{one.scanner} {one.version}" for one in report.reports)
    if report.verdict is Verdict.CLEAN:
        return Judged(name, CLEAN, asked)
    if report.verdict is not Verdict.SKIPPED:
        raise RefusedError(
            spelled(name), f"the scan says {report.verdict}: {_why(report)}", _advice(report)
        )
    if any(fnmatchcase(name, pattern) for pattern in unscanned):
        return Judged(name, UNSCANNED, asked)
    problem = _problem(folder / name, report)
    if problem:
        raise RefusedError(spelled(name), problem, _LET_IN)
    return Judged(name, HEADER, asked)


def _problem(path: Path, report: FileReport) -> str:
    """Return why a file that no scanner judged may not pass; empty if its header says that it only holds numbers."""
    form = report.format
    if form is None or form.id not in _HEADERS:
        return f"no scanner looked at it ({form.label if form else 'not opened'})"
    try:
        risks = inspect(path).contents.risks
    except ScanError as error:
        return f"its header cannot be read: {error.problem}"
    return (
        f"no scanner looked at it, and {risks[0].text[:1].lower()}{risks[0].text[1:]}"
        if risks
        else ""
    )


def _why(report: FileReport) -> str:
    for one in report.reports:
        if one.verdict is report.verdict:
            found = ", ".join(map(str, one.findings)) or one.note.rstrip(".")
            return f"{one.scanner} {found}".strip()
    return "it could not be opened"


def _advice(report: FileReport) -> str:
    return report.advice if report.advice.endswith(".") else f"{report.advice}."
