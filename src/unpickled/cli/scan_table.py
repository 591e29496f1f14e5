"""The table of `unpickled check`: the scanners side by side, in words and shapes that need no colour."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from unpickled.cli.terminal import printable
from unpickled.scanners import SCANNERS, FileReport, Finding, Report, Verdict

__all__ = ["scan_table"]

_SHAPES = {
    Verdict.DANGEROUS: ("■", "X"),
    Verdict.SUSPICIOUS: ("▲", "!"),
    Verdict.FAILED: ("✖", "E"),
    Verdict.UNREADABLE: ("◆", "?"),
    Verdict.SKIPPED: ("◇", "-"),
    Verdict.CLEAN: ("○", "o"),
}
_STYLES = {
    Verdict.DANGEROUS: "bold red",
    Verdict.SUSPICIOUS: "bold yellow",
    Verdict.FAILED: "bold magenta",
    Verdict.UNREADABLE: "magenta",
    Verdict.SKIPPED: "cyan",
    Verdict.CLEAN: "green",
}
_NAMES = 4


def scan_table(reports: Sequence[FileReport], *, plain: bool = False) -> Table:
    """Return one row a file: what it is and what to do on the left, a column for each scanner.

    Args:
        reports: the files, in the order to show.
        plain: use ASCII only.
    """
    table = Table(
        box=box.ASCII if plain else box.SQUARE, show_lines=True, expand=True, padding=(0, 1)
    )
    table.add_column("File, verdict, what to do", ratio=9, overflow="fold")
    for name in SCANNERS:
        table.add_column(_headline(name, reports), ratio=5, overflow="fold")
    for report in reports:
        given = {found.scanner: found for found in report.reports}
        cells = (
            _scanner_cell(given[name], plain) if name in given else Text("not asked")
            for name in SCANNERS
        )
        table.add_row(_file_cell(report, plain), *cells)
    return table


def _headline(name: str, reports: Sequence[FileReport]) -> str:
    versions = {
        found.version for report in reports for found in report.reports if found.scanner == name
    }
    return f"{name} {max(versions, default='')}".strip()


def _file_cell(report: FileReport, plain: bool) -> Text:
    cell = Text(printable(report.path, plain=plain), style="bold")
    if report.format is not None:
        line = report.format.note or report.format.label
        cell.append(
            f"\n{printable(line, plain=plain)}",
            style="not bold" if report.format.matches_name else "not bold italic",
        )
    cell.append(
        f"\n{_shape(report.verdict, plain)} {report.verdict.upper()}. ",
        style=_STYLES[report.verdict],
    )
    return cell.append(printable(report.advice, plain=plain), style="not bold")


def _scanner_cell(report: Report, plain: bool) -> Text:
    cell = Text(f"{_shape(report.verdict, plain)} {report.verdict}", style=_STYLES[report.verdict])
    lines = [*_found(report.findings, plain), *_found(report.unlisted, plain, "unlisted: ")]
    for line in [*lines, printable(report.note, plain=plain)]:
        if line:
            cell.append(f"\n{line}", style="default not bold")
    return cell


def _found(findings: Sequence[Finding], plain: bool, label: str = "") -> list[str]:
    lines = []
    for finding in findings[:_NAMES]:
        place = f" in {finding.where}" if finding.where else ""
        lines.append(printable(f"{label}{finding}{place}", plain=plain))
    if len(findings) > _NAMES:
        lines.append(f"and {len(findings) - _NAMES} more")
    return lines


def _shape(verdict: Verdict, plain: bool) -> str:
    return _SHAPES[verdict][plain]
