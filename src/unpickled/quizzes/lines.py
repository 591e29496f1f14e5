"""A file of answers, line by line: JSON in, one JSON-able record out for each line, whatever the line holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from unpickled.quizzes.quiz import Quiz
from unpickled.quizzes.scoring import score

__all__ = ["score_lines"]

LINE = 8_000_000
"""Characters of a line that are parsed; a longer one goes to a person."""


def score_lines(
    quiz: Quiz, lines: Iterable[str | bytes], *, why: bool = False
) -> Iterator[dict[str, Any]]:
    """Yield a result for each line that is not blank: `id, points, max, criteria, review, feedback`.

    A line that is no JSON object, or lacks something, yields a result too: no points, `review` true, and the reason
    as feedback. Its id is the one it names, or `line N`. A second answer with the same id is flagged.

    Args:
        quiz: whose questions the lines answer.
        lines: JSON objects `{"id", "question", "answer"}`, text or UTF-8 bytes.
        why: also give the reasons for the instructor.
    """
    seen: set[str] = set()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        result = _result(quiz, line, number, why=why)
        if result["id"] in seen:
            result["review"] = True
            result["feedback"] += (
                " Another answer has the same id: a person decides which one counts."
            )
        seen.add(result["id"])
        yield result


def _result(quiz: Quiz, line: str | bytes, number: int, *, why: bool) -> dict[str, Any]:
    data, problem = _parse(line)
    name = data.get("id")
    name = (
        str(name)
        if isinstance(name, str | int) and not isinstance(name, bool) and name != ""
        else f"line {number}"
    )
    name = name.encode("utf-8", "replace").decode("utf-8")
    if problem:
        return _flagged(name, f"{problem} A person has to look at it.")
    question = data.get("question")
    known = quiz.questions.get(question) if isinstance(question, str) else None
    if known is None:
        return _flagged(name, "This names no question of the quiz. A person has to look at it.")
    blank = {one.id: False for one in known.criteria}
    answer = data.get("answer")
    if answer is not None and not isinstance(answer, str):
        return _flagged(
            name, "The answer is not text. A person has to look at it.", known.max, blank
        )
    result = score(quiz, known, answer or "")
    made = {
        "id": name,
        "points": result.points,
        "max": result.max,
        "criteria": result.criteria,
        "review": result.review or "answer" not in data,
        "feedback": result.feedback,
    }
    if why:
        made["why"] = list(result.why)
    return made


def _parse(line: str | bytes) -> tuple[dict[str, Any], str]:
    if len(line) > LINE:
        return {}, "This line is too long to be read."
    try:
        text = line.decode("utf-8-sig") if isinstance(line, bytes) else line.removeprefix("\ufeff")
        data = json.loads(text)
    except (ValueError, RecursionError):
        return {}, "This line is not JSON."
    if not isinstance(data, dict):
        return {}, "This line is not a JSON object."
    return data, ""


def _flagged(
    name: str, feedback: str, most: int = 0, criteria: dict[str, bool] | None = None
) -> dict[str, Any]:
    return {
        "id": name,
        "points": 0,
        "max": most,
        "criteria": criteria or {},
        "review": True,
        "feedback": feedback,
    }
