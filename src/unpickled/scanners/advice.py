"""The one sentence that a reader takes away from a scan: what to do with the file now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from unpickled.scanners.verdicts import Finding, Report, Verdict
from unpickled.weights import Format

__all__ = ["advise"]

_NAMES = 3
_UNKNOWN = "unknown"  # what both scanners write where they cannot work out a name
_NO_WEIGHTS = {
    "empty": "The file is empty: get it again from its source.",
    "text": "Text, which no scanner reads and no pickle loader should. In folders, --ignore leaves such files out.",
}


def advise(
    verdict: Verdict, form: Format, reports: tuple[Report, ...], codes: Sequence[int] = ()
) -> str:
    """Return the sentence of advice for a file's verdict.

    Args:
        verdict: of all scanners together.
        form: what the file is.
        reports: the scanners' answers.
        codes: numbers that its pickles import by; what they stand for is not in the file.
    """
    if verdict is Verdict.DANGEROUS:
        return _dangerous([finding for report in reports for finding in report.findings])
    if verdict is Verdict.SUSPICIOUS:
        return f"Do not load it before you know what {_names(report.findings for report in reports)} does in it."
    if verdict is Verdict.CLEAN:
        return _by_number(codes) if codes else _clean(form, reports)
    return _not_judged(verdict, form)


def _dangerous(findings: Sequence[Finding]) -> str:
    named = [finding for finding in findings if _UNKNOWN not in (finding.module, finding.name)]
    if findings and not named:
        return (
            "Do not load it: it hides from the scanners what it imports; unpickled trace shows it."
        )
    return f"Do not load it: it names {_names([tuple(named)])}, which can run code."


def _clean(form: Format, reports: tuple[Report, ...]) -> str:
    names = _names(report.unlisted for report in reports)
    if names:
        return f"No known bad name found, but nobody lists {names}: find out what it does before you load the file."
    if form.id in {"torch-zip", "torch-legacy"}:
        return "No known bad name found; still load it with weights_only=True, or convert it to safetensors."
    if form.id in {"npy", "npz"}:
        return "No known bad name found; still load it with allow_pickle=False."
    if form.pickled:
        return "No known bad name found; a pickle can still call what no list holds, so know its source."
    return "No known bad name found."


def _by_number(codes: Sequence[int]) -> str:
    numbers = _few([str(code) for code in codes])
    return (
        f"No known bad name found, but it imports by number (extension code {numbers}), which no scanner resolves: "
        "find out what your program registers there before you load the file."
    )


def _not_judged(verdict: Verdict, form: Format) -> str:
    if form.id in _NO_WEIGHTS:
        return _NO_WEIGHTS[form.id]
    if verdict is Verdict.FAILED:
        return "Do not load it: a scanner gave no answer, and no answer is not a good one."
    if verdict is Verdict.UNREADABLE:
        return "Do not load it: it could not be read to its end, and a loader runs what comes before the break."
    if form.id == "unknown":
        return "Nothing in it that a scanner reads: do not give it to a pickle loader."
    if form.pickled is False:
        return "No scanner judged all of it; the format itself holds no pickle. Load it with its own library."
    return "Do not load it: part of it was not looked at, and not looked at is not clean."


def _names(groups: Iterable[tuple[Finding, ...]]) -> str:
    """Join the distinct names of several findings, a few at most."""
    return _few(list(dict.fromkeys(str(finding) for group in groups for finding in group)))


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMES} more" if len(names) > _NAMES else ""
    return ", ".join(names[:_NAMES]) + more
