"""picklescan, asked through its Python API; runs in the worker process.

picklescan's own result does not say which member a name stands in, nor how far it read. Both are taken down by
wrapping the two functions through which it reads every pickle and every npy header.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from unpickled.scanners.answers import Answer, Complaint, Look
from unpickled.scanners.verdicts import Finding

__all__ = ["examine"]


class _Notes:
    """What the wrapped functions take down."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.looks: list[Look] = []
        self.found: list[Finding] = []
        self.judged: list[str] = []
        self.complaints: list[Complaint] = []

    def place(self, file_id: Any) -> str:
        """Return the member of `path:member`, without the path."""
        return str(file_id).removeprefix(self.path).removeprefix(":")

    def take_down(self, where: str, result: Any) -> None:
        """Keep the names of one pickle with the place they stand in."""
        for found in result.globals:
            self.found.append(
                Finding(str(found.module), str(found.name), where, str(found.safety.value))
            )
        if result.scan_err:
            self.complaints.append(Complaint("unreadable", where, "it could not parse all of it"))


def examine(path: str) -> Answer:
    """Scan one file with picklescan.

    Raises:
        Exception: whatever picklescan raises.
    """
    from picklescan import scanner  # noqa: PLC0415 - costs 0.1 s, so only when it is asked

    path = os.path.abspath(path)  # noqa: PTH100 - a text, as picklescan expects it
    notes = _Notes(path)
    with _wrapped(scanner, notes):
        scanner.scan_file_path(path)
    return Answer(
        flagged=tuple(sorted(found for found in set(notes.found) if found.severity == "dangerous")),
        unlisted=tuple(
            sorted(found for found in set(notes.found) if found.severity == "suspicious")
        ),
        looks=tuple(notes.looks),
        judged=tuple(notes.judged),
        complaints=tuple(notes.complaints),
    )


@contextmanager
def _wrapped(scanner: Any, notes: _Notes) -> Iterator[None]:
    read_pickle, read_numpy = scanner.scan_pickle_bytes, scanner.scan_numpy

    def pickle_read(
        data: Any, file_id: Any, multiple_pickles: bool = True, strict: bool = False
    ) -> Any:
        where, start = notes.place(file_id), data.tell()
        result = read_pickle(data, file_id, multiple_pickles, strict)
        notes.looks.append(Look(where, start, data.tell(), multiple_pickles))
        notes.take_down(where, result)
        return result

    def numpy_read(data: Any, file_id: Any, strict: bool = False) -> Any:
        result = read_numpy(data, file_id, strict)
        notes.judged.append(notes.place(file_id))
        return result

    scanner.scan_pickle_bytes, scanner.scan_numpy = pickle_read, numpy_read
    try:
        yield
    finally:
        scanner.scan_pickle_bytes, scanner.scan_numpy = read_pickle, read_numpy
