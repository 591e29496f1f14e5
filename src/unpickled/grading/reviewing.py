"""What a person has reviewed stays reviewed: whether an answer and its proposed score are those of the last grading.

nbgrader has no place for that. A table of our own in its gradebook holds a digest for each grade, so that it is written
in the same transaction as the scores, and `nbgrader autograde` and `unpickled teach grade` know the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import bindparam, text

from unpickled.grading.tables import require_table

__all__ = ["answer_text", "digest_of", "unchanged"]

TABLE = "CREATE TABLE IF NOT EXISTS unpickled_graded (grade VARCHAR(32) PRIMARY KEY, digest VARCHAR(64) NOT NULL)"
READ = text("SELECT grade, digest FROM unpickled_graded WHERE grade IN :grades").bindparams(
    bindparam("grades", expanding=True)
)
WRITE = text(
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


def unchanged(db: Any, digests: Mapping[str, str]) -> frozenset[str]:
    """Return which grades were given to the same before, and remember what all of them are given to now.

    Args:
        db: the gradebook's session; the caller commits.
        digests: by the grade's id, the digest of answer and proposal.
    """
    if not digests:
        return frozenset()
    require_table(db, TABLE)
    before = dict(db.execute(READ, {"grades": list(digests)}).tuples().all())
    db.execute(WRITE, [{"grade": grade, "digest": one} for grade, one in digests.items()])
    return frozenset(grade for grade, one in digests.items() if before.get(grade) == one)
