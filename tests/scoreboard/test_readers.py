"""Answers of other people's tools, read strictly: a crash, a babble or a contradiction is no judgement."""

from __future__ import annotations

import json
from typing import Any

import pytest

from unpickled.restricted import WeightsOnly
from unpickled.scanners import FileReport, Finding, Report, Verdict
from unpickled.scoreboard.commands import Ended
from unpickled.scoreboard.readers import (
    from_fickling,
    from_modelaudit,
    from_report,
    from_weights_only,
)


def fickling(*severities: str) -> str:
    return "".join(
        json.dumps({"severity": one, "analysis": f"{one} it is\nmore"}) for one in severities
    )


def modelaudit(*issues: tuple[str, str], **changes: Any) -> str:
    listed = [{"severity": severity, "message": message} for severity, message in issues]
    return json.dumps({"issues": listed, "success": True, "has_errors": False, **changes})


def test_fickling_warns_with_its_worst_word() -> None:
    """Of several pickles the worst decides."""
    found = from_fickling(
        Ended(code=1, answer=fickling("LIKELY_SAFE", "OVERTLY_MALICIOUS", "SUSPICIOUS"))
    )
    assert (found.says, found.word, found.exit) == ("warns", "OVERTLY_MALICIOUS", 1)
    assert found.reason == "OVERTLY_MALICIOUS it is."


def test_fickling_is_quiet_only_where_all_is_safe() -> None:
    assert (
        from_fickling(Ended(code=0, answer=fickling("LIKELY_SAFE", "LIKELY_SAFE"))).says == "quiet"
    )


INVALID = "The file has invalid opcode(s). It is either corrupted or attempting to bypass it"
MALFORMED = "The pickle file has malformed opcode sequences (IndexError: pop from an empty stack)"


def unparsed(*more: str, severity: str = "LIKELY_UNSAFE") -> str:
    return json.dumps({"severity": severity, "analysis": "\n".join([INVALID, MALFORMED, *more])})


@pytest.mark.parametrize(
    "answer", [unparsed(), unparsed() + unparsed(), fickling("LIKELY_SAFE") + unparsed()]
)
def test_fickling_has_not_judged_what_it_could_not_parse(answer: str) -> None:
    """It ends with 1 and says "unsafe", about a GGUF file as about an attack."""
    found = from_fickling(Ended(code=1, answer=answer))
    assert (found.says, found.word, found.exit) == ("nothing", "not parsed", 1)
    assert found.reason == "The file has invalid opcode(s)."


@pytest.mark.parametrize(
    "answer",
    [
        unparsed("`from os import mkdir` is suspicious", severity="OVERTLY_MALICIOUS"),
        json.dumps(
            {"severity": "OVERTLY_MALICIOUS", "analysis": "`from os import mkdir` is suspicious"}
        )
        + unparsed(),
    ],
)
def test_a_finding_in_what_fickling_did_parse_counts(answer: str) -> None:
    """What cannot be read behind a call takes nothing from the call; the reason is the finding."""
    found = from_fickling(Ended(code=1, answer=answer))
    assert (found.says, found.word) == ("warns", "OVERTLY_MALICIOUS")
    assert found.reason == "`from os import mkdir` is suspicious."


@pytest.mark.parametrize(
    "ended",
    [
        Ended(code=None, problem="it raised AttributeError"),
        Ended(code=1, answer=""),  # a traceback ends with 1, too
        Ended(code=0, answer=""),
        Ended(code=0, answer="{}"),
        Ended(code=0, answer="[]"),
        Ended(code=0, answer=fickling("LIKELY_SAFE") + "noise"),
        Ended(
            code=0, answer=fickling("LIKELY_SAFE", "SUSPICIOUS")
        ),  # its words and its number disagree
        Ended(code=1, answer=fickling("LIKELY_SAFE")),
        Ended(code=0, answer=unparsed()),
        Ended(code=0, answer=fickling("FINE")),
        Ended(code=2, answer=fickling("OVERTLY_MALICIOUS")),
        Ended(code=139, answer=fickling("LIKELY_SAFE")),
        Ended(code=0, answer="[" * 100_000),
    ],
)
def test_no_answer_of_fickling_is_no_judgement(ended: Ended) -> None:
    assert from_fickling(ended).says == "nothing"
    assert from_fickling(ended).reason.endswith(".")


def test_modelaudit_warns_about_what_is_critical_also_where_it_was_not_done() -> None:
    answer = modelaudit(
        ("info", "note"), ("critical", "calls os.mkdir"), success=False, has_errors=True
    )
    found = from_modelaudit(Ended(code=2, answer=answer))
    assert (found.says, found.word, found.reason) == ("warns", "critical", "Calls os.mkdir.")


def test_modelaudit_says_its_worst_issue() -> None:
    answer = modelaudit(("info", "note"), ("warning", "odd"), ("info", "more"))
    found = from_modelaudit(Ended(code=1, answer=answer))
    assert (found.says, found.word, found.reason) == ("warns", "warning", "Odd.")


def test_modelaudit_is_quiet_only_about_a_whole_file() -> None:
    assert from_modelaudit(Ended(code=0, answer=modelaudit(("info", "note")))).says == "quiet"


@pytest.mark.parametrize(
    "ended",
    [
        Ended(code=None, problem="it took longer than 60 seconds"),
        Ended(code=0, answer=""),
        Ended(code=1, answer="Traceback"),
        Ended(code=0, answer=modelaudit(success=False)),
        Ended(code=0, answer=modelaudit(has_errors=True)),
        Ended(code=2, answer=modelaudit()),
        Ended(code=1, answer=modelaudit(("warning", "odd"), success=False)),
        Ended(code=0, answer=modelaudit(success="yes")),
        Ended(code=0, answer=modelaudit(issues=None)),
        Ended(code=0, answer=modelaudit(issues=[1])),
        Ended(code=0, answer="[]"),
        Ended(code=255, answer=modelaudit()),
    ],
)
def test_no_whole_answer_of_modelaudit_is_no_judgement(ended: Ended) -> None:
    assert from_modelaudit(ended).says == "nothing"


@pytest.mark.parametrize(
    ("verdict", "says"),
    [
        (Verdict.DANGEROUS, "warns"),
        (Verdict.SUSPICIOUS, "warns"),
        (Verdict.CLEAN, "quiet"),
        (Verdict.UNREADABLE, "nothing"),
        (Verdict.SKIPPED, "nothing"),
        (Verdict.FAILED, "nothing"),
    ],
)
def test_only_clean_is_quiet(verdict: Verdict, says: str) -> None:
    """Exit code 0 beside another verdict than clean changes nothing."""
    names = (Finding("os", "mkdir"),) if says == "warns" else ()
    one = Report(
        scanner="picklescan", version="1", verdict=verdict, findings=names, note="So.", seconds=0.5
    )
    report = FileReport(path="x", format=None, verdict=verdict, reports=(one,), advice="Do.")
    found = from_report(report, Ended(code=0))
    assert (found.says, found.word, found.exit, found.seconds) == (says, verdict, 0, 0.5)
    assert found.reason == ("It names os.mkdir." if names else "So.")


def test_a_file_that_was_not_opened_is_not_judged() -> None:
    report = FileReport(
        path="x", format=None, verdict=Verdict.FAILED, reports=(), advice="It is gone."
    )
    assert from_report(report, Ended(code=0)).says == "nothing"


@pytest.mark.parametrize(
    ("outcome", "says"), [("refused", "warns"), ("loaded", "quiet"), ("failed", "nothing")]
)
def test_a_refusal_warns_and_a_load_is_quiet(outcome: Any, says: str) -> None:
    found = from_weights_only(WeightsOnly("x", outcome, message="it imports os.mkdir", tensors=1))
    assert (found.says, found.word, found.exit) == (says, outcome, None)
    assert found.reason == (
        "It loads, with 1 tensor." if says == "quiet" else "It imports os.mkdir."
    )


def test_a_tools_words_are_cut_and_cannot_move_the_cursor() -> None:
    """What a tool says may come from the file."""
    answer = json.dumps({"severity": "SUSPICIOUS", "analysis": "a\x1b[2Jb\u202e" + "x" * 999})
    reason = from_fickling(Ended(code=1, answer=answer)).reason
    assert reason.startswith("A[2Jb")
    assert len(reason) <= 161
    assert reason.isprintable()
