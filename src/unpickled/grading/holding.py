"""Hold a course while it is changed, and tell what the system or the database refuses as place, problem and remedy."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from unpickled.grading.places import CourseFolder, GradingError

__all__ = ["MOMENT", "database_error", "its_own", "only_one", "refusals"]

LOCK = ".grading.lock"
MOMENT = 5.0
"""Seconds that a lock is waited for: what a killed run had forked dies after it, and holds its lock until then."""
_ITS_OWN = frozenset(
    {
        errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL, errno.EISDIR, errno.ENOTDIR, errno.EEXIST,
    }
)  # fmt: skip


@contextmanager
def only_one(course: CourseFolder) -> Iterator[None]:
    """Hold the course while it is graded or renewed.

    Raises:
        GradingError: another process holds it, or its folder cannot be written to.
    """
    lock = FileLock(course.path / LOCK, timeout=MOMENT)
    with refusals(course.path):
        try:
            lock.acquire()
        except Timeout as error:
            problem = "another run is grading or renewing this course"
            raise GradingError(str(course.path), problem, "Wait for it to end.") from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def refusals(place: Path) -> Iterator[None]:
    """Turn an error of the system or of the gradebook's database into one that a person can act on.

    Args:
        place: the course folder, or whatever is being written.

    Raises:
        GradingError: something in it cannot be read or written.
    """
    try:
        yield
    except OSError as error:
        what = (
            f" ({error.filename})" if error.filename and str(error.filename) != str(place) else ""
        )
        problem = f"cannot be read or written: {error.strerror or error}{what}"
        remedy = "Check its permissions and the space on the disk."
        raise GradingError(str(place), problem, remedy) from error
    except sqlite3.Error as error:
        raise _of_database(place, error) from error
    except GradingError:
        raise
    except Exception as error:
        if refused := database_error(error):
            raise _of_database(place, refused) from error
        raise


def its_own(error: BaseException) -> bool:
    """Tell whether an error is about the names or kinds of one submission's files, and no other's."""
    return isinstance(error, OSError) and error.errno in _ITS_OWN


def database_error(error: BaseException) -> object:
    """Return what the database itself said, where an exception comes from its refusal to be read or written.

    nbgrader puts exceptions of its own around SQLAlchemy's.
    """
    from sqlalchemy.exc import DatabaseError, DataError, IntegrityError  # noqa: PLC0415 - slow; by now it was imported

    found: BaseException | None = error
    while found:
        if isinstance(found, DatabaseError) and not isinstance(found, (DataError, IntegrityError)):
            return found.orig
        found = found.__cause__ or found.__context__
    return None


def _of_database(place: Path, error: object) -> GradingError:
    if type(error).__module__.partition(".")[0] == "psycopg":
        remedy = (
            "See whether the server runs and lets you in (psql, with the same URL), then try again."
        )
        problem = f"the gradebook cannot be used: {str(error).splitlines()[0]}"
        return GradingError(str(place), problem, remedy)
    remedy = (
        "Close the form grader and whatever else has it open, then try again."
        if "locked" in str(error)
        else "Check its permissions and the space on the disk, or put a copy of it back."
    )
    return GradingError(str(place), f"the gradebook cannot be used: {error}", remedy)
