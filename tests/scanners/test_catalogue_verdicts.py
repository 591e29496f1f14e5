"""Both real scanners over the whole catalogue: the stated verdicts and exit codes are true."""

from __future__ import annotations

import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any

import pytest

from unpickled.scanners import SCANNERS, FileReport, Verdict, scan
from unpickled.specimens import Specimen, catalogue, specimen, write

pytestmark = pytest.mark.timeout(300)  # whichever test comes first runs the scanners

ALL = [pytest.param(entry, id=entry.id) for entry in catalogue()]
BAD = {Verdict.DANGEROUS, Verdict.SUSPICIOUS}


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, FileReport]:
    folder = tmp_path_factory.mktemp("specimens")
    return {entry.id: scan(write(entry.id, folder)) for entry in catalogue()}


@pytest.fixture(scope="module")
def exits(real_board: dict[str, Any]) -> dict[tuple[str, str], int]:
    """The exit code of each console script on each specimen, each run in a process of its own by the scoreboard."""
    return {(one["file"], one["scanner"]): one["exit"] for one in real_board["answers"]}


def verdict(report: FileReport, scanner: str) -> Verdict:
    """One scanner's verdict; that of the whole where it was not asked."""
    return next(
        (found.verdict for found in report.reports if found.scanner == scanner), report.verdict
    )


@pytest.mark.parametrize("entry", ALL)
def test_verdicts_are_as_stated(entry: Specimen, reports: dict[str, FileReport]) -> None:
    """Each scanner gives the verdict that the catalogue states."""
    report = reports[entry.id]
    assert {name: str(verdict(report, name)) for name in SCANNERS} == dict(entry.expect)
    assert (report.format.id if report.format else "") == entry.format


@pytest.mark.parametrize("entry", [one for one in ALL if one.id != "empty-folder"])
def test_exit_codes_are_as_stated(entry: Specimen, exits: dict[tuple[str, str], int]) -> None:
    """Each console script exits as the catalogue states."""
    assert {name: exits[entry.id, name] for name in SCANNERS} == dict(entry.exits)


@pytest.mark.parametrize("scanner", SCANNERS)
def test_the_scripts_themselves_exit_so(scanner: str, tmp_path: Path) -> None:
    """For one specimen of each exit code, and for a folder, the script that a learner types gives it too."""
    script = Path(sys.executable).with_name(scanner)
    codes = {entry.exits[scanner] for entry in catalogue()}
    chosen = [next(one for one in catalogue() if one.exits[scanner] == code) for code in codes]
    for entry in {one.id: one for one in (*chosen, specimen("empty-folder"))}.values():
        code = entry.exits[scanner]
        path = write(entry.id, tmp_path)
        done = subprocess.run([script, "-p", path], cwd=tmp_path, capture_output=True, check=False)
        assert done.returncode == code, entry.id


@pytest.mark.parametrize("entry", ALL)
def test_verdicts_agree_with_exit_codes(entry: Specimen, reports: dict[str, FileReport]) -> None:
    """Exit 1 is bad here too; clean here is exit 0 there; bad here is exit 1, or 2 for a find in a broken file."""
    for name in SCANNERS:
        found, code = verdict(reports[entry.id], name), entry.exits[name]
        assert (code != 1) or found in BAD
        assert (found is not Verdict.CLEAN) or code == 0
        assert (found not in BAD) or code in {1, 2}


@pytest.mark.parametrize("entry", ALL)
def test_every_report_is_complete(entry: Specimen, reports: dict[str, FileReport]) -> None:
    """A report has its version, a reason for what is not judged, findings exactly where it is bad, and no paths."""
    whole = reports[entry.id]
    assert whole.advice.endswith(".")
    for report in whole.reports:
        assert report.version == metadata.version(report.scanner)
        assert report.seconds > 0
        assert bool(report.findings) == (report.verdict in BAD)
        assert report.note or report.verdict in BAD | {Verdict.CLEAN}
        assert not report.note or report.note.endswith(".")
        shown = [report.note, *(finding.where for finding in (*report.findings, *report.unlisted))]
        assert not any(
            text.startswith("/") or "/tmp" in text or entry.filename in text for text in shown
        )


def test_the_file_verdict_is_the_worst(reports: dict[str, FileReport]) -> None:
    """A file is as bad as the worst that any scanner says; one skip is enough not to be clean."""
    order = ["dangerous", "suspicious", "failed", "unreadable", "skipped", "clean"]
    for entry in catalogue():
        assert reports[entry.id].verdict == min(entry.expect.values(), key=order.index)


def test_no_harmful_looking_specimen_is_clean_but_the_known_misses(
    reports: dict[str, FileReport],
) -> None:
    """What both scanners miss is known by class; nothing else that looks harmful passes."""
    missed = {
        entry.id
        for entry in catalogue()
        if entry.harmful_looking and reports[entry.id].verdict == "clean"
    }
    classes = {"unlisted-call", "by-number"}
    assert missed == {entry.id for entry in catalogue() if entry.kind in classes}
