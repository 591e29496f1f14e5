"""Collect: a folder of files, as a learning platform gives it, into `submitted/STUDENT/ASSIGNMENT/`.

Known shapes: a folder for each student, or files whose names hold the student's id between underscores or spaces,
as Canvas and Moodle name them. Nothing is guessed: what fits no student, or two, and what is not this assignment, or
two of it, is told and left where it is.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from unpickled.grading.choosing import choose, files_of, same_files
from unpickled.grading.holding import its_own, refusals
from unpickled.grading.places import CourseFolder, GradingError, sound_name
from unpickled.grading.reading import cell_names, handed_in
from unpickled.grading.stock import gradebook

__all__ = ["Collected", "collect"]

LARGEST = 50_000_000
"""Bytes of one submission that are taken."""
SPLIT = re.compile(r"[_\s]+")


@dataclass(frozen=True, slots=True)
class Collected:
    """What became of one file or folder.

    Attributes:
        source: its name.
        student: whose it is; empty where nobody was found.
        state: "taken", "kept" (an equal or newer one was there) or "left".
        reason: why, for a person.
    """

    source: str
    student: str
    state: str
    reason: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file or folder of one student: the notebook in it that is the assignment, and its time."""

    source: Path
    notebook: Path
    when: float


def collect(course: CourseFolder, assignment: str, folder: Path) -> Iterator[Collected]:
    """Copy every submission in `folder` to its place, each whole or not at all; yields one result for each.

    Raises:
        GradingError: there is no such assignment or folder, the assignment has several notebooks, or the course folder
            cannot be written to.
    """
    course.require(assignment)
    if not folder.is_dir():
        remedy = "Give the folder of submissions; unpack an archive first."
        raise GradingError(str(folder), "there is no such folder", remedy)
    if len(course.notebooks(assignment)) != 1:
        problem = "collect takes assignments of one notebook"
        remedy = f"Put them into {course.path / 'submitted'}/STUDENT/{assignment}/, or: nbgrader zip_collect"
        raise GradingError(assignment, problem, remedy)
    names, cells = _known(course)
    found: dict[str, list[Candidate]] = {}
    with refusals(folder):
        for path in sorted(folder.iterdir()):
            if path.name.startswith("."):
                continue
            student, problem = _student(path, names)
            if not problem:
                chosen, problem = choose(path, assignment, cells)
            if problem or chosen is None:
                yield Collected(path.name, student, "left", problem)
            else:
                one = Candidate(path, chosen, chosen.stat().st_mtime)
                found.setdefault(student, []).append(one)
    with refusals(course.path):
        for student, given in sorted(found.items()):
            yield from _newest(course, assignment, student, given)


def _newest(
    course: CourseFolder, assignment: str, student: str, given: list[Candidate]
) -> Iterator[Collected]:
    """Take the newest submission of one student; of two that are as new and not the same, none."""
    newest = max(one.when for one in given)
    last = [one for one in given if one.when == newest]
    for one in given:
        if one not in last:
            reason = "a later one of the same student counts"
            yield Collected(one.source.name, student, "left", reason)
    if not same_files([one.notebook for one in last]):
        reason = (
            f"{', '.join(one.source.name for one in last)} are of the same time: keep one of them"
        )
        for one in last:
            yield Collected(one.source.name, student, "left", reason)
        return
    for one in last[1:]:
        yield Collected(
            one.source.name, student, "left", f"it is the same as {last[0].source.name}"
        )
    yield _take(course, assignment, student, last[0])


def _known(course: CourseFolder) -> tuple[dict[str, str], dict[str, frozenset[str]]]:
    """Return every name by which a student is known, with the id, and the grade ids of each assignment's cells.

    Names of two students are left out.
    """
    found: dict[str, str] = {}
    twice = set()
    with gradebook(course) as book:
        for student in book.students:
            full = f"{student.first_name or ''} {student.last_name or ''}".strip()
            for name in {student.id, student.lms_user_id or "", full} - {""}:
                if found.setdefault(name.lower(), student.id) != student.id:
                    twice.add(name.lower())
        cells = {one.name: cell_names(one) for one in book.assignments}
    return {name: identity for name, identity in found.items() if name not in twice}, cells


def _student(path: Path, names: Mapping[str, str]) -> tuple[str, str]:
    """Return whose a file is, and what is wrong where that cannot be said."""
    if path.is_symlink() or (path.is_file() and path.suffix != ".ipynb"):
        return (
            "",
            "this is a link, and links are not followed"
            if path.is_symlink()
            else "this is no notebook",
        )
    stem = path.name if path.is_dir() else path.stem
    whole = names.get(stem.lower())
    if whole:
        return whole, ""
    parts = SPLIT.split(stem)
    found = {
        names[part.lower()] for part in (*parts, stem.partition("_")[0]) if part.lower() in names
    }
    if len(found) == 1:
        return found.pop(), ""
    if found:
        return "", f"its name fits several students: {', '.join(sorted(found))}"
    if names:
        return "", "its name fits nobody in the roster"
    return (stem, "") if sound_name(stem) else ("", "its name cannot be an id")


def _take(course: CourseFolder, assignment: str, student: str, one: Candidate) -> Collected:
    target, name = course.submitted(assignment, student), one.source.name
    when = datetime.fromtimestamp(one.when, UTC).replace(microsecond=0, tzinfo=None)
    if _is_as_new(target, when):
        return Collected(name, student, "kept", "the one that is there is as new")
    stamp = f"{when:%Y-%m-%d %H:%M:%S} UTC"
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{assignment}."))
    try:
        problem = _copy(one, work, course.notebooks(assignment)[0])
        if problem:
            return Collected(name, student, "left", problem)
        (work / "timestamp.txt").write_text(stamp + "\n")
        work.chmod(0o755)
        aside = work.with_name(work.name + ".old")
        if target.exists():
            target.rename(aside)
        work.rename(target)
        shutil.rmtree(aside, ignore_errors=True)
    except OSError as error:
        if not its_own(error):
            raise
        return Collected(name, student, "left", f"it cannot be copied: {error.strerror}")
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Collected(name, student, "taken", f"handed in {stamp}")


def _is_as_new(target: Path, when: datetime) -> bool:
    """Tell whether a submission that is there already was handed in at that time, or later."""
    try:
        before = handed_in(target)
    except ValueError:
        return False  # nobody can grade that one
    return before is not None and before >= when


def _copy(one: Candidate, work: Path, notebook: str) -> str:
    """Copy one submission; returns what is wrong with it, or nothing."""
    files = files_of(one.source)
    if sum(file.stat().st_size for file in files) > LARGEST:
        return f"it is larger than {LARGEST // 1_000_000} MB"
    shutil.copyfile(one.notebook, work / notebook)
    home = one.source if one.source.is_dir() else one.source.parent
    for file in files:
        place = work / file.relative_to(home)
        if file.suffix != ".ipynb" and file.relative_to(home).parts[0] != "timestamp.txt":
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    return ""
