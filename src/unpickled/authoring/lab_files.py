"""A lab's manifest: `lab.toml`, with its exercises in order, their stages, points and hints."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from unpickled.errors import ContentError

__all__ = ["STAGES", "Exercise", "Lab", "labs", "load_lab"]

STAGES = ("watch", "predict", "build", "scan", "get past", "defend")


@dataclass(frozen=True, slots=True, kw_only=True)
class Exercise:
    """One exercise of a lab.

    Attributes:
        id: stable name; nbgrader's grade ids begin with it.
        title: its heading.
        stage: where it stands on the way, of `STAGES`.
        objective: id of the lesson's objective that it serves.
        visible: points of the check that learners see.
        hidden: points of the check that runs on handing in.
        hints: from a nudge to nearly the answer.
    """

    id: str
    title: str
    stage: str
    objective: str
    visible: float
    hidden: float
    hints: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lab:
    """A lab: its folder, and its exercises in order."""

    id: str
    title: str
    minutes: int
    folder: Path
    exercises: tuple[Exercise, ...]

    @property
    def source(self) -> Path:
        """The py:percent source of the notebook."""
        return self.folder / f"{self.id}.py"

    @property
    def notebook(self) -> Path:
        """The generated notebook."""
        return self.folder / f"{self.id}.ipynb"

    def exercise(self, identity: str) -> Exercise:
        """Return an exercise.

        Raises:
            ContentError: there is none of that id.
        """
        for one in self.exercises:
            if one.id == identity:
                return one
        raise ContentError(str(self.folder), f'there is no exercise "{identity}"', "See lab.toml.")

    def hidden(self, exercise: Exercise) -> Path:
        """Return the file of an exercise's hidden check."""
        return self.folder / "hidden" / f"{exercise.id}.py"


def labs(root: Path) -> tuple[Lab, ...]:
    """Load every lab below `labs/`.

    Raises:
        ContentError: one of them is wrong.
    """
    return tuple(load_lab(path.parent) for path in sorted((root / "labs").glob("*/lab.toml")))


def load_lab(folder: Path) -> Lab:
    """Load `lab.toml` in a folder.

    Raises:
        ContentError: it is missing or breaks its schema.
    """
    place = f"{folder.name}/lab.toml"
    try:
        found = tomllib.loads((folder / "lab.toml").read_text(encoding="utf-8"))
        rows = [{**row, "hints": tuple(row["hints"])} for row in found["exercise"]]
        exercises = tuple(Exercise(**row) for row in rows)
        made = Lab(**found["lab"], folder=folder, exercises=exercises)
    except OSError as error:
        raise ContentError(place, f"it cannot be read: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ContentError(place, f"it does not fit its schema: {error}") from error
    _require_sound(made, place)
    return made


def _require_sound(made: Lab, place: str) -> None:
    names = [one.id for one in made.exercises]
    if len(set(names)) != len(names):
        raise ContentError(place, "an exercise's id is there twice", "Rename one.")
    for one in made.exercises:
        where = f'{place}, exercise "{one.id}"'
        if one.stage not in STAGES:
            raise ContentError(
                where, f"its stage is {one.stage!r}", f"Choose of: {', '.join(STAGES)}."
            )
        if min(one.visible, one.hidden) <= 0:
            raise ContentError(where, "each of its checks needs points above 0")
        if not one.hints:
            raise ContentError(where, "it has no hint", "Write one.")
