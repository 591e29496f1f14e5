"""What a notebook may use up while it runs."""

from __future__ import annotations

from dataclasses import dataclass

from unpickled.sandbox import Limits

__all__ = ["Bounds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """Bounds for one notebook, its kernel and everything that this starts.

    Attributes:
        cell: seconds for one cell, or for all the questions of one check.
        notebook: seconds for all of them.
        patience: seconds in which an interrupted cell has to come to its end.
        output: bytes that one cell may put out.
        all_output: bytes that all cells may put out.
        memory: bytes of memory, with the files in the private folder.
        processes: processes and threads at the same time; below what the stacks of threads, 8 MB each, leave of the
            memory, so that a kernel is stopped for the right reason.
        disk: bytes in the private folder.
        files: files and folders in it.
        open_files: open files of any one process.
    """

    cell: float = 60
    notebook: float = 600
    patience: float = 5
    output: int = 1_000_000
    all_output: int = 10_000_000
    memory: int = 1 << 30
    processes: int = 112
    disk: int = 256 << 20
    files: int = 4096
    open_files: int = 1024

    def limits(self) -> Limits:
        """Return them as the sandbox has them."""
        return Limits(
            seconds=self.notebook + 60,
            memory=self.memory,
            processes=self.processes,
            disk=self.disk,
            files=self.files,
            open_files=self.open_files,
        )
