"""The tables of `unpickled scoreboard`: totals and a heat map by class, in words or signs that need no colour."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.table import Table
from rich.text import Text

from unpickled.scoreboard import Board, Column, Outcome, Tally, words

__all__ = ["heat_map", "legend", "totals"]

_TITLE, _FILES, _NARROW, _WIDE = 33, 7, 8, 20  # columns of a terminal
_SIGNS = {
    Outcome.CAUGHT: ("●", "+"),
    Outcome.MISSED: ("✖", "X"),
    Outcome.FALSE_ALARM: ("▲", "!"),
    Outcome.QUIET: ("○", "o"),
    Outcome.NOT_JUDGED: ("◇", "-"),
}
_STYLES = {  # each outcome has one of its own, and not judged has none: nobody looked there
    Outcome.CAUGHT: "green",
    Outcome.MISSED: "bold red",
    Outcome.FALSE_ALARM: "bold yellow",
    Outcome.QUIET: "cyan",
    Outcome.NOT_JUDGED: "",
}
_HEADS = ("caught", "missed", "false\nalarms", "rightly\nquiet", "not\njudged")
_TRUTHS = {
    "calls code": "Files that call code",
    "carries code": "Files that carry code",
    "points outside": "Files that point outside of their folder",
    "plain data": "Files of plain data",
    "nobody can judge": "Files that nobody can judge",
}
_PARTS = ("scan", "audit", "_only")  # where a scanner's name may break


def totals(board: Board, *, plain: bool = False) -> Table:
    """Return one row for each scanner that was asked: what came of its answers, and how long they took.

    Args:
        board: the run.
        plain: use ASCII only.
    """
    table = Table(box=box.ASCII if plain else box.SIMPLE_HEAD, padding=(0, 1), pad_edge=False)
    table.add_column(
        "\nscanner", overflow="fold"
    )  # a long version takes a line more, no heading less
    for head in _HEADS:
        table.add_column(head if "\n" in head else f"\n{head}", justify="right", no_wrap=True)
    table.add_column("of these\nexit 0", justify="right", no_wrap=True)
    table.add_column("\nsecs", justify="right", no_wrap=True)
    for column in board.asked:
        tally = board.tally(column=column.id)
        numbers = [
            Text(str(count), style=_STYLES[outcome] if count else "dim")
            for outcome, count in _counts(tally)
        ]
        name = Text(column.title.removesuffix("=True")).append(f"\n{column.version}", style="dim")
        table.add_row(name, *numbers, str(tally.silent), f"{tally.seconds:.1f}")
    return table


def heat_map(board: Board, *, width: int, plain: bool = False) -> Iterator[Text]:
    """Yield the lines of one row a class, with a cell for each scanner, grouped by truth.

    Args:
        board: the run.
        width: columns of the terminal.
        plain: use ASCII only.
    """
    asked = board.asked
    room = (width - _TITLE - _FILES) // max(1, len(asked))
    room = max(_NARROW, min(_WIDE, room))
    yield from _heads(asked, room)
    truth = ""
    for row in board.rows:
        if row.truth != truth:
            truth = row.truth
            yield Text(f"{_TRUTHS[truth]}", style="bold")
        files = sum(file.row == row.id for file in board.files)
        line = Text(f"  {row.title}".ljust(_TITLE)).append(f"{files:>3}".ljust(_FILES), style="dim")
        for column in asked:
            cell = _cell(board.tally(column=column.id, row=row.id), room, plain=plain)
            line.append_text(cell).append(" " * (room - cell.cell_len))
        line.rstrip()
        yield line


def _heads(asked: Sequence[Column], room: int) -> Iterator[Text]:
    names = [column.title.removesuffix("=True") for column in asked]
    fits = max(map(len, names), default=0) < room
    parts = [(name, "") if fits else _broken(name) for name in names]
    for at in (0, 1):
        line = " " * (_TITLE + _FILES) if at else " " * _TITLE + "files".ljust(_FILES)
        line += "".join(part[at].ljust(room) for part in parts)
        if line.strip():
            yield Text(line.rstrip(), style="bold")


def _broken(name: str) -> tuple[str, str]:
    for part in _PARTS:
        if name.endswith(part):
            return name.removesuffix(part), part
    return name, ""


def legend(board: Board, *, plain: bool = False) -> Iterator[str]:
    """Yield what each sign means that a cell of this run shows."""
    seen = {cell.outcome for cell in board.cells}
    for outcome, meaning in words()["outcome"].items():
        if Outcome(outcome) in seen:
            yield f"{_SIGNS[Outcome(outcome)][plain]} {outcome}: {meaning}"


def _cell(tally: Tally, room: int, *, plain: bool) -> Text:
    """Write the counts above zero: with its word where there is one alone and room for it, else with signs."""
    counts = [(outcome, count) for outcome, count in _counts(tally) if count]
    word = f" {counts[0][0]}" if len(counts) == 1 and room >= _WIDE - 3 else ""
    said = [(f"{_SIGNS[outcome][plain]}{count}{word}", outcome) for outcome, count in counts]
    between = " " if sum(len(text) + 1 for text, _ in said) <= room else ""
    cell = Text()
    for text, outcome in said:
        cell.append(between if cell else "").append(text, style=_STYLES[outcome])
    return cell


def _counts(tally: Tally) -> tuple[tuple[Outcome, int], ...]:
    return (
        (Outcome.CAUGHT, tally.caught),
        (Outcome.MISSED, tally.missed),
        (Outcome.FALSE_ALARM, tally.false_alarm),
        (Outcome.QUIET, tally.quiet),
        (Outcome.NOT_JUDGED, tally.not_judged),
    )
