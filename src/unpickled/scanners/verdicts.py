"""The words of a scan: verdicts from worst to best, findings, and the reports that carry them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from unpickled.weights import Format

__all__ = ["NO_BAD_NAME", "FileReport", "Finding", "Report", "Verdict", "worst"]

NO_BAD_NAME = "no known bad name found"


class Verdict(StrEnum):
    """What may be said about a file. Only `CLEAN` is clean, and it means no more than its text says."""

    CLEAN = "clean"
    SUSPICIOUS = "suspicious"
    DANGEROUS = "dangerous"
    UNREADABLE = "unreadable"
    SKIPPED = "skipped"
    FAILED = "failed"

    @property
    def text(self) -> str:
        """Say in a few words what the verdict means."""
        return _TEXT[self]


_TEXT = {
    Verdict.CLEAN: NO_BAD_NAME,
    Verdict.SUSPICIOUS: "a name of doubtful use found",
    Verdict.DANGEROUS: "a name that can run code found",
    Verdict.UNREADABLE: "damaged, so not judged",
    Verdict.SKIPPED: "not looked at, or not whole",
    Verdict.FAILED: "the scan gave no answer",
}
_WORST_FIRST = (
    Verdict.DANGEROUS,
    Verdict.SUSPICIOUS,
    Verdict.FAILED,
    Verdict.UNREADABLE,
    Verdict.SKIPPED,
    Verdict.CLEAN,
)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of some verdicts; SKIPPED when there are none, since nobody looked."""
    found = set(verdicts)
    return next((verdict for verdict in _WORST_FIRST if verdict in found), Verdict.SKIPPED)


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One name that a scanner reports.

    Attributes:
        module: the module it is imported from, as the pickle spells it (`posix`, not `os`).
        name: the name in that module.
        where: the archive member it stands in; empty for the file itself.
        severity: the scanner's own word for it, in lower case.
    """

    module: str
    name: str
    where: str = ""
    severity: str = ""

    def __str__(self) -> str:
        return f"{self.module}.{self.name}" if self.module else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One scanner on one file.

    Attributes:
        scanner: its name.
        version: its installed version; empty where it is not installed.
        verdict: what its answer comes to, once what it left out is counted.
        findings: the names that it flags, sorted.
        unlisted: names on neither of its lists (picklescan calls them suspicious and still exits 0).
        seconds: how long it took.
        note: one sentence on what it did not look at or why it could not judge; empty if there is nothing to say.
    """

    scanner: str
    version: str
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    unlisted: tuple[Finding, ...] = ()
    seconds: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileReport:
    """One file, all scanners.

    Attributes:
        path: as the caller gave it (or joined to the folder that the caller gave).
        format: what the file is; None where it was not opened.
        verdict: the worst of the reports.
        reports: one for each scanner asked, in the order asked; empty where the file was not opened.
        advice: one sentence on what to do now.
    """

    path: str
    format: Format | None
    verdict: Verdict
    reports: tuple[Report, ...]
    advice: str

    def to_dict(self) -> dict[str, object]:
        """Return the JSON shape of `unpickled check --json`."""
        return {
            "path": self.path,
            "format": self.format.id if self.format else None,
            "verdict": str(self.verdict),
            "reports": [
                {
                    "scanner": report.scanner,
                    "version": report.version,
                    "verdict": str(report.verdict),
                    "findings": [
                        {"module": found.module, "name": found.name, "where": found.where}
                        for found in report.findings
                    ],
                }
                for report in self.reports
            ],
        }
