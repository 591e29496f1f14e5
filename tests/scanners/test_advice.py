"""The sentence that a reader takes away, and the JSON that a script reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from unpickled.scanners import FileReport, Finding, Report, Verdict
from unpickled.scanners.advice import advise
from unpickled.specimens import make
from unpickled.weights import Format, identify

FOUND = Finding("shutil", "rmtree", "archive/data.pkl", "high")


@pytest.fixture
def form(tmp_path: Path) -> Format:
    path = tmp_path / "model.pt"
    path.write_bytes(make("torch-canary") or b"")
    return identify(path)


def report(verdict: Verdict) -> Report:
    findings = (FOUND,) if verdict in {Verdict.DANGEROUS, Verdict.SUSPICIOUS} else ()
    return Report(scanner="picklescan", version="1.0", verdict=verdict, findings=findings)


@pytest.mark.parametrize(
    ("verdict", "sentence"),
    [
        (Verdict.DANGEROUS, "Do not load it: it names shutil.rmtree, which can run code."),
        (
            Verdict.SUSPICIOUS,
            "Do not load it before you know what shutil.rmtree does in it.",
        ),
        (
            Verdict.FAILED,
            "Do not load it: a scanner gave no answer, and no answer is not a good one.",
        ),
        (
            Verdict.UNREADABLE,
            "Do not load it: it could not be read to its end, and a loader runs what comes before the break.",
        ),
        (
            Verdict.SKIPPED,
            "Do not load it: part of it was not looked at, and not looked at is not clean.",
        ),
        (
            Verdict.CLEAN,
            "No known bad name found; still load it with weights_only=True, or convert it to safetensors.",
        ),
    ],
)
def test_each_verdict_has_its_own_sentence(form: Format, verdict: Verdict, sentence: str) -> None:
    """What is doubtful is named; what was not judged is not loaded; clean is never called safe."""
    assert advise(verdict, form, (report(verdict),)) == sentence


@pytest.mark.parametrize(
    ("findings", "said"),
    [
        ([("unknown", "unknown")], "it hides from the scanners what it imports"),
        ([("abs", "unknown")], "it hides from the scanners what it imports"),
        ([("unknown", "unknown"), ("os", "mkdir")], "it names os.mkdir, which can run code."),
    ],
)
def test_a_name_that_no_scanner_worked_out_is_not_told_as_one(
    form: Format, findings: list[tuple[str, str]], said: str
) -> None:
    """Both write "unknown" there; what it is, our own tracer shows."""
    made = Report(
        scanner="picklescan",
        version="1.0",
        verdict=Verdict.DANGEROUS,
        findings=tuple(Finding(module, name) for module, name in findings),
    )
    assert said in advise(Verdict.DANGEROUS, form, (made,))


def test_json_says_where_each_name_stands(form: Format) -> None:
    """The JSON shape, value by value: a script finds the member of the archive."""
    whole = FileReport(
        path="model.pt",
        format=form,
        verdict=Verdict.DANGEROUS,
        reports=(report(Verdict.DANGEROUS),),
        advice="",
    )
    assert whole.to_dict() == {
        "path": "model.pt",
        "format": "torch-zip",
        "verdict": "dangerous",
        "reports": [
            {
                "scanner": "picklescan",
                "version": "1.0",
                "verdict": "dangerous",
                "findings": [
                    {"module": "shutil", "name": "rmtree", "where": "archive/data.pkl"},
                ],
            }
        ],
    }
