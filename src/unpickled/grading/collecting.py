"""Collect: a folder of files, as a learning platform gives it, into `submitted/STUDENT/ASSIGNMENT/`.

Known shapes: a folder for each student, or files whose names hold the student's id between underscores or spaces,
as Canvas and Moodle name them. Nothing is guessed: what fits no student, or two, is told and left where it is.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from unpickled.grading.places import CourseFolder, GradingError, sound_name
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


def collect(course: CourseFolder, assignment: str, folder: Path) -> Iterator[Collected]:
    """Copy every submission in `folder` to its place, each whole or not at all; yields one result for each.

    Raises:
        GradingError: there is no such assignment, or no such folder.
    """
    course.require(assignment)
    if not folder.is_dir():
        remedy = "Give the folder of submissions; unpack an archive first."
        raise GradingError(str(folder), "there is no such folder", remedy)
    names = _names(course)
    best: dict[str, tuple[float, Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        student, problem = _student(path, names)
        if problem:
            yield Collected(path.name, student, "left", problem)
            continue
        when = _when(path)
        if student in best and best[student][0] >= when:
            yield Collected(path.name, student, "left", "a later one of the same student counts")
            continue
        if student in best:
            reason = "a later one of the same student counts"
            yield Collected(best[student][1].name, student, "left", reason)
        best[student] = (when, path)
    for student, (when, path) in sorted(best.items()):
        yield _take(course, assignment, student, path, when)


def _names(course: CourseFolder) -> dict[str, str]:
    """Return every name by which a student is known, with the id; names of two students are left out."""
    found: dict[str, str] = {}
    twice = set()
    with gradebook(course) as book:
        for student in book.students:
            full = f"{student.first_name or ''} {student.last_name or ''}".strip()
            for name in {student.id, student.lms_user_id or "", full} - {""}:
                if found.setdefault(name.lower(), student.id) != student.id:
                    twice.add(name.lower())
    return {name: identity for name, identity in found.items() if name not in twice}


def _student(path: Path, names: Mapping[str, str]) -> tuple[str, str]:
    """Return whose a file is, and what is wrong where that cannot be said."""
    stem = path.name if path.is_dir() else path.stem
    if path.is_file() and path.suffix != ".ipynb":
        return "", "this is no notebook"
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


def _when(path: Path) -> float:
    notebooks = [path] if path.is_file() else sorted(path.rglob("*.ipynb")) or [path]
    return max(one.stat().st_mtime for one in notebooks)


def _take(
    course: CourseFolder, assignment: str, student: str, path: Path, when: float
) -> Collected:
    target = course.submitted(assignment, student)
    stamp = datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    old = target / "timestamp.txt"
    if old.is_file() and old.read_text(errors="replace").strip() >= stamp:
        return Collected(path.name, student, "kept", "the one that is there is as new")
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{assignment}."))
    try:
        problem = _copy(path, work, course.notebook(assignment))
        if problem:
            return Collected(path.name, student, "left", problem)
        (work / "timestamp.txt").write_text(stamp + "\n")
        work.chmod(0o755)
        aside = work.with_name(work.name + ".old")
        if target.exists():
            target.rename(aside)
        work.rename(target)
        shutil.rmtree(aside, ignore_errors=True)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Collected(path.name, student, "taken", f"handed in {stamp}")


def _copy(path: Path, work: Path, notebook: str) -> str:
    """Copy one submission; returns what is wrong with it, or nothing."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    files = [file for file in files if not file.is_symlink()]
    if sum(file.stat().st_size for file in files) > LARGEST:
        return f"it is larger than {LARGEST // 1_000_000} MB"
    named = [file for file in files if file.name == notebook]
    others = [file for file in files if file.suffix == ".ipynb"]
    chosen = max(named or others, key=lambda file: file.stat().st_mtime, default=None)
    if chosen:
        shutil.copyfile(chosen, work / notebook)
    for file in files:
        place = work / file.relative_to(path if path.is_dir() else path.parent)
        if file.suffix != ".ipynb" and file.name != "timestamp.txt":
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, place)
    return ""
