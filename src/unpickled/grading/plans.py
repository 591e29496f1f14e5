"""What the grader has to know of an assignment, read once a run: cells, checks, files and what is configured."""

from __future__ import annotations

import ast
import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from unpickled import checking, kernels
from unpickled.checking import File
from unpickled.content import course_root
from unpickled.errors import CourseError
from unpickled.grading.places import CourseFolder, GradingError
from unpickled.grading.restoring import Wanted, wanted_cells
from unpickled.kernels import Bounds

__all__ = [
    "Plan",
    "Settings",
    "bounds_of",
    "files_in",
    "imports_of",
    "plan_of",
    "settings_of",
    "shown",
    "together",
]

_MEND = "Mend it in the checkout, then there: unpickled teach init COURSE_DIR"
_OURS = frozenset(
    {
        "RestoreCells", "DeduplicateIds", "OverwriteKernelspec", "OverwriteCells", "CheckCellMetadata", "ClearOutput",
        "BoundedExecute", "JailedExecute", "SaveScores", "AssignLatePenalties",
    }
)  # fmt: skip
"""Configured steps whose work is done here in another way, with the same result."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One assignment, as its author and the gradebook have it.

    Attributes:
        assignment: its name.
        notebooks: by the name of each notebook, its cells in their order.
        kernelspecs: by the name of each notebook, what its metadata say of its kernel.
        source: the author's folder.
        beside: files that learners get; they replace a submission's own.
        libraries: modules that the assignment's own cells import.
        inside: names of graded cells that cannot be judged from outside, and so run with the learner's code.
    """

    assignment: str
    notebooks: Mapping[str, tuple[Wanted, ...]]
    kernelspecs: Mapping[str, Any]
    source: Path
    beside: tuple[File, ...]
    libraries: tuple[str, ...]
    inside: tuple[str, ...]

    @property
    def has_code(self) -> bool:
        """Whether there is anything to run."""
        return any(cell.kind == "code" for cells in self.notebooks.values() for cell in cells)


@dataclass(frozen=True, slots=True)
class Settings:
    """What a course's configuration says of grading.

    Attributes:
        bounds: of each notebook.
        checkout: the course's; empty for none named.
        before: nbgrader steps of the instructor's own on what was handed in.
        after: and on what was run.
    """

    bounds: Bounds
    checkout: str
    before: tuple[Any, ...]
    after: tuple[Any, ...]


def shown(checkout: str) -> tuple[list[Path], dict[str, str]]:
    """Return what of a course kernels may read, and their environment variables.

    Args:
        checkout: the course's; found as `unpickled` finds it where empty.
    """
    variables = {"NBGRADER_EXECUTION": "autograde", "UNPICKLED_PROGRESS": "/tmp/progress.json"}  # noqa: S108
    try:
        root = Path(checkout) if checkout else course_root()
    except CourseError:
        return [], variables
    public = [root / "course" / "course.toml", root / "course" / "data"]
    readable = [path for path in public if path.exists()]
    return readable, {**variables, "UNPICKLED_COURSE": str(root)} if readable else variables


def settings_of(auto: Any) -> Settings:
    """Read a course's configuration.

    Args:
        auto: nbgrader's `Autograde`, configured.

    Raises:
        GradingError: it asks for something that is not done here.
    """
    from unpickled.grading.configuration import made_steps  # noqa: PLC0415 - nbgrader is slow to import
    from unpickled.grading.execution import BoundedExecute  # noqa: PLC0415

    for hook in ("pre_convert_hook", "post_convert_hook"):
        if getattr(auto, hook):
            problem = f"c.Autograde.{hook} is set, and `unpickled teach grade` calls no hooks"
            raise GradingError("nbgrader_config.py", problem, "Take it out, or use a step.")
    before = made_steps(auto.parent, auto.sanitize_preprocessors)
    after = made_steps(auto.parent, auto.autograde_preprocessors)
    run = next(step for step in after if isinstance(step, BoundedExecute))
    return Settings(bounds_of(run), run.course, _others(before), _others(after))


def bounds_of(step: Any) -> Bounds:
    """Return the bounds that the step which runs notebooks is configured with."""
    return Bounds(cell=step.timeout or 60, notebook=step.notebook_timeout, output=step.max_output)


def _others(steps: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(
        step
        for step in steps
        if type(step).__name__ not in _OURS and getattr(step, "enabled", True)
    )


def plan_of(
    course: CourseFolder, assignment: Any, exclude: Sequence[str], ignore: Sequence[str]
) -> Plan:
    """Read one assignment.

    Args:
        course: the course folder.
        assignment: nbgrader's, out of an open gradebook.
        exclude: names of files in the author's folder that do not replace a submission's.
        ignore: patterns of files that are passed over.
    """
    notebooks = {one.name: wanted_cells(one) for one in assignment.notebooks}
    cells = [cell for wanted in notebooks.values() for cell in wanted]
    source = course.path / "source" / assignment.name
    _require_checks(source, cells)
    return Plan(
        assignment=assignment.name,
        notebooks=notebooks,
        kernelspecs={
            one.name: json.loads(one.kernelspec) if one.kernelspec else None
            for one in assignment.notebooks
        },
        source=source,
        beside=tuple(files_in(source, ignore, exclude)),
        libraries=imports_of(cell.source for cell in cells if cell.kind == "code"),
        inside=tuple(
            cell.name
            for cell in cells
            if cell.kind == "code"
            and cell.metadata["grade"]
            and not cell.metadata["solution"]
            and not kernels.asked(cell.source)
        ),
    )


def _require_checks(source: Path, cells: Iterable[Wanted]) -> None:
    """Read every check once: a broken one is the author's to mend, and no learner's fault.

    What checks import is then loaded before workers are forked.

    Raises:
        GradingError: one cannot be read, or is not there.
    """
    asked = {cell.name: check for cell in cells if (check := kernels.asked(cell.source))}
    for name, check in asked.items():
        try:
            if check.text:
                checking.defined(check.text)
        except Exception as error:
            problem = f"its hidden check cannot be read: {type(error).__name__}: {error!s:.200}"
            raise GradingError(name, problem, _MEND) from error
    if any(not check.text for check in asked.values()):
        try:
            known = checking.visible(source / "checks.py")
        except Exception as error:
            problem = f"the checks cannot be read: {type(error).__name__}: {error!s:.200}"
            raise GradingError(str(source / "checks.py"), problem, _MEND) from error
        wanted = {check.exercise for check in asked.values() if not check.text}
        if unknown := wanted - known.checks.keys():
            problem = f"it has no check of {', '.join(sorted(unknown))}"
            raise GradingError(str(source / "checks.py"), problem, _MEND)
        _require_points(source, cells, known)


def _require_points(source: Path, cells: Iterable[Wanted], known: checking.Visible) -> None:
    """Make sure that visible checks give what the gradebook says their cells are worth."""
    for cell in cells:
        check = kernels.asked(cell.source)
        if check and not check.text and check.exercise in known.points:
            given, worth = known.points[check.exercise][0], float(cell.metadata["points"])
            if given != worth:
                problem = (
                    f"it gives {check.exercise} {given:g} points, and the gradebook says {worth:g}"
                )
                raise GradingError(str(source / "checks.py"), problem, _MEND)


def files_in(folder: Path, ignore: Sequence[str], exclude: Sequence[str] = ()) -> Iterator[File]:
    """Yield the files of a folder but its notebooks, by their names below it."""
    from nbgrader.utils import find_all_files  # noqa: PLC0415 - slow to import

    for found in sorted(find_all_files(str(folder), [*ignore, "*.ipynb"])):
        name = os.path.relpath(found, folder)
        if name not in exclude:
            yield File(name, Path(found).read_bytes())


def together(own: Iterable[File], given: Sequence[File]) -> Iterator[File]:
    """Yield a submission's files with the author's in place of what has their names, or stands in their way."""
    theirs = {file.name for file in given}
    for file in own:
        above = {str(parent) for parent in PurePath(file.name).parents}
        below = any(name.startswith(f"{file.name}/") for name in theirs)
        if file.name not in theirs and not above & theirs and not below:
            yield file
    yield from given


def imports_of(sources: Iterable[str]) -> tuple[str, ...]:
    """Return the modules that cells of an assignment import."""
    return tuple(dict.fromkeys(name for source in sources for name in _imports(source)))


def _imports(source: str) -> Iterator[str]:
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{name.name}" for name in node.names if name.name != "*")
