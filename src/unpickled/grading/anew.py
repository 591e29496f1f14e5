"""Whether a submission was handed in anew: by what is in its files, not only by the time that it bears.

nbgrader grades again what has a newer `timestamp.txt`; a file that somebody replaced by hand has none. So a digest of
what was graded is kept in a table of our own in the gradebook, in the transaction of the scores.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from unpickled.checking import File
from unpickled.grading.tables import require_table

__all__ = ["digests_in", "fingerprint", "keep"]

TABLE = (
    "CREATE TABLE IF NOT EXISTS unpickled_submitted (assignment VARCHAR(128) NOT NULL, student VARCHAR(255) NOT NULL, "
    "digest VARCHAR(64) NOT NULL, PRIMARY KEY (assignment, student))"
)
READ = "SELECT assignment, student, digest FROM unpickled_submitted"
WRITE = (
    "INSERT INTO unpickled_submitted (assignment, student, digest) VALUES (:assignment, :student, :digest) "
    "ON CONFLICT (assignment, student) DO UPDATE SET digest = excluded.digest"
)


def fingerprint(files: Iterable[File]) -> str:
    """Return what files are known by later: the sha256 of their names and bytes; their time is not among them."""
    whole = hashlib.sha256()
    for file in sorted(files, key=lambda one: one.name):
        if file.name != "timestamp.txt":
            name = file.name.encode("utf-8", "surrogateescape")
            whole.update(b"%d %d " % (len(name), len(file.data)) + name + file.data)
    return whole.hexdigest()


def digests_in(db: Any) -> dict[tuple[str, str], str]:
    """Return the digests of what was graded, by assignment and student, from an open gradebook (its session)."""
    from sqlalchemy import text  # noqa: PLC0415 - slow to import

    require_table(db, TABLE)
    return {(row.assignment, row.student): row.digest for row in db.execute(text(READ))}


def keep(db: Any, assignment: str, student: str, digest: str) -> None:
    """Remember what was graded; the caller commits."""
    from sqlalchemy import text  # noqa: PLC0415 - slow to import

    require_table(db, TABLE)
    db.execute(text(WRITE), {"assignment": assignment, "student": student, "digest": digest})
