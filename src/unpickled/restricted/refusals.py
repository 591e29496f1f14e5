"""Why nothing was converted: two errors, for the two exit codes."""

from __future__ import annotations

from unpickled.errors import CourseError

__all__ = ["ConvertError", "RefusedError"]


class ConvertError(CourseError):
    """A file could not be converted: missing, damaged, over a limit, of another format."""


class RefusedError(ConvertError):
    """A file is not converted, because of what is in it: a scan or PyTorch's restricted unpickler refuses it."""

    exit_code = 1
