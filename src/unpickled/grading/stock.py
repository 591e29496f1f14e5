"""The door to nbgrader: imported late, configured as the stock commands are, quiet, and with its log at hand."""

from __future__ import annotations

import logging
import os
import re
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from unpickled.grading.holding import refusals
from unpickled.grading.places import CourseFolder, GradingError

__all__ = ["Log", "gradebook", "nbgrader_app", "programs_on_path"]


RAISED = re.compile(r"^(?:\w+\.)*(\w*(?:Error|Exception|Exit|Entry): .*)$", re.MULTILINE)
"""The line of a traceback that names what was raised, without its module."""


class Log(logging.Handler):
    """What nbgrader said, kept instead of printed."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one record, bounded."""
        if len(self.lines) < 500:
            self.lines.append(record.getMessage()[-4000:])

    def reason(self) -> str:
        """Return the last error that a traceback ended in, or else the last thing that was said."""
        for text in reversed(self.lines):
            if found := RAISED.findall(text):
                return str(found[-1]).strip()[:300]
        return self.lines[-1].strip()[:300] if self.lines else "nbgrader gave no reason"


def programs_on_path() -> None:
    """Put this environment's programs first on PATH: a new gradebook runs `alembic` from there."""
    folder = str(Path(sys.executable).parent)
    found = os.environ.get("PATH", os.defpath)
    if found.split(os.pathsep)[0] != folder:
        os.environ["PATH"] = os.pathsep.join([folder, found])


@contextmanager
def nbgrader_app(
    course: CourseFolder, **settings: Mapping[str, object]
) -> Iterator[tuple[Any, Log]]:
    """Give nbgrader's application for a course, with its configuration read, and the log of what it says.

    Args:
        course: whose `nbgrader_config.py` counts, after the user's own.
        settings: sections that overrule both, as `CourseDirectory={"student_id": "ada"}`.

    Raises:
        GradingError: the configuration cannot be read.
    """
    programs_on_path()
    from nbgrader.apps.baseapp import NbGrader  # noqa: PLC0415 - seconds; only where it is used
    from traitlets.config import Config  # noqa: PLC0415

    app, log = NbGrader(), Log()
    app.raise_config_file_errors = (
        True  # else traitlets goes on without the file: hidden tests would be shown
    )
    try:
        app.initialize(["--Application.log_level=CRITICAL"], root=str(course.path))
    except (Exception, SystemExit) as error:
        raise _unusable(course, error) from error
    app.log_level = logging.WARNING
    app.update_config(Config({name: dict(section) for name, section in settings.items()}))
    app.coursedir.update_config(app.config)
    before = list(app.log.handlers), app.log.propagate
    app.log.handlers[:], app.log.propagate = [log], False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # nbgrader's, about SQLAlchemy: nothing that an instructor can mend
            yield app, log
    finally:
        app.log.handlers[:], app.log.propagate = before


def _unusable(course: CourseFolder, error: BaseException) -> GradingError:
    """Return what is wrong with a configuration; traitlets leaves the process over some of it."""
    place = str(course.path / "nbgrader_config.py")
    if isinstance(error, SyntaxError) and error.filename:
        place, error = f"{error.filename}:{error.lineno}", SyntaxError(error.msg)
    if isinstance(error, SystemExit):
        error = error.__context__ or error  # traitlets: the trait that refused its value
    problem = (
        f"the configuration cannot be used: {type(error).__name__}: {str(error).rstrip('.'):.300}"
    )
    return GradingError(place, problem, "Correct it.")


@contextmanager
def gradebook(course: CourseFolder) -> Iterator[Any]:
    """Open a course's gradebook (an `nbgrader.api.Gradebook`), as its configuration names it.

    Raises:
        GradingError: the configuration or the gradebook cannot be used.
    """
    with refusals(course.path), nbgrader_app(course) as (app, _):
        from nbgrader.api import Gradebook  # noqa: PLC0415 - sqlalchemy is slow to import

        with Gradebook(app.coursedir.db_url, app.coursedir.course_id) as book:
            yield book
