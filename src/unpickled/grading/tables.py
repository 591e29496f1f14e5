"""Tables of our own in nbgrader's gradebook: made when they are first needed, and looked for once a session."""

from __future__ import annotations

from typing import Any

__all__ = ["require_table"]


def require_table(db: Any, table: str) -> None:
    """Make a table if it is not there.

    Args:
        db: the gradebook's session.
        table: its "CREATE TABLE IF NOT EXISTS …".
    """
    from sqlalchemy import text  # noqa: PLC0415 - slow to import

    session = db() if callable(db) else db  # nbgrader's is one a thread
    if table not in session.info:
        db.execute(text(table))
        session.info[table] = True
