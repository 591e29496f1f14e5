"""The curator's gate: each file is scanned; what no scanner reads has to show by its header that nothing runs."""

from __future__ import annotations

import codecs
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from unpickled.defence.names import spelled
from unpickled.defence.refusals import RefusedError
from unpickled.defence.scratch import Scratch, no_room
from unpickled.errors import ScanError
from unpickled.scanners import FileReport, Verdict, scan
from unpickled.weights import KINDS, Format, inspect
from unpickled.weights.files import open_regular

__all__ = ["CLEAN", "HEADER", "UNSCANNED", "Judged", "judge"]

CLEAN = "clean"
HEADER = "header"
UNSCANNED = "unscanned"
_HEADERS = {"safetensors", "gguf", "onnx", "hdf5", "keras-zip", "npy"}
_LET_IN = "If you have read it and vouch for it, the curator may let it in by name: --unscanned"
_CONVERT = "Convert it to a format that is looked at (safetensors, say), or take it out."
_CONTROLS = bytes({*range(32), 127} - set(b"\t\n\r\f"))
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Judged:
    """Why one file may pass.

    Attributes:
        name: its path below the folder.
        how: `CLEAN`: no known bad name found. `HEADER`: a format that no scanner reads, whose header names nothing that
            runs. `UNSCANNED`: it is text, and the curator let it in by name.
        scanners: which scanners were asked, with their versions.
    """

    name: str
    how: str
    scanners: tuple[str, ...]


def judge(
    folder: Path, names: Iterable[str], *, unscanned: Sequence[str] | None = None
) -> tuple[Judged, ...]:
    """Scan files, and refuse the first that does not pass.

    What counts is what is in a file. A scanner goes by the end of a name, so a file under a name of another format is
    shown to it once more under one of its own.

    Args:
        folder: where they lie; nobody else may write there meanwhile.
        names: the files.
        unscanned: shell patterns of names of texts that may pass, since no scanner looks at a text. They let nothing
            else in. None where no curator is there to be asked for one.

    Raises:
        RefusedError: one does not pass.
    """
    return tuple(_judged(folder, name, unscanned) for name in names)


def _judged(folder: Path, name: str, unscanned: Sequence[str] | None) -> Judged:
    path = folder / name
    report = _scanned(path, name)
    asked = tuple(f"{one.scanner} {one.version}" for one in report.reports)
    form = report.format
    if form is not None and form.id in _HEADERS:
        _require_harmless(path, name)
    if report.verdict is Verdict.CLEAN:
        return Judged(name, CLEAN, asked)
    if form is not None and form.id in _HEADERS:
        return Judged(name, HEADER, asked)
    text = _is_text(path, form)
    if text and any(fnmatchcase(name, pattern) for pattern in unscanned or ()):
        return Judged(name, UNSCANNED, asked)
    problem = f"no scanner looked at it ({form.label if form else 'not opened'})"
    remedy = _CONVERT if not text else _LET_IN if unscanned is not None else ""
    raise RefusedError(spelled(name), problem, remedy, verdict=report.verdict)


def _scanned(path: Path, name: str) -> FileReport:
    """Scan a file under its own name and, where that is of another format, under one that fits what it holds.

    Raises:
        RefusedError: a scanner found something, could not read it, or failed.
    """
    report = _asked(path, name)
    endings = KINDS[report.format.id].extensions if report.format else ()
    if not endings or (report.format and report.format.matches_name):
        return report
    with _called(path, f"x{endings[0]}") as same:
        return _asked(same, name)


def _asked(path: Path, name: str) -> FileReport:
    report = scan(path)
    if report.verdict not in {Verdict.CLEAN, Verdict.SKIPPED}:
        problem = f"the scan says {report.verdict}: {_why(report)}"
        raise RefusedError(spelled(name), problem, _advice(report), verdict=report.verdict)
    return report


@contextmanager
def _called(path: Path, name: str) -> Iterator[Path]:
    """Give a file another name for a while."""
    scratch = Scratch("unpickled-scan-")
    try:
        other = scratch.path / name
        try:
            other.symlink_to(path.absolute())
        except OSError:  # Windows asks for a right
            shutil.copyfile(path, other)
        yield other
    except OSError as error:
        raise no_room(scratch.path.parent, error) from error
    finally:
        scratch.close()


def _require_harmless(path: Path, name: str) -> None:
    """Refuse a file whose header names something that runs, whatever a scanner thinks of it."""
    try:
        risks = inspect(path).contents.risks
    except ScanError as error:
        problem = f"its header cannot be read: {error.problem}"
        remedy = "Do not load it: get it again."
        raise RefusedError(spelled(name), problem, remedy, verdict=Verdict.UNREADABLE) from error
    if risks:
        problem = f"its header does not pass: {risks[0].text.rstrip('.')}"
        if {risk.kind for risk in risks} == {"name"}:
            remedy, verdict = "Give it a name that fits.", Verdict.SUSPICIOUS
        else:
            remedy, verdict = _CONVERT, Verdict.DANGEROUS
        raise RefusedError(spelled(name), problem, remedy, verdict=verdict)


def _is_text(path: Path, form: Format | None) -> bool:
    """Whether a file is text from its first byte to its last; a format is told by the first ones only."""
    if form is None or form.id not in {"text", "empty"}:
        return False
    decode = codecs.getincrementaldecoder("utf-8")()
    try:
        with open_regular(path) as file:
            while piece := file.read(_CHUNK):
                decode.decode(piece)
                if piece.translate(None, _CONTROLS) != piece:
                    return False
        decode.decode(b"", final=True)
    except (UnicodeDecodeError, ScanError):
        return False
    return True


def _why(report: FileReport) -> str:
    for one in report.reports:
        if one.verdict is report.verdict:
            found = ", ".join(map(str, one.findings)) or one.note.rstrip(".")
            return f"{one.scanner} {found}".strip()
    return "it could not be opened"


def _advice(report: FileReport) -> str:
    return report.advice if report.advice.endswith(".") else f"{report.advice}."
