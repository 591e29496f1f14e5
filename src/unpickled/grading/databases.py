"""A gradebook elsewhere than in the course folder: PostgreSQL, named by a URL in the course's configuration.

Every command of nbgrader's reads that URL, and so does everything here. It holds no password, and no way to the server
on which others could read or change grades.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from unpickled.errors import SetupError
from unpickled.grading.holding import MOMENT
from unpickled.grading.places import GradingError

__all__ = ["copy_gradebook", "only_writer", "require_free", "url_of"]

_DRIVER = "postgresql+psycopg"
_ENCRYPTED = frozenset({"require", "verify-ca", "verify-full"})
_OWN = ("unpickled_outcome", "unpickled_graded", "alembic_version")
_AT_A_TIME = 2000  # rows
_LOCK = 0x756E7069636B6C65  # "unpickle": one writer to a gradebook, whichever machine it is on
_EXAMPLE = "Write it as postgresql://NAME@HOST/DATABASE?sslmode=verify-full"


def url_of(text: str) -> str:
    """Return a PostgreSQL URL as SQLAlchemy and nbgrader take it.

    Raises:
        GradingError: it is none, holds a password, or leads over a network without TLS.
        SetupError: the driver is not installed.
    """
    from sqlalchemy.engine import make_url  # noqa: PLC0415 - slow to import
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise GradingError("--db", "this is no URL of a database", _EXAMPLE) from error
    place = url.set(query={}).render_as_string(hide_password=True)
    if url.drivername not in {"postgres", "postgresql", _DRIVER} or not url.database:
        problem = "a gradebook is kept in PostgreSQL, or without --db in the course folder"
        raise GradingError(place, problem, _EXAMPLE)
    if url.password or "password" in url.query:
        remedy = "Leave it out, and put it into ~/.pgpass, or into the file that PGPASSFILE names."
        problem = "a password would stand in the course's configuration, for everyone to read"
        raise GradingError(place, problem, remedy)
    if not _is_here(url) and url.query.get("sslmode") not in _ENCRYPTED:
        problem = "grades would go over the network without TLS"
        raise GradingError(place, problem, "Add ?sslmode=verify-full to the URL.")
    if find_spec("psycopg") is None:
        remedy = "Run in the checkout: tools/setup.sh scale"
        raise SetupError("--db", "the driver for PostgreSQL is not installed", remedy)
    return url.set(drivername=_DRIVER).render_as_string(hide_password=False)


def _is_here(url: Any) -> bool:
    """Tell whether a URL leads to a socket or an address of this machine."""
    hosts = [url.host, url.query.get("host"), url.query.get("hostaddr")]
    return all(host is None or (isinstance(host, str) and _is_local(host)) for host in hosts)


def _is_local(host: str) -> bool:
    if host.startswith("/") or host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def require_free(url: str) -> None:
    """Make sure that a database holds nobody's gradebook yet.

    Raises:
        GradingError: it does.
    """
    from nbgrader.api import Student, SubmittedAssignment  # noqa: PLC0415 - slow to import
    from sqlalchemy import create_engine, inspect, select  # noqa: PLC0415

    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            known = inspect(connection).get_table_names()
            for kind in (Student, SubmittedAssignment):
                table = kind.__table__
                if table.name in known and connection.execute(select(table).limit(1)).first():
                    problem = "this database holds a gradebook already"
                    raise GradingError(url, problem, "Make a new one (createdb NAME), and name it.")
    finally:
        engine.dispose()


def copy_gradebook(source: str, target: str) -> None:
    """Copy a gradebook from one database into another that is empty, as it stands at one moment; all of it or nothing.

    Args:
        source: the URL of the first.
        target: that of the second.
    """
    from nbgrader.api import Base  # noqa: PLC0415 - slow to import
    from sqlalchemy import MetaData, Table, create_engine, inspect  # noqa: PLC0415

    old, new = create_engine(source), create_engine(target)
    try:
        with _at_one_moment(old) as reading, new.begin() as writing:
            Base.metadata.create_all(writing)
            known = set(inspect(reading).get_table_names())
            more = [
                Table(name, MetaData(), autoload_with=reading) for name in _OWN if name in known
            ]
            for table in more:
                table.create(writing, checkfirst=True)
            for table in (*Base.metadata.sorted_tables, *more):
                if table.name in known:
                    writing.execute(table.delete())
                    for part in reading.execute(table.select()).mappings().partitions(_AT_A_TIME):
                        writing.execute(table.insert(), [dict(row) for row in part])
    finally:
        old.dispose()
        new.dispose()


@contextmanager
def _at_one_moment(engine: Any) -> Iterator[Any]:
    """Give a connection that sees one state of a database, whoever writes to it meanwhile."""
    level = "REPEATABLE READ" if engine.dialect.name == "postgresql" else "SERIALIZABLE"
    with engine.connect().execution_options(isolation_level=level) as connection:
        yield connection


@contextmanager
def only_writer(book: Any) -> Iterator[None]:
    """Hold a gradebook that other machines can reach while a class is graded; one in the folder is held by its lock.

    Args:
        book: nbgrader's gradebook, open.

    Raises:
        GradingError: another run holds it.
    """
    from sqlalchemy import NullPool, create_engine, text  # noqa: PLC0415 - slow to import

    if book.engine.dialect.name != "postgresql":
        yield
        return
    apart = create_engine(book.engine.url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with apart.connect() as connection:  # closed with the run, and the lock with it
        until = time.monotonic() + MOMENT
        asked = text("SELECT pg_try_advisory_lock(:key)")
        while not (got := connection.scalar(asked, {"key": _LOCK})) and time.monotonic() < until:
            time.sleep(0.1)
        if not got:
            problem = "another run is grading into this gradebook, perhaps on another machine"
            raise GradingError("the gradebook", problem, "Wait for it to end.")
        yield
