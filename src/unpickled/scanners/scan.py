"""One verdict over all scanners: ask each, count what it left out, say what to do."""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

from unpickled.errors import ScanError
from unpickled.scanners.advice import advise
from unpickled.scanners.answers import Answer
from unpickled.scanners.coverage import Part, gap, parts
from unpickled.scanners.verdicts import FileReport, Finding, Report, Verdict, worst
from unpickled.scanners.workshop import Asked, shared
from unpickled.weights import NotAFileError, identify

__all__ = ["SCANNERS", "could_not", "scan"]

SCANNERS = ("picklescan", "modelscan")
_DANGEROUS = {"dangerous", "critical", "high"}
_EMPTY = (Verdict.SKIPPED, "The file is empty, so there is nothing to look at.")


def scan(
    path: str | os.PathLike[str],
    *,
    scanners: Sequence[str] = SCANNERS,
    workshop: Asked | None = None,
) -> FileReport:
    """Scan one file and judge the answers.

    Args:
        path: a regular file; links to one are followed. A folder, pipe, socket or device is not opened.
        scanners: which to ask, of `SCANNERS`.
        workshop: where the scanners run; the program's shared one by default.

    Returns:
        A report, for every path: what could not be judged is a verdict of its own. Nothing is raised for a file.

    Raises:
        ScanError: if a scanner's name is unknown.
    """
    unknown = [name for name in scanners if name not in SCANNERS]
    if unknown:
        raise ScanError(
            unknown[0], "there is no such scanner", f"Choose from: {', '.join(SCANNERS)}."
        )
    shown = os.fspath(path)
    try:
        before = _stamp(path)
        form, found = identify(path), parts(path)
    except ScanError as error:
        return could_not(shown, error)
    reports = tuple(_report(name, shown, found, workshop or shared()) for name in scanners)
    if _stamp(path) != before:
        return could_not(shown, ScanError(shown, "it changed while it was read", "Scan it again."))
    verdict = worst(report.verdict for report in reports)
    codes = sorted({code for part in found for code in part.codes})
    advice = advise(verdict, form, reports, codes)
    return FileReport(path=shown, format=form, verdict=verdict, reports=reports, advice=advice)


def could_not(path: str, error: ScanError) -> FileReport:
    """Report a path that no scanner was asked about: SKIPPED if it is not a file, else FAILED."""
    verdict = Verdict.SKIPPED if isinstance(error, NotAFileError) else Verdict.FAILED
    advice = f"{error.problem[:1].upper()}{error.problem[1:]}. {error.remedy}".strip()
    return FileReport(path=path, format=None, verdict=verdict, reports=(), advice=advice)


def _stamp(path: str | os.PathLike[str]) -> tuple[int, ...]:
    """Tell a file's identity, size and time of change apart; empty where that cannot be had."""
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


def _report(scanner: str, path: str, found: tuple[Part, ...], workshop: Asked) -> Report:
    large = next((part.problem for part in found if part.too_large), "")
    if large:
        return _not_asked(scanner, large)
    # The worker may have been started in another folder than the current one.
    reply = workshop.ask({"scanner": scanner, "path": str(Path(path).absolute())})
    version, seconds = str(reply["version"]), float(reply["seconds"])
    try:
        answer = Answer.from_json(reply["answer"])
    except (KeyError, TypeError):
        problem = str(reply.get("error", "its answer could not be understood"))
        verdict, note = _EMPTY if _is_empty(found) else (Verdict.FAILED, _sentence(problem))
        return Report(scanner=scanner, version=version, verdict=verdict, seconds=seconds, note=note)
    verdict, note = _judge(answer, found)
    return Report(
        scanner=scanner,
        version=version,
        verdict=verdict,
        findings=answer.flagged,
        unlisted=() if all(part.format == "text" for part in found) else answer.unlisted,
        seconds=seconds,
        note=note,
    )


def _not_asked(scanner: str, problem: str) -> Report:
    """Spare the scanner what would fill the memory: it would be stopped by its limits, after minutes."""
    try:
        version = metadata.version(scanner)
    except metadata.PackageNotFoundError:
        version = ""
    note = _sentence(f"{problem}; the scanner was not asked")
    return Report(scanner=scanner, version=version, verdict=Verdict.UNREADABLE, note=note)


def _judge(answer: Answer, found: tuple[Part, ...]) -> tuple[Verdict, str]:
    if _is_empty(found):
        return _EMPTY
    rest, note = gap(answer, found)
    if answer.flagged:
        return _severity(answer.flagged), _sentence(note)
    return rest, _sentence(note)


def _severity(flagged: tuple[Finding, ...]) -> Verdict:
    """picklescan: dangerous. modelscan: critical and high are dangerous; medium, low and the rest suspicious."""
    known = any(finding.severity in _DANGEROUS for finding in flagged)
    return Verdict.DANGEROUS if known else Verdict.SUSPICIOUS


def _is_empty(found: tuple[Part, ...]) -> bool:
    return all(part.format == "empty" for part in found)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}." if text else ""
