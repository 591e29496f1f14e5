"""`unpickled teach score`: short answers of a file, scored by the quiz's criteria; one result a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import click

from unpickled.cli.terminal import printable, standard_input
from unpickled.errors import CourseError

__all__ = ["score"]


@click.command(
    epilog="Examples:\n\n  unpickled teach score L4.4.2 --answers answers.jsonl\n\n"
    "  unpickled teach score L4.4.2 --answers answers.jsonl --json > scores.jsonl\n\n"
    "  unpickled teach score L4.4.2 --answers - --json --why < answers.jsonl",
)
@click.argument("lesson")
@click.option(
    "--answers",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=str),
    help='JSON lines {"id", "question", "answer"}; - for standard input.',
)
@click.option("--json", "lines", is_flag=True, help="One JSON object an answer.")
@click.option("--why", is_flag=True, help="Also tell what in each answer decided.")
def score(lesson: str, answers: str, lines: bool, why: bool) -> int:
    """Score short answers of LESSON's quiz. Offline; nothing in an answer is run.

    Each answer gets points, the criteria it meets, feedback, and `review` where a person should look. Exit 0: every
    line has a result; 2: the file or the quiz cannot be read.
    """
    from unpickled.quizzes import load_quiz, score_lines  # noqa: PLC0415 - not needed for --help

    quiz = load_quiz(lesson)
    counts = {"answers": 0, "points": 0, "max": 0, "review": 0}
    with _opened(answers) as stream:
        for result in score_lines(quiz, stream, why=why):
            click.echo(json.dumps(result) if lines else _line(result, why=why))
            counts["answers"] += 1
            counts["points"] += result["points"]
            counts["max"] += result["max"]
            counts["review"] += result["review"]
    if not lines:
        click.echo(
            f"{counts['answers']} answers, {counts['points']} of {counts['max']} points, {counts['review']} to review."
        )
    return 0


@contextmanager
def _opened(path: str) -> Iterator[BinaryIO]:
    if path == "-":
        yield standard_input()
        return
    try:
        with Path(path).open("rb") as stream:
            yield stream
    except OSError as error:
        remedy = "Give a file of JSON lines, or - for standard input."
        raise CourseError(path, f"cannot be read: {error.strerror or error}", remedy) from error


def _line(result: dict[str, Any], *, why: bool) -> str:
    met = ", ".join(("+" if met else "-") + name for name, met in result["criteria"].items())
    flag = "  REVIEW" if result["review"] else ""
    name = "".join(char if char.isprintable() else "?" for char in result["id"])
    text = f"{name}  {result['points']}/{result['max']}  {met}{flag}"
    lines = [text, *result.get("why", ())] if why else [text]
    return "\n    ".join(map(printable, lines))
