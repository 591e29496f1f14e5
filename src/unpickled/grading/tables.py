"""Tables of our own in nbgrader's gradebook: made when they are first needed, and looked for once a transaction."""

from __future__ import annotations

from typing import Any

__all__ = ["require_indexes", "require_table"]

_INDEXES = ("submitted_notebook (assignment_id)", "grade (notebook_id)", "comment (notebook_id)")
"""What is looked up for every submission. nbgrader has no index for it: each would read the whole class's rows."""


def require_table(db: Any, table: str) -> None:
    """Make a table if it is not there.

    Args:
        db: the gradebook's session.
        table: its "CREATE TABLE IF NOT EXISTS …".
    """
    from sqlalchemy import text  # noqa: PLC0415 - slow to import

    session = db() if callable(db) else db  # nbgrader's is one a thread
    if session.info.get(table) is not session.get_transaction() or not session.in_transaction():
        db.execute(text(table))  # in PostgreSQL it goes with a transaction that is rolled back
        session.info[table] = session.get_transaction()


def require_indexes(db: Any) -> None:
    """Make the indexes that keep a submission as cheap in a class of 100,000 as in one of ten; the caller commits.

    Args:
        db: the gradebook's session.
    """
    from sqlalchemy import text  # noqa: PLC0415 - slow to import

    for what in _INDEXES:
        name = f"unpickled_{what.partition(' ')[0]}"
        db.execute(text(f"CREATE INDEX IF NOT EXISTS {name} ON {what}"))
