"""The roster: students from a CSV file into the gradebook, all rows or none."""

from __future__ import annotations

import csv
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


@dataclass(frozen=True, slots=True)
class Changes:
    """How many students an import added, changed and found as they were."""

    added: int
    changed: int
    same: int


def read_roster(path: Path) -> list[dict[str, str]]:
    """Return the rows of a roster by nbgrader's field names.

    Raises:
        GradingError: the file cannot be read, has no id column, or an id is missing, odd or there twice.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise GradingError(str(path), "this is too large for a roster", "Give a CSV file.")
        text = path.read_text(encoding="utf-8-sig")
        dialect = csv.Sniffer().sniff(text.split("\n", 1)[0], ",;\t") if text.strip() else csv.excel
        rows = list(csv.DictReader(text.splitlines(), dialect=dialect))
    except OSError as error:
        problem = f"cannot be read: {error.strerror}"
        raise GradingError(str(path), problem, "Give a CSV file with a column id.") from error
    except UnicodeDecodeError as error:
        raise GradingError(str(path), "this is not UTF-8", "Save it as CSV UTF-8.") from error
    except csv.Error:
        rows = list(csv.DictReader(text.splitlines()))
    return [_row(path, number, row) for number, row in enumerate(_unique(path, rows), 2)]


def _unique(path: Path, rows: list[dict[str, str]]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    lines: dict[str, int] = {}
    for number, row in enumerate(rows, 2):
        plain = {str(k or "").strip().lower(): str(v or "").strip() for k, v in row.items()}
        made = {
            field: next((plain[name] for name in names if plain.get(name)), "")
            for field, names in COLUMNS.items()
        }
        if not any(plain.values()):
            continue
        if not any(name in plain for name in COLUMNS["id"]):
            remedy = "Head one column id: it names the student's folder and file."
            raise GradingError(f"{path.name}:1", "there is no column with ids", remedy)
        if made["id"] in lines:
            problem = f"the id {made['id']} stands in line {lines[made['id']]} too"
            raise GradingError(f"{path.name}:{number}", problem, "Keep one of them.")
        lines[made["id"]] = number
        found.append(made)
    if not found:
        raise GradingError(
            str(path), "there is no student in it", "Give a heading line and a row each."
        )
    return found


def _row(path: Path, number: int, row: dict[str, str]) -> dict[str, str]:
    if not sound_name(row["id"]):
        remedy = (
            "Use letters, figures, - and _ (at most 128, none of / \\ * ? + , and no leading dot)."
        )
        raise GradingError(f"{path.name}:{number}", f"{row['id']!r} cannot be an id", remedy)
    return {field: value[:128] for field, value in row.items()}


def import_roster(course: CourseFolder, path: Path) -> Changes:
    """Add the students of a CSV file to the gradebook, or change what the file says of them; nobody is removed."""
    rows = read_roster(path)
    added = changed = 0
    with gradebook(course) as book:
        known = {student.id: student for student in book.students}
        for row in rows:
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
