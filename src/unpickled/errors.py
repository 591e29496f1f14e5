"""The one error tree: every failure a user can cause names the place, the problem and the remedy.

The command line turns a `CourseError` into one line on stderr and its `exit_code`; nothing below the
command line prints or exits.
"""

from __future__ import annotations

__all__ = [
    "ContentError",
    "CourseError",
    "NotHereError",
    "ProgressError",
    "SandboxError",
    "ScanError",
    "SetupError",
    "SpecimenError",
    "StudentError",
    "TraceError",
]


class CourseError(Exception):
    """A failure with a place, a problem and a remedy.

    Args:
        place: where it happened: a file, `file:line`, an item's id, a byte offset.
        problem: what is wrong there, as a sentence without a full stop.
        remedy: what the reader can do about it, as a sentence; empty where nothing can be done.
    """

    exit_code = 2

    def __init__(self, place: str, problem: str, remedy: str = "") -> None:
        super().__init__(place, problem, remedy)
        self.place = place
        self.problem = problem
        self.remedy = remedy

    def __str__(self) -> str:
        line = f"{self.place}: {self.problem}."
        return f"{line} {self.remedy}" if self.remedy else line


class ContentError(CourseError):
    """A course file (TOML, lesson source, practice item) breaks its schema."""


class NotHereError(CourseError):
    """Something cannot run where this Python runs, in a browser's page."""


class ProgressError(CourseError):
    """The learner's progress file cannot be read or written."""


class SandboxError(CourseError):
    """Something was not run, because it could not be held in a sandbox."""


class ScanError(CourseError):
    """A scan could not be started at all (a path that is missing, say)."""


class SetupError(CourseError):
    """Something that the course needs is missing on this machine."""


class SpecimenError(CourseError):
    """A specimen is unknown or could not be written."""


class StudentError(CourseError):
    """Something that a check asked of a learner's work could not be had.

    Args:
        problem: what is wrong, in words for the learner.
        remedy: what the learner can do.
        raised: the name of the exception class that the learner's own code raised; empty for any other problem.
    """

    def __init__(self, problem: str, remedy: str = "", *, raised: str = "") -> None:
        super().__init__("your answer", problem, remedy)
        self.raised = raised


class TraceError(CourseError):
    """A pickle is malformed, truncated or over a limit.

    Args:
        offset: byte offset at which reading failed.
        problem: the reason, in plain words.
        remedy: what the reader can do.
    """

    def __init__(self, offset: int, problem: str, remedy: str = "") -> None:
        super().__init__(f"byte {offset}", problem, remedy)
        self.offset = offset
