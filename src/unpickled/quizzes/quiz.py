"""The graded quiz as records: items, key, criteria and the words of its rules, loaded from `quizzes/<lesson>/`.

Two files: `quiz.toml` (items, stated key, criteria, feedback) and `meaning.toml` (concepts and rules). Neither is
released to learners, and nothing of them is in the package.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from unpickled.content import course_root
from unpickled.errors import ContentError
from unpickled.quizzes.lexicon import Lexicon, language
from unpickled.quizzes.rules import Rule

__all__ = ["Criterion", "Question", "Quiz", "load_quiz"]

KINDS = ("claim", "order", "place", "choice")


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One thing that an answer must say.

    Attributes:
        id: its name in results.
        kind: `claim`; `order` (a claim that must come before the act); `place`
            (a claim that must not come after the act); `choice` (commits to the
            concept `target` and not to one of `rival`).
        points: what it is worth.
        means: what it asks for, in plain words.
        met, missed: feedback.
        implies: another criterion that is met with it; empty for none.
        denied_by: concepts that take the claim back where they are said last.
        hinted_by, perhaps_by: concepts that suggest it, well or badly, where what it implies is met.
        doubted_by: concepts that make a credit less sure wherever they are said.
    """

    id: str
    kind: str
    points: int
    means: str
    met: str
    missed: str
    implies: str
    denied_by: tuple[str, ...]
    doubted_by: tuple[str, ...]
    hinted_by: tuple[str, ...]
    perhaps_by: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One item of the quiz: prompt, stated answer key, criteria."""

    id: str
    prompt: str
    key: str
    criteria: tuple[Criterion, ...]

    @property
    def max(self) -> int:
        """Return the points of a full answer."""
        return sum(criterion.points for criterion in self.criteria)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiz:
    """A lesson's graded quiz with the lexicon and rules that score it."""

    lesson: str
    questions: Mapping[str, Question]
    rules: Mapping[str, tuple[Rule, ...]]
    lexicon: Lexicon


def load_quiz(lesson: str = "L4.4.2", root: Path | None = None) -> Quiz:
    """Return the graded quiz of a lesson.

    Raises:
        ContentError: a file is missing or breaks its schema.
    """
    return _load(lesson, (root or course_root()).resolve())


@lru_cache(maxsize=4)
def _load(lesson: str, root: Path) -> Quiz:
    items, meaning = (_toml(root, f"quizzes/{lesson}/{name}.toml") for name in ("quiz", "meaning"))
    general = language()
    concepts = {**general.concepts, **meaning[1].get("concepts", {})}
    hides = {**general.hides, **meaning[1].get("hides", {})}
    glosses, tongues = (meaning[1].get(name, {}) for name in ("glosses", "tongues"))
    lexicon = Lexicon(concepts, hides, general.guarded, glosses, tongues)
    questions = tuple(_question(items[0], data) for data in items[1].get("item", ()))
    rules = tuple(_rule(meaning[0], data, concepts) for data in meaning[1].get("rules", ()))
    _check(items[0], meaning[0], questions, rules)
    return Quiz(
        lesson=lesson,
        questions={question.id: question for question in questions},
        rules={
            question.id: tuple(
                rule for rule in rules if rule.criterion in {c.id for c in question.criteria}
            )
            for question in questions
        },
        lexicon=lexicon,
    )


def _toml(root: Path, path: str) -> tuple[str, dict[str, Any]]:
    try:
        return path, tomllib.loads((root / path).read_text("utf-8"))
    except OSError as error:
        raise ContentError(
            path, f"cannot be read: {error.strerror}", "Restore the file."
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ContentError(path, f"this is not TOML: {error}", "Correct the syntax.") from error


def _question(path: str, data: dict[str, Any]) -> Question:
    name = str(data.get("id", "?"))
    criteria = tuple(_criterion(path, name, row) for row in data.get("criterion", ()))
    if not criteria:
        raise ContentError(
            path, f'item "{name}" has no criterion', "Add at least one [[item.criterion]]."
        )
    prompt, key = (_text(path, name, data, what) for what in ("prompt", "key"))
    return Question(id=name, prompt=prompt, key=key, criteria=criteria)


def _criterion(path: str, item: str, row: dict[str, Any]) -> Criterion:
    name, kind, points = str(row.get("id", "?")), row.get("kind", "claim"), row.get("points", 1)
    place = f"{item}/{name}"
    if kind not in KINDS:
        raise ContentError(
            path, f'criterion "{place}" has an unknown kind', f"Known: {', '.join(KINDS)}."
        )
    if not isinstance(points, int) or isinstance(points, bool) or points < 1:
        raise ContentError(
            path, f'criterion "{place}" has no points', "Give a whole number above 0."
        )
    means, met, missed = (_text(path, place, row, what) for what in ("means", "met", "missed"))
    implies = str(row.get("implies", ""))
    concepts = {
        what: _concepts(path, place, row, what)
        for what in ("denied_by", "doubted_by", "hinted_by", "perhaps_by")
    }
    return Criterion(
        id=name,
        kind=kind,
        points=points,
        means=means,
        met=met,
        missed=missed,
        implies=implies,
        **concepts,
    )


def _text(path: str, place: str, row: dict[str, Any], what: str) -> str:
    value = row.get(what)
    if not isinstance(value, str) or not value.strip():
        raise ContentError(path, f'"{place}" has no {what}', "Write it.")
    return value.strip()


def _concepts(path: str, place: str, row: dict[str, Any], what: str) -> tuple[str, ...]:
    value = row.get(what, [])
    if not isinstance(value, list):
        raise ContentError(path, f'"{place}" has no list as {what}', 'Write ["…"].')
    return tuple(value)


def _rule(path: str, data: dict[str, Any], concepts: Mapping[str, str]) -> Rule:
    groups = {
        side: tuple(tuple(group) for group in data.get(side, ()))
        for side in ("near", "before", "after")
    }
    head, link, unless = (tuple(data.get(side, ())) for side in ("head", "link", "unless"))
    named = {
        *head,
        *link,
        *unless,
        *(name for all_of in groups.values() for one in all_of for name in one),
    }
    if unknown := named - concepts.keys():
        raise ContentError(
            path, f"a rule names the unknown concept {min(unknown)}", "Add it under [concepts]."
        )
    return Rule(
        criterion=str(data.get("criterion", "")),
        name=_text(path, "a rule", data, "name"),
        head=head,
        link=link,
        unless=unless,
        within=int(data.get("within", 9)),
        denies=bool(data.get("denies", True)),
        strength=float(data.get("strength", 1.0)),
        **groups,
    )


def _check(
    path: str, rules_path: str, questions: tuple[Question, ...], rules: tuple[Rule, ...]
) -> None:
    names = [criterion.id for question in questions for criterion in question.criteria]
    if len(set(names)) < len(names):
        raise ContentError(path, "two criteria have the same id", "Rename one.")
    claims = {c.id for question in questions for c in question.criteria if c.kind != "choice"}
    if missing := claims - {rule.criterion for rule in rules}:
        raise ContentError(rules_path, f'no rule earns criterion "{min(missing)}"', "Add one.")
    if unknown := {rule.criterion for rule in rules} - set(names):
        raise ContentError(
            rules_path, f'a rule is for the unknown criterion "{min(unknown)}"', "Correct the name."
        )
