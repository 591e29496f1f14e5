"""Where an instructor's files are: the assignments of a checkout, and the folders of an nbgrader course."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from shlex import quote

from unpickled.errors import CourseError, SetupError

__all__ = [
    "Assignment",
    "CourseFolder",
    "GradingError",
    "assignments",
    "checkout_of",
    "gradebook_is_elsewhere",
    "sound_name",
    "unknown_to_gradebook",
    "whole",
]

_DB_URL = re.compile(r"^\s*c\.CourseDirectory\.db_url\s*=", re.MULTILINE)
BESIDE = ("checks.py",)
"""Files that travel with a notebook: nbgrader copies them to release and submissions."""


class GradingError(CourseError):
    """A course folder, a roster or a submission is not as it should be."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One assignment of the checkout.

    Attributes:
        id: its name in nbgrader, as in "L4.8".
        notebook: the nbgrader source notebook.
        beside: files that learners get with it.
    """

    id: str
    notebook: Path
    beside: tuple[Path, ...]


def assignments(root: Path) -> tuple[Assignment, ...]:
    """Return what a checkout has to hand out: `labs/NAME/NAME.ipynb` and `quizzes/NAME/NAME-quiz.ipynb`.

    Raises:
        SetupError: there is none.
    """
    notebooks = [
        *(path for path in sorted(root.glob("labs/*/*.ipynb")) if path.stem == path.parent.name),
        *(
            path
            for path in sorted(root.glob("quizzes/*/*-quiz.ipynb"))
            if path.stem == f"{path.parent.name}-quiz"
        ),
    ]
    if not notebooks:
        raise SetupError(str(root), "it has neither lab nor quiz", "Run: unpickled author build")
    return tuple(
        Assignment(
            path.stem,
            path,
            tuple(path.with_name(name) for name in BESIDE if path.with_name(name).is_file()),
        )
        for path in notebooks
    )


@dataclass(frozen=True, slots=True)
class CourseFolder:
    """An nbgrader course directory.

    Attributes:
        path: the folder with `nbgrader_config.py`, and with `gradebook.db` where that names no other gradebook.
    """

    path: Path

    @classmethod
    def open(cls, path: Path) -> CourseFolder:
        """Return the course in a folder.

        Raises:
            GradingError: it is none.
        """
        given, path = path, whole(path)
        elsewhere = gradebook_is_elsewhere(path)
        for name in ("nbgrader_config.py", *(() if elsewhere else ("gradebook.db",))):
            if not (path / name).is_file():
                remedy = f"Make one: unpickled teach init {quote(str(given))}"
                raise GradingError(
                    str(path), f"this is no course folder: {name} is missing", remedy
                )
        return cls(path)

    def ids(self) -> tuple[str, ...]:
        """Return the assignments that were released.

        Raises:
            GradingError: the course has no folder of sources.
        """
        source = self.path / "source"
        if not source.is_dir():
            remedy = f"Make it again, in the checkout: unpickled teach init {quote(str(self.path))}"
            raise GradingError(str(source), "this folder is missing", remedy)
        return tuple(sorted(path.name for path in source.iterdir() if path.is_dir()))

    def notebooks(self, assignment: str) -> tuple[str, ...]:
        """Return the file names of an assignment's notebooks, as its author has them."""
        found = (self.path / "source" / assignment).glob("*.ipynb")
        return tuple(sorted(path.name for path in found))

    def require(self, assignment: str) -> str:
        """Return the name of an assignment.

        Raises:
            GradingError: the course has no such assignment.
        """
        if assignment not in self.ids():
            known = ", ".join(self.ids()) or "none"
            raise GradingError(assignment, "there is no such assignment", f"There are: {known}.")
        return assignment

    def submitted(self, assignment: str, student: str) -> Path:
        """Return the folder of one submission."""
        return self.path / "submitted" / student / assignment

    def students(self, assignment: str) -> tuple[str, ...]:
        """Return who handed something in, in alphabetical order."""
        found = (self.path / "submitted").glob(f"*/{assignment}")
        return tuple(sorted(path.parent.name for path in found if path.is_dir()))


def gradebook_is_elsewhere(place: Path) -> bool:
    """Tell whether a course's configuration names a gradebook of its own; which, only nbgrader can say."""
    try:
        text = (place / "nbgrader_config.py").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return bool(_DB_URL.search(text))


def whole(path: Path) -> Path:
    """Return a path without `..` and links, as nbgrader wants a course's.

    Raises:
        GradingError: it has no end, as a link to itself.
    """
    try:
        return path.resolve()
    except (OSError, RuntimeError) as error:
        raise GradingError(str(path), "this path leads nowhere", "Give another one.") from error


def sound_name(name: str) -> bool:
    """Tell whether a student's id can be the name of a folder and of a row: printable, no slash, no leading dot."""
    bad = set('/\\+*?[]{}"') | {","}
    return (
        bool(name)
        and len(name) <= 128
        and name.isprintable()
        and name[0] not in ".-~"
        and not bad & set(name)
    )


def checkout_of(named: str) -> None:
    """Make sure that the checkout which a course's configuration names is there; none named is as good.

    Raises:
        GradingError: it was moved or removed since `init`.
    """
    if named and not (Path(named) / "course" / "course.toml").is_file():
        problem = "the course's checkout, which nbgrader_config.py names, is not there"
        remedy = "Run in the checkout, wherever it is now: unpickled teach init COURSE_DIR"
        raise GradingError(named, problem, remedy)


def unknown_to_gradebook(assignment: str) -> GradingError:
    """Return the error of an assignment that lies in `source/` and was never released."""
    problem = "source/ has this assignment, and the gradebook does not know it"
    remedy = "In the checkout: unpickled teach init COURSE_DIR; for one of your own: nbgrader generate_assignment"
    return GradingError(assignment, problem, remedy)
