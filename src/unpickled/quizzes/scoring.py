"""The quiz scorer's one door: an answer in; points, criteria, feedback and reasons out; never an error."""

from __future__ import annotations

from dataclasses import dataclass

from unpickled.quizzes.choice import choose
from unpickled.quizzes.decision import Decision, comes_late, decide, hinted, in_order, inert_after
from unpickled.quizzes.letters import fold
from unpickled.quizzes.quiz import Criterion, Question, Quiz
from unpickled.quizzes.reading import Reading, read
from unpickled.quizzes.rules import Finding, findings, spared, terse

__all__ = ["Score", "score"]

_TOO_LATE = "stands after the act"


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What an answer earns.

    Attributes:
        points, max: what it earns and could earn; a proposal when `review` is true.
        criteria: each criterion of the question, met or not.
        review: whether a person should look before the points count.
        feedback: for the learner, a sentence or two for each criterion.
        why: for the instructor, what in the answer decided.
    """

    points: int
    max: int
    criteria: dict[str, bool]
    review: bool
    feedback: str
    why: tuple[str, ...]


def score(quiz: Quiz, question: Question, answer: str) -> Score:
    """Score one answer to one question.

    Args:
        quiz: the quiz, for its lexicon and rules.
        question: one of its questions.
        answer: any text.
    """
    reading = read(_unnamed(question, answer), quiz.lexicon, question.prompt)
    found = list(findings(quiz.rules[question.id], reading))
    if not any(one.implies for one in question.criteria):
        found = terse(reading, spared(reading, found))
    decisions = {one.id: _decide(one, reading, found) for one in question.criteria}
    for one in question.criteria:
        if one.implies and decisions[one.implies].met:
            decisions[one.id] = hinted(reading, found, one, decisions[one.id])
    _imply(question, decisions)
    met = {name: decision.met for name, decision in decisions.items()}
    review = any(decision.review for decision in decisions.values()) or _unreadable(reading)
    return Score(
        points=sum(one.points for one in question.criteria if met[one.id]),
        max=question.max,
        criteria=met,
        review=review,
        feedback=" ".join(one.met if met[one.id] else one.missed for one in question.criteria),
        why=tuple(
            f"{name}: {line}" for name, decision in decisions.items() for line in decision.why
        ),
    )


def _decide(criterion: Criterion, reading: Reading, found: list[Finding]) -> Decision:
    if criterion.kind == "choice":
        return choose(reading, criterion.id, "rival")
    mine = [one for one in found if one.criterion == criterion.id]
    decision = decide(reading, mine, criterion.doubted_by)
    if not decision.met:
        return decision
    misplaced = _misplaced(criterion, reading, mine)
    if misplaced:
        review = misplaced != _TOO_LATE
        return Decision(False, review=review, why=(*decision.why, misplaced))
    if criterion.denied_by and inert_after(reading, mine, *criterion.denied_by):
        return Decision(False, review=False, why=(*decision.why, "denied at the end"))
    return decision


def _misplaced(criterion: Criterion, reading: Reading, found: list[Finding]) -> str:
    """Return how the claim is out of the order that the criterion asks for; "" where it is not."""
    if criterion.kind == "order":
        order = in_order(reading, found, "loading")
        return {"after": _TOO_LATE, "open": "before or after the act?"}.get(order, "")
    if criterion.kind == "place" and comes_late(reading, found, "loading"):
        return "only after the act"
    return ""


def _imply(question: Question, decisions: dict[str, Decision]) -> None:
    """Let a criterion that is met carry the one it implies: unearned so far, or earned with less certainty."""
    for one in question.criteria:
        if not one.implies or not decisions[one.id].met:
            continue
        mine, other = decisions[one.id], decisions[one.implies]
        if not other.met or (other.review and not mine.review):
            why = (*(other.why if other.met else ()), f"follows from {one.id}")
            decisions[one.implies] = Decision(True, review=mine.review, why=why)


def _unnamed(question: Question, answer: str) -> str:
    """Return the answer with the criteria's own names, as "scan_first", read as what they are: talk to the grader."""
    names = [one.id for one in question.criteria if "_" in one.id]
    plain = fold(answer) if "_" in answer else ""
    if not any(name in plain for name in names):
        return answer
    for name in names:
        plain = plain.replace(name, " criterion ")
    return plain


def _unreadable(reading: Reading) -> bool:
    return reading.cut or reading.glossed or (reading.words() >= 4 and reading.strange > 0.5)
