"""Grade as submissions arrive: folders are looked at every second, and what has come to rest is graded."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress

from unpickled.grading.outcomes import Outcome
from unpickled.grading.places import CourseFolder
from unpickled.grading.reading import entries
from unpickled.grading.running import Key, Manner, grade, queue

__all__ = ["watch"]

_LOOK = 1.0  # seconds between two looks
_State = tuple[tuple[str, int, int], ...]


def watch(
    course: CourseFolder,
    names: Sequence[str],
    students: Sequence[str],
    manner: Manner,
) -> Iterator[Outcome]:
    """Grade what there is and what comes in, without end; yields outcomes as `grade` does.

    A submission that is still being copied is left alone until two looks find the same files in it.

    Args:
        course: the course folder.
        names: assignments; all if empty.
        students: ids; everybody if empty.
        manner: how.

    Raises:
        GradingError: as `grade`.
        SandboxError: as `grade`.
    """
    graded: dict[Key, _State] = {}
    before: dict[Key, _State] = {}
    here = {student for _, student in queue(course, names)}
    if absent := sorted(set(students) - here):
        manner.tell(f"Nobody called {', '.join(absent)} has handed anything in yet.")
    while True:
        now = {key: _state(course, key) for key in queue(course, names)}
        settled = [
            key
            for key, state in now.items()
            if (not students or key[1] in students)
            and before.get(key) == state
            and graded.get(key) != state
        ]
        if settled:
            yield from grade(course, settled, manner)
            graded |= {key: now[key] for key in settled}
        before = now
        time.sleep(_LOOK)


def _state(course: CourseFolder, key: Key) -> _State:
    """Return what can be seen of a submission's files from outside."""
    found = []
    with suppress(OSError):  # it is just being moved
        for entry, _ in entries(course.submitted(*key)):
            with suppress(OSError):
                known = entry.stat(follow_symlinks=False)
                found.append((entry.path, known.st_size, known.st_mtime_ns))
    return tuple(found)
