"""Late penalties follow the due date: after an extension they are reckoned anew, and nothing is run again.

nbgrader gives a penalty once, while it grades, and keeps it when the date is moved afterwards.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from unpickled.grading.places import CourseFolder

__all__ = ["renew_penalty"]


def renew_penalty(app: Any, course: CourseFolder, assignment: str, student: str) -> None:
    """Give a graded submission the penalty that nbgrader's late plugin gives it now.

    Args:
        app: nbgrader's application, with the course's configuration.
        course: whose gradebook holds the submission.
        assignment: of the submission.
        student: whose it is.
    """
    from nbgrader.preprocessors import AssignLatePenalties  # noqa: PLC0415 - seconds to import

    names = {
        "notebook": Path(course.notebook(assignment)).stem,
        "assignment": assignment,
        "student": student,
        "db_url": app.coursedir.db_url,
    }
    AssignLatePenalties(parent=app).preprocess(SimpleNamespace(cells=[]), {"nbgrader": names})
