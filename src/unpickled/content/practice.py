"""Practice items out of `quizzes/<lesson>/practice.toml`: loaded, and each held to the rules of a good card."""

from __future__ import annotations

from pathlib import Path

from unpickled.content.answers import normalise
from unpickled.content.loaders import Faults, load, unique
from unpickled.content.model import Choice, Item, Wrong
from unpickled.content.outline import load_course
from unpickled.content.schema import Document, Row
from unpickled.errors import ContentError

__all__ = ["load_practice", "practice_item", "practice_path", "read_practice"]

KINDS = ("choice", "text")
TITLE = 48  # characters of a title: one line in the rail


def load_practice(root: Path | None = None, lesson: str = "") -> tuple[Item, ...]:
    """Return a lesson's practice items, in the file's order; every lesson's, in the course's order, if none is named.

    Raises:
        ContentError: a file is missing or breaks its schema.
    """
    if lesson:
        return load(lambda place, faults: read_practice(place, faults, lesson), root)
    lessons = (one.id for one in load_course(root).lessons)
    return tuple(item for name in lessons for item in load_practice(root, name))


def practice_item(identity: str, root: Path | None = None) -> Item:
    """Return one practice item by its id.

    Raises:
        ContentError: there is none with this id.
    """
    for item in load_practice(root):
        if item.id == identity:
            return item
    raise ContentError(
        f'lab.card("{identity}")', "there is no such practice item", f"See {practice_path('*')}."
    )


def read_practice(root: Path, faults: Faults, lesson: str) -> tuple[Item, ...]:
    """Read a lesson's practice items and collect the faults."""
    document = Document(root, practice_path(lesson), faults)
    document.expect_tables("item")
    return unique((row, _item(row)) for row in document.rows("item"))


def practice_path(lesson: str) -> str:
    """Return where a lesson's practice items are, relative to the course's folder."""
    return f"quizzes/{lesson}/practice.toml"


def _item(row: Row) -> Item:
    item = Item(
        id=row.slug(),
        title=row.text("title"),
        page=row.slug("page"),
        kind=row.word("kind", KINDS),
        covers=row.texts("covers", required=False),
        prompt=row.text("prompt"),
        choices=tuple(_choice(r) for r in row.rows("choices")),
        expects=row.text("expects", ""),
        accepted=row.texts("accepted", required=False),
        wrong=tuple(_wrong(r) for r in row.rows("wrong")),
        hints=row.texts("hints", required=False),
        explain=row.text("explain"),
        sources=row.texts("sources", required=False),
    )
    row.close()
    if item.id and not item.id.startswith("p-"):
        row.fault("has an id that does not begin with p-", f'Call it "p-{item.id}".', key="id")
    if len(item.title) > TITLE or "`" in item.title or "\n" in item.title:
        problem = "has a title that is too long, has a line break or is marked up"
        row.fault(problem, f"Give at most {TITLE} plain characters.", key="title")
    if not 2 <= len(item.hints) <= 3:
        problem = "has no hint" if not item.hints else f"has {len(item.hints)} hints"
        row.fault(problem, "Give two or three, from gentle to plain.", key="hints")
    (_check_choices if item.kind == "choice" else _check_text)(row, item)
    return item


def _choice(row: Row) -> Choice:
    choice = Choice(text=row.text("text"), right=row.flag("right"), why=row.text("why"))
    row.close()
    return choice


def _wrong(row: Row) -> Wrong:
    wrong = Wrong(match=row.texts("match"), why=row.text("why"))
    row.close()
    return wrong


def _check_choices(row: Row, item: Item) -> None:
    if item.accepted or item.wrong:
        row.fault(
            'is a choice and has "accepted" or "wrong"', 'Take them out, or set kind = "text".'
        )
    if item.expects:
        row.fault('is a choice and has "expects"', 'Take it out, or set kind = "text".')
    if not 3 <= len(item.choices) <= 4:
        row.fault(f"has {len(item.choices)} choices", "Give three or four.", key="choices")
    right = sum(choice.right for choice in item.choices)
    if right == 0:
        row.fault("has no right choice", "Set right = true on one.", key="choices")
    elif right > 1:
        row.fault(f"has {right} right choices", "Leave right = true on one only.", key="choices")
    if len({choice.text for choice in item.choices}) < len(item.choices):
        row.fault("has the same choice twice", "Write different choices.", key="choices")


def _check_text(row: Row, item: Item) -> None:
    if item.choices:
        row.fault('is a text and has "choices"', 'Take them out, or set kind = "choice".')
    if not item.expects:
        problem = "does not say what kind of answer it expects"
        row.fault(problem, 'Add expects = "…", a few words.', key="expects")
    if not item.accepted:
        row.fault("has no accepted answer", "Add at least one.", key="accepted")
    accepted = {normalise(text) for text in item.accepted}
    if "" in accepted:
        row.fault("accepts an empty answer", "Take it out.", key="accepted")
    for wrong in item.wrong:
        for both in sorted(accepted & {normalise(text) for text in wrong.match}):
            row.fault(
                f'counts "{both}" as right and as wrong', "Take it out of one of them.", key="wrong"
            )
