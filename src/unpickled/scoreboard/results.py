"""What came of a run: one cell for each specimen and scanner, and the sums over them. Data alone; nothing is run here.

The truth about a file is its class's in the specimen catalogue. No scanner was asked for it.

    truth                     the scanner warns   says nothing is found   does not judge
    calls or carries code,    caught              missed                  not judged
    points outside
    plain data                false alarm         rightly quiet           not judged
    nobody can judge          not judged          missed                  not judged

So nobody is called wrong for refusing to judge, and a damaged file has no right answer but one wrong one: "clean".
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from unpickled.specimens import Truth

__all__ = [
    "NO_ANSWER",
    "SCHEMA",
    "Board",
    "Cell",
    "Column",
    "File",
    "Opinion",
    "Outcome",
    "Row",
    "Says",
    "Tally",
    "judge",
]

SCHEMA = 1
NO_ANSWER = "no answer"
"""The word of an opinion where a tool failed, was killed or could not be understood."""

Says: TypeAlias = Literal["warns", "quiet", "nothing"]
"""What a scanner's answer comes to: it warns, it says that it found nothing, or it does not judge."""


class Outcome(StrEnum):
    """What a scanner's answer is worth, held against the truth."""

    CAUGHT = "caught"
    MISSED = "missed"
    FALSE_ALARM = "false alarm"
    QUIET = "rightly quiet"
    NOT_JUDGED = "not judged"


def judge(truth: Truth, says: Says) -> Outcome:
    """Hold an answer against the truth, by the table at the head of this module."""
    if says == "nothing":
        return Outcome.NOT_JUDGED
    if truth == "plain data":
        return Outcome.FALSE_ALARM if says == "warns" else Outcome.QUIET
    if truth == "nobody can judge":
        return Outcome.NOT_JUDGED if says == "warns" else Outcome.MISSED
    return Outcome.CAUGHT if says == "warns" else Outcome.MISSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """One scanner's answer about one file, before it is held against the truth.

    Attributes:
        says: what the answer comes to.
        word: the scanner's own word, or ours for its verdict: `dangerous`, `LIKELY_UNSAFE`, `refused`.
        reason: one sentence; empty if there is nothing to say.
        exit: exit code of its command on that file; None where it has none, or did not end by itself.
        seconds: how long it took.
    """

    says: Says
    word: str
    reason: str = ""
    exit: int | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """A class of specimens; see `specimens.SpecimenClass`."""

    id: str
    title: str
    truth: Truth


@dataclass(frozen=True, slots=True)
class File:
    """A specimen on the board: id, file name, id of its row, and what it teaches."""

    id: str
    filename: str
    row: str
    teaches: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A scanner.

    Attributes:
        id: stable name.
        title: what a table calls it.
        works: in a few words, how it decides.
        version: of the package; empty where it was not asked.
        absent: why it was not asked: `not installed`, `no sandbox`; empty where it was.
        remedy: what to type to have it asked; empty where it was.
    """

    id: str
    title: str
    works: str
    version: str = ""
    absent: str = ""
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Cell:
    """One scanner on one file: the ids of both, the answer, and what it is worth."""

    file: str
    column: str
    outcome: Outcome
    opinion: Opinion

    @property
    def silent(self) -> bool:
        """Whether the scanner did not judge, and its command ended with 0, as for a clean file."""
        return self.outcome is Outcome.NOT_JUDGED and self.opinion.exit == 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many cells came to what; `silent` are those of `not_judged` that ended with 0 all the same."""

    caught: int = 0
    missed: int = 0
    false_alarm: int = 0
    quiet: int = 0
    not_judged: int = 0
    silent: int = 0
    seconds: float = 0.0

    @property
    def files(self) -> int:
        """How many cells were counted."""
        return self.caught + self.missed + self.false_alarm + self.quiet + self.not_judged

    @classmethod
    def of(cls, cells: Iterable[Cell]) -> Tally:
        """Count some cells."""
        found = tuple(cells)

        def count(outcome: Outcome) -> int:
            return sum(cell.outcome is outcome for cell in found)

        return cls(
            caught=count(Outcome.CAUGHT),
            missed=count(Outcome.MISSED),
            false_alarm=count(Outcome.FALSE_ALARM),
            quiet=count(Outcome.QUIET),
            not_judged=count(Outcome.NOT_JUDGED),
            silent=sum(cell.silent for cell in found),
            seconds=sum(cell.opinion.seconds for cell in found),
        )

    def to_dict(self) -> dict[str, int | float]:
        """Return the counts by their names."""
        return {
            "caught": self.caught,
            "missed": self.missed,
            "false_alarm": self.false_alarm,
            "quiet": self.quiet,
            "not_judged": self.not_judged,
            "silent": self.silent,
            "seconds": round(self.seconds, 3),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The whole run.

    Attributes:
        rows: the classes that have a file on the board.
        files: the specimens, in the catalogue's order.
        columns: the scanners that were asked for, there or not.
        cells: one for each file and scanner that was there, by file and then by scanner.
        isolation: in what kind of child the commands and torch ran; empty if none did. It begins with `here.RECORDED`
            where the run was not made here.
        seconds: of the whole run, on a clock.
        python: the version that it was made with, "3.11.7"; empty where a record does not say.
    """

    rows: tuple[Row, ...]
    files: tuple[File, ...]
    columns: tuple[Column, ...]
    cells: tuple[Cell, ...]
    isolation: str = ""
    seconds: float = 0.0
    python: str = ""

    @property
    def asked(self) -> tuple[Column, ...]:
        """The scanners that gave answers."""
        return tuple(column for column in self.columns if not column.absent)

    def of(self, *, column: str = "", row: str = "") -> tuple[Cell, ...]:
        """Return the cells of one scanner, of one class, or of both together."""
        within = {file.id for file in self.files if not row or file.row == row}
        return tuple(
            cell
            for cell in self.cells
            if cell.file in within and (not column or cell.column == column)
        )

    def tally(self, *, column: str = "", row: str = "") -> Tally:
        """Count the cells of one scanner, of one class, or of both together."""
        return Tally.of(self.of(column=column, row=row))
