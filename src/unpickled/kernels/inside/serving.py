"""A fork's whole life: it is given files, then runs cells and answers questions until nobody asks any more."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unpickled.checking import InKernel
from unpickled.errors import StudentError
from unpickled.kernels import frames
from unpickled.kernels.inside.loops import new_loop, running
from unpickled.kernels.inside.shell import Shell, run_cell

__all__ = ["serve_notebook"]


def serve_notebook(shell: Shell, fds: Sequence[int]) -> None:
    """Serve one notebook.

    Args:
        shell: the warm one.
        fds: the channel of messages, and the pipes for what is printed to stdout and stderr.
    """
    channel, out, err = fds
    _redirect(out, err)
    served = _Served(shell, channel)
    while (order := served.next()) is not None:
        served.carry_out(order)


class _Served:
    """One notebook in this process."""

    def __init__(self, shell: Shell, channel: int) -> None:
        self._shell, self._channel = shell, channel
        self._loop = new_loop()
        self._number = 0
        self._folder = Path()
        self._busy = False
        self._lock = threading.Lock()
        shell.tell = self._tell

    def next(self) -> dict[str, Any] | None:
        """Return the next order; None when the channel is closed."""
        header = self._read(4)
        if not header:
            return None
        return frames.read(self._read(frames.length_of(header)))

    def carry_out(self, order: dict[str, Any]) -> None:
        """Do what is asked, and tell when it is done."""
        self._number = order["id"]
        do = getattr(self, f"_do_{order['do']}")
        signal.signal(signal.SIGINT, self._interrupt)
        try:
            try:  # an interrupt that comes at the very end is still within the outer one
                self._busy = True
                answer = do(order)
            finally:
                self._busy = False
        except KeyboardInterrupt:
            answer = {"interrupted": True}
        except StudentError as error:
            answer = {"problem": error.problem, "remedy": error.remedy, "raised": error.raised}
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self._tell({"done": answer})

    def _interrupt(self, *_: object) -> None:
        """Interrupt what an order runs; one that comes after it has nothing to interrupt."""
        if self._busy:
            raise KeyboardInterrupt

    def _do_start(self, order: dict[str, Any]) -> dict[str, Any]:
        """Put the files into the notebook's folder."""
        folder = self._folder = Path(order["folder"])
        folder.mkdir(exist_ok=True)
        for said in order["files"]:
            given = frames.unpack(said, files=True)
            path = folder / given.name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(given.data)
        os.chdir(folder)
        os.environ.update(order["variables"])
        sys.path.insert(0, "")
        return {}

    def _do_run(self, order: dict[str, Any]) -> dict[str, Any]:
        try:
            run_cell(self._shell, self._loop, order["source"])
        except (asyncio.CancelledError, RuntimeError, SystemExit):
            # A cell can take the loop it runs in away, and so can a task in the background.
            self._loop = new_loop()
        return {}

    def _do_value(self, order: dict[str, Any]) -> dict[str, Any]:
        return {"answer": frames.pack(self._student().value(order["name"]))}

    def _do_call(self, order: dict[str, Any]) -> dict[str, Any]:
        arguments = [frames.unpack(one, files=True) for one in order["arguments"]]
        with running(self._loop):
            return {"answer": frames.pack(self._student().call(order["name"], *arguments))}

    def _do_file(self, order: dict[str, Any]) -> dict[str, Any]:
        return {"answer": frames.pack(self._student().file(order["name"]))}

    def _student(self) -> InKernel:
        # Under stock nbgrader a check looks for files where the notebook stands at that moment.
        try:
            folder = Path.cwd()
        except OSError:  # the notebook has removed it
            folder = self._folder
        return InKernel(self._shell.user_ns, folder)

    def _tell(self, message: dict[str, Any]) -> None:
        data = memoryview(frames.frame({"id": self._number, **message}))
        with self._lock:  # threads of a notebook display as well
            while data:
                data = data[os.write(self._channel, data) :]

    def _read(self, size: int) -> bytes:
        parts = bytearray()
        while len(parts) < size:
            part = os.read(self._channel, size - len(parts))
            if not part:
                return b""
            parts += part
        return bytes(parts)


def _redirect(out: int, err: int) -> None:
    """Let everything that is printed, by whatever means, go into the two pipes."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.close(out)
    os.close(err)
    for name, fd in (("stdout", 1), ("stderr", 2)):
        stream = open(  # noqa: SIM115 - open as long as the process is
            fd, "w", buffering=1, encoding="utf-8", errors="backslashreplace", closefd=False
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
