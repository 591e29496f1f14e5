"""How much a child and everything it started use right now; looked up in `/proc`, many times a second.

Behind the wall the count is complete: the child has a process namespace of its own, whose own `/proc` lists all of it
and nothing else. Without the wall it is what still belongs to the child's session or descends from it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from typing import NamedTuple

from unpickled.sandbox.limits import Limits, Stop

__all__ = ["Usage", "namespace", "over", "session", "session_members"]

_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
_PROC = "/proc"


class Usage(NamedTuple):
    """Memory and files in bytes; processes with their threads; files, and open files, by number."""

    memory: int = 0
    processes: int = 0
    disk: int = 0
    files: int = 0
    open_files: int = 0


def over(usage: Usage, limits: Limits) -> Stop:
    """Name the limit that is passed; empty if none is."""
    if usage.memory + usage.disk > limits.memory:
        return "memory"
    if usage.processes > limits.processes:
        return "processes"
    if usage.open_files > limits.open_together:
        return "open files"
    return "disk" if usage.files > limits.files else ""


def namespace(init: int) -> Usage | None:
    """Count what runs in the process namespace whose first process is `init`.

    Returns:
        None while the wall is still being built, and when nothing is left behind it.

    Raises:
        PermissionError: the kernel does not let us look.
    """
    root = f"{_PROC}/{init}/root"
    try:
        if os.stat(f"{root}/proc").st_dev == os.stat(_PROC).st_dev:  # noqa: PTH116 - called often
            return None
        # The first process, which waits for the others, is bubblewrap's or a nest's.
        pids = [
            name
            for name in os.listdir(f"{root}/proc")  # noqa: PTH208
            if name.isdigit() and name != "1"
        ]
        folder = os.statvfs(f"{root}/tmp")  # noqa: S108 - the private one
    except (FileNotFoundError, ProcessLookupError, NotADirectoryError):
        return None
    memory, tasks, opened = _sum(f"{root}/proc", pids)
    disk = (folder.f_blocks - folder.f_bfree) * folder.f_frsize
    return Usage(memory, tasks, disk, folder.f_files - folder.f_ffree, opened)


def session(leader: int) -> Usage:
    """Count what belongs to a session or descends from its leader, as far as it can still be told."""
    memory, tasks, opened = _sum(_PROC, map(str, session_members(leader)))
    return Usage(memory, tasks, open_files=opened)


def session_members(leader: int) -> list[int]:
    """List the processes of the leader's session and its descendants; empty where there is no `/proc`."""
    parents: dict[int, int] = {}
    found = set()
    try:
        names = [name for name in os.listdir(_PROC) if name.isdigit()]  # noqa: PTH208
    except OSError:
        return []
    for name in names:
        with (
            contextlib.suppress(OSError, ValueError, IndexError),
            open(f"{_PROC}/{name}/stat", "rb") as file,  # noqa: PTH123
        ):
            fields = file.read().rpartition(b")")[2].split()
            parents[int(name)] = int(fields[1])
            if int(fields[3]) == leader:
                found.add(int(name))
    for pid in parents:
        above, steps = pid, 0
        while above in parents and steps < 64 and above not in found:
            above, steps = parents[above], steps + 1
            if above == leader or above in found:
                found.add(pid)
                break
    return sorted(found)


def _sum(proc: str, pids: Iterable[str]) -> tuple[int, int, int]:
    pages = tasks = opened = 0
    for pid in pids:
        try:
            with open(f"{proc}/{pid}/statm", "rb") as file:  # noqa: PTH123 - called often
                fields = file.read().split()
            # What it shares is files, counted elsewhere or not at all: the filter leaves no other shared memory.
            pages += int(fields[1]) - int(fields[2])
            tasks += os.stat(f"{proc}/{pid}/task").st_nlink - 2  # noqa: PTH116
            opened += os.stat(f"{proc}/{pid}/fd").st_size  # noqa: PTH116
        except (OSError, ValueError, IndexError):
            continue
    return pages * _PAGE, tasks, opened
