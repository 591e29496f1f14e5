"""Why a defence did not let something pass: an error for each of the two exit codes, and one for a server."""

from __future__ import annotations

from unpickled.defence.names import shown
from unpickled.errors import CourseError

__all__ = ["AwayError", "GuardError", "RefusedError"]


class GuardError(CourseError):
    """Something could not be done or judged: a file is missing, damaged, of another version, the disk is full."""

    def __init__(self, place: str, problem: str, remedy: str = "") -> None:
        super().__init__(shown(place), shown(problem), remedy)


class AwayError(GuardError):
    """A server could not be asked at all: it is away, closed, too slow, or no registry."""


class RefusedError(GuardError):
    """Something was judged and does not pass: it is not what was pinned, signed or admitted.

    Attributes:
        verdict: what the scan said, where it was the scan that does not let it pass.
    """

    exit_code = 1

    def __init__(self, place: str, problem: str, remedy: str = "", *, verdict: str = "") -> None:
        super().__init__(place, problem, remedy)
        self.verdict = verdict
