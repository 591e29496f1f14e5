"""The lessons of a run: sentences of `words.toml` with the run's own counts, each said only where it is true."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from unpickled.scoreboard.results import NO_ANSWER, Board, Cell, Outcome

__all__ = ["Lesson", "lessons"]

_WORDS = Path(__file__).with_name("words.toml")


@dataclass(frozen=True, slots=True)
class Lesson:
    """One sentence that a run proves.

    Attributes:
        id: of the template, and of the scanner where there is one for each.
        text: the sentence, its numbers filled in.
        counts: the numbers by name.
    """

    id: str
    text: str
    counts: Mapping[str, int]


@cache
def _templates() -> tuple[dict[str, Any], ...]:
    with _WORDS.open("rb") as file:
        return tuple(tomllib.load(file)["lesson"])


def lessons(board: Board) -> tuple[Lesson, ...]:
    """Return the lessons of a run, in the templates' order. A template without files to count is left out."""
    return tuple(lesson for template in _templates() for lesson in _of(template, board))


def _of(template: Mapping[str, Any], board: Board) -> Iterator[Lesson]:
    """Scanners of which the very same is true share a sentence."""
    titles = {column.id: column.title for column in board.asked}
    if "together" in template:
        group = tuple(template["together"])
        counts = _counts(template, board, group) if set(group) <= titles.keys() else {}
        if counts:
            yield Lesson(template["id"], str(template["text"]).format(**counts), counts)
        return
    alike: dict[str, list[str]] = {}
    for name in template["scanners"]:
        counts = _counts(template, board, (name,)) if name in titles else {}
        if counts:
            alike.setdefault(str(template["text"]).format(scanner="", **counts), []).append(name)
    for names in alike.values():
        counts = _counts(template, board, (names[0],))
        scanner = " and ".join(titles[name] for name in names)
        text = str(template["text"]).format(scanner=scanner, **counts)
        yield Lesson(" ".join([template["id"], *names]), text, counts)


def _counts(template: Mapping[str, Any], board: Board, group: tuple[str, ...]) -> dict[str, int]:
    """Count for a template; empty where there is nothing to count, or a condition does not hold."""
    counts: dict[str, int] = {}
    for name, rule in template["counts"].items():
        if "rest" in rule:
            counts[f"{name}_of"] = counts[f"{rule['rest'][0]}_of"]
            counts[name] = counts[f"{name}_of"] - sum(counts[other] for other in rule["rest"])
        else:
            counts[name], counts[f"{name}_of"] = _count(rule, board, group)
    if not all(counts[f"{name}_of"] for name in template["counts"]):
        return {}
    holds = (
        all(counts[name] for name in template.get("some", ()))
        and all(counts[name] == counts[f"{name}_of"] for name in template.get("all", ()))
        and not any(counts[name] for name in template.get("none", ()))
        and all(3 * counts[name] >= counts[f"{name}_of"] for name in template.get("many", ()))
        and all(3 * counts[name] < counts[f"{name}_of"] for name in template.get("few", ()))
    )
    return counts if holds else {}


def _count(rule: Mapping[str, Any], board: Board, group: tuple[str, ...]) -> tuple[int, int]:
    """Count the files of some classes or truths with an outcome, and those files altogether (`among`: those judged)."""
    rows = {
        row.id
        for row in board.rows
        if row.id in rule.get("classes", (row.id,))
        and row.truth in rule.get("truths", (row.truth,))
    }
    files = [file.id for file in board.files if file.row in rows]
    cells = {(cell.file, cell.column): cell for cell in board.cells}
    if rule.get("among") == "judged":
        files = [
            file
            for file in files
            if not any(_meets(cells[file, column], Outcome.NOT_JUDGED) for column in group)
        ]
    together = any if rule.get("by") == "any" else all
    met = sum(
        together(_meets(cells[file, column], rule["outcome"]) for column in group) for file in files
    )
    return met, len(files)


def _meets(cell: Cell, outcome: str) -> bool:
    if outcome == "silent":
        return cell.silent
    if outcome == NO_ANSWER:
        return cell.opinion.word == NO_ANSWER
    return cell.outcome is Outcome(outcome)
