"""From what a scanner answered to an `Opinion`: read strictly, so that no crash and no noise ever counts as clean.

What each tool's answer comes to is a decision of ours, made once and said here.

* picklescan, modelscan: the verdict of `unpickled.scanners`, in which what was skipped or unreadable is not clean. The
  exit code of the command stands beside it.
* weights_only: `refused` warns, `loaded` is quiet, and what is no PyTorch file is not judged.
* fickling: its findings, if its exit code agrees with them. That it could not parse is no finding, though it ends with
  1 and says "unsafe" then, about a GGUF file as about a damaged pickle: unless it found something in what it did parse,
  it has not judged.
* modelaudit: a critical finding warns, as does its exit code 1 for a file that it read whole. Without one, a file
  that it did not read whole is not judged.
"""

from __future__ import annotations

import json
from typing import Any

from unpickled.restricted import WeightsOnly
from unpickled.scanners import FileReport, Verdict
from unpickled.scoreboard.commands import Ended
from unpickled.scoreboard.results import NO_ANSWER, Opinion, Says

__all__ = ["from_fickling", "from_modelaudit", "from_report", "from_weights_only"]

_VERDICTS: dict[Verdict, Says] = {
    Verdict.DANGEROUS: "warns",
    Verdict.SUSPICIOUS: "warns",
    Verdict.CLEAN: "quiet",
}
_NAMES = 3
_SEVERITIES = (  # fickling's, from best to worst
    "LIKELY_SAFE",
    "POSSIBLY_UNSAFE",
    "SUSPICIOUS",
    "LIKELY_UNSAFE",
    "LIKELY_OVERTLY_MALICIOUS",
    "OVERTLY_MALICIOUS",
)
_NOT_PARSED = (  # how fickling's sentences begin that only tell that it could not parse
    "The file has invalid opcode(s).",
    "The pickle file has malformed opcode sequences",
)
_MOST = 160


def from_report(report: FileReport, ended: Ended) -> Opinion:
    """Read the report of one of the course's two scanners, and how its command ended on the same file."""
    if not report.reports:
        return Opinion(
            says="nothing", word=str(report.verdict), reason=report.advice, exit=ended.code
        )
    (one,) = report.reports
    names = ", ".join(dict.fromkeys(str(finding) for finding in one.findings[:_NAMES]))
    return Opinion(
        says=_VERDICTS.get(one.verdict, "nothing"),
        word=str(one.verdict),
        reason=f"It names {names}." if names else one.note,
        exit=ended.code,
        seconds=one.seconds,
    )


def from_weights_only(record: WeightsOnly) -> Opinion:
    """Read what PyTorch's restricted unpickler made of a file."""
    says: Says = {"refused": "warns", "loaded": "quiet"}.get(record.outcome, "nothing")  # type: ignore[assignment]
    counted = f"{record.tensors} tensor{'s' * (record.tensors != 1)}"
    reason = f"It loads, with {counted}." if says == "quiet" else _sentence(record.message)
    return Opinion(says=says, word=record.outcome, reason=reason, seconds=record.seconds)


def from_fickling(ended: Ended) -> Opinion:
    """Read `fickling --check-safety --json-output`: JSON objects, one a pickle, behind each other."""
    if ended.code is None:
        return _no_answer(ended)
    if ended.code not in {0, 1}:
        return _opinion(ended, "nothing", "not parsed", "It could not parse it as a pickle.")
    try:
        told = [
            (_SEVERITIES.index(one["severity"]), _findings(str(one["analysis"])))
            for one in _objects(ended.answer)
        ]
    except (ValueError, KeyError, TypeError, RecursionError):
        return _not_understood(ended)
    if any(level for level, _ in told) != (ended.code == 1):
        return _not_understood(ended)
    judged = [one for one in told if one[1]]
    level, findings = max(judged, default=(0, ""))
    if not level and len(judged) < len(told):
        return _opinion(ended, "nothing", "not parsed", _first_line(_NOT_PARSED[0]))
    return _opinion(ended, "warns" if level else "quiet", _SEVERITIES[level], _first_line(findings))


def _findings(analysis: str) -> str:
    """Return what fickling says of a pickle, without the lines that only tell that it could not parse it."""
    lines = analysis.strip().splitlines()
    return "\n".join(line for line in lines if not line.startswith(_NOT_PARSED))


def from_modelaudit(ended: Ended) -> Opinion:
    """Read `modelaudit scan --format json`."""
    if ended.code is None:
        return _no_answer(ended)
    try:
        told: Any = json.loads(ended.answer)
        issues = [(str(one["severity"]), str(one["message"])) for one in told["issues"]]
        whole = told["success"] is True and told["has_errors"] is False and ended.code in {0, 1}
    except (ValueError, KeyError, TypeError, RecursionError):
        return _not_understood(ended)
    critical = [message for severity, message in issues if severity == "critical"]
    if critical:
        return _opinion(ended, "warns", "critical", _first_line(critical[0]))
    if not whole:
        return _opinion(ended, "nothing", "incomplete", "It did not read all of it.")
    if ended.code == 0:
        return _opinion(ended, "quiet", "clean", "")
    severity, message = max(issues, key=_by_severity, default=("issues", ""))
    return _opinion(ended, "warns", severity, _first_line(message))


def _by_severity(issue: tuple[str, str]) -> int:
    known = ("debug", "info", "warning", "critical")
    return known.index(issue[0]) if issue[0] in known else len(known)


def _objects(text: str) -> list[dict[str, Any]]:
    """Read JSON objects that stand behind each other; at least one.

    Raises:
        ValueError: there is none, or something else.
    """
    decoder, found, at = json.JSONDecoder(), [], 0
    text = text.strip()
    while at < len(text):
        one, at = decoder.raw_decode(text, at)
        if not isinstance(one, dict):
            raise ValueError("no object")
        found.append(one)
        while at < len(text) and text[at].isspace():
            at += 1
    if not found:
        raise ValueError("no answer")
    return found


def _opinion(ended: Ended, says: Says, word: str, reason: str) -> Opinion:
    return Opinion(says=says, word=word, reason=reason, exit=ended.code, seconds=ended.seconds)


def _no_answer(ended: Ended) -> Opinion:
    return _opinion(ended, "nothing", NO_ANSWER, _sentence(ended.problem))


def _not_understood(ended: Ended) -> Opinion:
    return _opinion(ended, "nothing", NO_ANSWER, "Its answer could not be understood.")


def _first_line(text: str) -> str:
    """Return the first line of a tool's words, cut to a bearable length, with what cannot be printed left out."""
    line = next(iter(text.strip().splitlines()), "")
    shown = "".join(letter for letter in line if letter.isprintable())
    return _sentence(shown if len(shown) <= _MOST else f"{shown[: _MOST - 1]}…")


def _sentence(text: str) -> str:
    if not text:
        return ""
    whole = f"{text[:1].upper()}{text[1:]}"
    return whole if whole.endswith((".", "…", "!")) else f"{whole}."
