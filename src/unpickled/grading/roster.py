"""The roster: students from a CSV file into the gradebook, all rows or none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unpickled.grading.places import CourseFolder, GradingError, sound_name
from unpickled.grading.stock import gradebook

__all__ = ["COLUMNS", "Changes", "import_roster", "read_roster"]

COLUMNS = {
    "id": ("id", "student_id", "username", "sis login id"),
    "first_name": ("first_name", "first name", "firstname"),
    "last_name": ("last_name", "last name", "surname", "lastname"),
    "email": ("email", "email address", "e-mail"),
    "lms_user_id": ("lms_user_id", "lms id", "canvas id", "id number"),
}
"""Fields of nbgrader's students, each with the column headings that mean it (any case)."""
LARGEST = 10_000_000
SEPARATORS = ",;\t"


@dataclass(frozen=True, slots=True)
class Changes:
    """How many students an import added, changed and found as they were."""

    added: int
    changed: int
    same: int


def read_roster(path: Path) -> dict[int, dict[str, str]]:
    """Return the rows of a roster by nbgrader's field names, each by the number of the line that it begins in.

    Raises:
        GradingError: the file cannot be read, has no id column, a line has more fields than the heading or cannot be
            taken apart, an id is missing or odd, or an id or a platform's number is there twice.
    """
    lines = _lines(path, _text(path))
    first, heading = next(lines, (1, []))
    names = [name.strip().lower() for name in heading]
    if heading and not any(name in names for name in COLUMNS["id"]):
        remedy = "Head one column id: it names the student's folder and file."
        raise GradingError(f"{path.name}:{first}", "there is no column with ids", remedy)
    rows = {number: _row(path, number, names, fields) for number, fields in lines}
    if not rows:
        remedy = "Give a heading line and a row each."
        raise GradingError(str(path), "there is no student in it", remedy)
    for field, what in (("id", "the id"), ("lms_user_id", "the lms_user_id")):
        _require_different(path, what, {number: row[field] for number, row in rows.items()})
    return rows


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise GradingError(str(path), "this is too large for a roster", "Give a CSV file.")
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise GradingError(str(path), problem, "Give a CSV file with a column id.") from error
    except UnicodeDecodeError as error:
        raise GradingError(str(path), "this is not UTF-8", "Save it as CSV UTF-8.") from error


def _lines(path: Path, text: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the fields of each line that is not blank, with its number; what separates them is told by the heading."""
    heading = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=heading.count)  # a comma where there is none
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    while True:
        number = reader.line_num + 1
        try:
            fields = next(reader, None)
        except csv.Error as error:
            remedy = (
                'Put a field with quotes in it between quotes, and double those: "Smith ""Bob""".'
            )
            raise GradingError(
                f"{path.name}:{number}", f"this is no CSV: {error}", remedy
            ) from error
        if fields is None:
            return
        if any(field.strip() for field in fields):
            yield number, fields


def _row(path: Path, number: int, names: list[str], fields: list[str]) -> dict[str, str]:
    """Return a line's fields by nbgrader's names; one that is not there is empty."""
    if any(field.strip() for field in fields[len(names) :]):
        problem = f"there are {len(fields)} fields, and {len(names)} in the heading"
        remedy = "Put a field with a separator in it between quotes."
        raise GradingError(f"{path.name}:{number}", problem, remedy)
    plain = {name: field.strip() for name, field in zip(names, fields, strict=False)}
    row = {
        field: next((plain[one] for one in headings if plain.get(one)), "")
        for field, headings in COLUMNS.items()
    }
    if not sound_name(row["id"]):
        remedy = (
            "Use letters, figures, - and _ (at most 128, none of / \\ * ? + , and no leading dot)."
        )
        raise GradingError(f"{path.name}:{number}", f"{row['id']!r} cannot be an id", remedy)
    return {field: text[:128] for field, text in row.items()}


def _require_different(path: Path, what: str, given: Mapping[int, str]) -> None:
    seen: dict[str, int] = {}
    for number, text in given.items():
        if text and text in seen:
            problem = f"{what} {text} stands in line {seen[text]} too"
            raise GradingError(f"{path.name}:{number}", problem, "Keep one of them.")
        seen[text] = number


def import_roster(course: CourseFolder, path: Path) -> Changes:
    """Add the students of a CSV file to the gradebook, or change what the file says of them; nobody is removed.

    Raises:
        GradingError: as `read_roster`, or a platform's number belongs to another student already.
    """
    rows = read_roster(path)
    added = changed = 0
    with gradebook(course) as book:
        known = {student.id: student for student in book.students}
        _require_free(path, rows, known.values())
        for row in rows.values():
            fields: dict[str, Any] = {name: text for name, text in row.items() if text}
            student = known.get(row["id"])
            if student is None:
                from nbgrader.api import Student  # noqa: PLC0415 - sqlalchemy is slow to import

                book.db.add(Student(**fields))
                added += 1
            elif any(getattr(student, name) != text for name, text in fields.items()):
                for name, text in fields.items():
                    setattr(student, name, text)
                changed += 1
        book.db.commit()
    return Changes(added, changed, len(rows) - added - changed)


def _require_free(path: Path, rows: Mapping[int, Mapping[str, str]], known: Iterable[Any]) -> None:
    """Refuse a platform's number that a student has whom the file leaves as they are."""
    renewed = {row["id"] for row in rows.values() if row["lms_user_id"]}
    taken = {one.lms_user_id: one.id for one in known if one.lms_user_id and one.id not in renewed}
    for number, row in rows.items():
        if other := taken.get(row["lms_user_id"]):
            problem = f"the lms_user_id {row['lms_user_id']} is that of {other} in the gradebook"
            remedy = f"Correct it, or give a line for {other} with another one."
            raise GradingError(f"{path.name}:{number}", problem, remedy)
