"""What a child may use up, and how it ended: the two records of the sandbox."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = ["PLAIN", "WALLED", "Excuse", "Limits", "Outcome", "Stop"]

WALLED = (
    "bubblewrap: no network, the system read-only, a private temporary folder, nothing else to see"
)
PLAIN = "a plain child process: limits on memory, time and output, no wall around files and network"

Stop: TypeAlias = Literal["", "time", "output", "memory", "processes", "disk", "open files"]
Excuse: TypeAlias = Literal["none", "proved harmless", "headers only", "the user said so"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds for one child and everything that it starts.

    Attributes:
        seconds: wall-clock time; also the CPU time of any one process.
        memory: bytes of memory of all processes together, files in the private folder included.
        processes: processes and threads at the same time.
        disk: bytes in the private temporary folder, and of any one file anywhere.
        files: files and folders in the private temporary folder.
        output: bytes on stdout, and as many on stderr.
        open_files: open files of any one process.
        open_together: open files of all processes, where Linux tells their number (from 6.2 on).
        address_space: bytes that any one process may map; 0 for `memory` and a gigabyte for libraries.
    """

    seconds: float = 60
    memory: int = 1 << 30
    processes: int = 32
    disk: int = 64 << 20
    files: int = 4096
    output: int = 1 << 20
    open_files: int = 256
    open_together: int = 4_096
    address_space: int = 0

    def of_one_process(self) -> dict[str, int]:
        """Return what the kernel itself holds every process to, by the names of `resource`."""
        return {
            "RLIMIT_AS": self.address_space or self.memory + (1 << 30),
            "RLIMIT_CORE": 0,
            "RLIMIT_CPU": int(self.seconds) + 1,
            "RLIMIT_FSIZE": self.disk,
            "RLIMIT_NOFILE": self.open_files,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a child ended.

    Attributes:
        code: its exit code, 128 and the signal's number if a signal ended it; None if it was stopped.
        out: what it wrote to stdout, up to the limit.
        err: what it wrote to stderr, up to the limit.
        stopped_by: the limit for which it was killed; empty if it ended by itself.
        isolation: `WALLED` or `PLAIN`.
        seconds: wall-clock time from start to end.
        memory: the most memory seen in use, in bytes; looked at 50 times a second.
    """

    code: int | None
    out: bytes
    err: bytes
    stopped_by: Stop
    isolation: str
    seconds: float
    memory: int

    @property
    def text(self) -> str:
        """What it wrote to stdout, as text; bytes that are no UTF-8 are replaced."""
        return self.out.decode("utf-8", "replace")
