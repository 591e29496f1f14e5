"""One verdict over picklescan and modelscan, in which only CLEAN is clean; the scanners run in a child process."""

from __future__ import annotations

from unpickled.scanners.scan import SCANNERS, scan
from unpickled.scanners.tree import Survey, Target, report_on, scan_tree, survey
from unpickled.scanners.verdicts import NO_BAD_NAME, FileReport, Finding, Report, Verdict

__all__ = [
    "NO_BAD_NAME",
    "SCANNERS",
    "FileReport",
    "Finding",
    "Report",
    "Survey",
    "Target",
    "Verdict",
    "report_on",
    "scan",
    "scan_tree",
    "survey",
]
