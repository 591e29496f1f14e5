"""What a person has reviewed stays reviewed: whether an answer and its proposed score are those of the last grading.

nbgrader has no place for that. A table of our own in its gradebook holds a digest for each grade, so that it is written
in the same transaction as the scores, and `nbgrader autograde` and `unpickled teach grade` know the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import text

__all__ = ["answer_text", "digest_of", "unchanged"]

TABLE = "CREATE TABLE IF NOT EXISTS unpickled_graded (grade VARCHAR(32) PRIMARY KEY, digest VARCHAR(64) NOT NULL)"
READ = "SELECT digest FROM unpickled_graded WHERE grade = :grade"
WRITE = (
    "INSERT INTO unpickled_graded (grade, digest) VALUES (:grade, :digest) "
    "ON CONFLICT (grade) DO UPDATE SET digest = excluded.digest"
)


def answer_text(cells: Sequence[Any], name: str) -> list[str]:
    """Return the sources that a graded cell judges: from its answer cell to itself, and loose cells behind it."""
    start, found = 0, False
    texts: list[str] = []
    for index, cell in enumerate(cells):
        known = cell.metadata.get("nbgrader") or {}
        if found and known:
            break
        if not found and known.get("solution"):
            start, texts = index, []
        if index >= start:
            texts.append(cell.source)
        found = found or known.get("grade_id") == name
    return texts


def digest_of(judged: Sequence[object]) -> str:
    """Return what answer and proposal are known by later, from their parts as JSON can write them."""
    return hashlib.sha256(json.dumps(judged).encode()).hexdigest()


def unchanged(db: Any, grade: str, digest: str) -> bool:
    """Tell whether a grade was given to the same before, and remember what it is given to now.

    Args:
        db: the gradebook's session; the caller commits.
        grade: the grade's id in it.
        digest: of answer and proposal.
    """
    db.execute(text(TABLE))
    before = db.execute(text(READ), {"grade": grade}).scalar()
    db.execute(text(WRITE), {"grade": grade, "digest": digest})
    return bool(before == digest)
