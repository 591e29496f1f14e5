"""The two ways to hold a child: behind bubblewrap's wall, and plainly."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from unpickled.errors import SandboxError
from unpickled.sandbox import wall
from unpickled.sandbox.limits import PLAIN, WALLED, Limits
from unpickled.sandbox.watching import Usage, namespace, session, session_members

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

__all__ = ["Box", "PlainBox", "WalledBox"]

_INSIDE = Path(__file__).with_name("inside.py")
_START = 20.0  # seconds for a wall to be built on a busy machine
_NICE = 5  # the one who watches comes first
_COUNTED_APART = (5, 14)  # from this kernel on a user namespace counts its own processes


class Box(Protocol):
    """A child that runs, and what can be asked of it."""

    isolation: str
    tick: float
    process: subprocess.Popen[bytes]

    def start(self) -> None:
        """Start the child.

        Raises:
            SandboxError: it cannot be started, or not held to its limits.
        """

    def usage(self) -> Usage:
        """Count what it uses."""

    def end(self) -> None:
        """End it and everything it started; returns when all of it is dead."""

    def code(self) -> int | None:
        """Return the exit code after the end; None if the program never ran."""


class WalledBox:
    """A child in namespaces of its own, built by bubblewrap."""

    isolation = WALLED
    tick = 0.02  # seconds between two looks
    process: subprocess.Popen[bytes]

    def __init__(
        self, argv: Sequence[str], limits: Limits, words: Mapping[str, str], shown: wall.Shown
    ) -> None:
        self._argv, self._limits, self._words, self._shown = argv, limits, words, shown
        self._status = b""
        self._status_fd = self._init = self._init_fd = -1

    def start(self) -> None:
        """Build the wall, bound what is behind it, and only then let the program start."""
        filtered = wall.filter_fd()
        self._status_fd, status = os.pipe()
        gate, opener = os.pipe()
        command = wall.command(
            self._limits, self._shown, filtered=filtered, status=status, gate=gate
        )
        try:
            self.process = _popen(
                [*command, *self._argv], self._words, "/", (filtered, status, gate)
            )
            for fd in (filtered, status, gate):
                os.close(fd)
            filtered = status = gate = -1
            self._bound(self._first())
            os.write(opener, b"1")
        except OSError as error:
            raise SandboxError(
                "the sandbox", f"the child cannot be held to its limits: {error}"
            ) from error
        finally:
            for fd in (filtered, status, gate, opener):
                if fd >= 0:
                    os.close(fd)

    def _first(self) -> int:
        """Wait for the number of the first process behind the wall; -1 if bubblewrap gave up."""
        deadline = time.monotonic() + _START
        while b"\n" not in self._status:
            if not select.select([self._status_fd], [], [], max(deadline - time.monotonic(), 0))[0]:
                return -1
            more = os.read(self._status_fd, 4096)
            if not more:
                return -1
            self._status += more
        return int(json.loads(self._status.partition(b"\n")[0])["child-pid"])

    def _bound(self, init: int) -> None:
        """Set the kernel's limits on the first process, from which all others inherit them."""
        if init < 0:
            return
        with contextlib.suppress(ProcessLookupError):  # it gave up: bubblewrap says why
            self._init_fd = os.pidfd_open(init)
            self._init = init
            for name, most in self._limits.of_one_process().items():
                _prlimit(init, name, most)
            if _kernel() >= _COUNTED_APART:
                _prlimit(init, "RLIMIT_NPROC", self._limits.processes + 1)
            os.setpriority(os.PRIO_PROCESS, init, _NICE)

    def usage(self) -> Usage:
        """Count what is in the child's own process namespace."""
        try:
            return (namespace(self._init) if self._init > 0 else None) or Usage()
        except PermissionError as error:
            raise SandboxError(
                "the sandbox", "the system does not let its memory be counted"
            ) from error

    def end(self) -> None:
        """Kill the first process, and with it the namespace."""
        if hasattr(self, "process"):
            if self._init_fd >= 0:
                with contextlib.suppress(ProcessLookupError):
                    signal.pidfd_send_signal(self._init_fd, signal.SIGKILL)
                select.select([self._init_fd], [], [])  # dead when all behind the wall are
                os.close(self._init_fd)
            else:
                self.process.kill()
            self.process.wait()
        if self._status_fd >= 0:
            self._status += _rest(self._status_fd)
            os.close(self._status_fd)
        self._init_fd = self._status_fd = -1

    def code(self) -> int | None:
        """Return what bubblewrap reported: nothing, if the program could not be started."""
        for line in self._status.splitlines():
            with contextlib.suppress(ValueError):
                if "exit-code" in (told := json.loads(line)):
                    return int(told["exit-code"])
        return None


class PlainBox:
    """A child in a session of its own, with the kernel's limits on each process and no wall."""

    isolation = PLAIN
    tick = 0.05
    process: subprocess.Popen[bytes]

    def __init__(
        self, argv: Sequence[str], limits: Limits, words: Mapping[str, str], home: str
    ) -> None:
        self._argv, self._limits, self._words, self._home = argv, limits, words, home
        self._ended = False

    def start(self) -> None:
        """Start a small program of ours, which bounds itself and becomes the program that was asked for."""
        command = list(self._argv)
        if resource is not None:
            bounds = json.dumps(self._limits.of_one_process())
            command = [sys.executable, "-I", "-S", str(_INSIDE), bounds, *command]
        try:
            self.process = _popen(command, self._words, self._home, ())
        except OSError as error:
            raise SandboxError(
                str(self._argv[0]), f"it does not start: {error.strerror}"
            ) from error

    def usage(self) -> Usage:
        """Count what is still known to belong to the child."""
        return session(self.process.pid)

    def end(self) -> None:
        """Kill the child's group, and what descends from it as far as that can be told."""
        if self._ended or not hasattr(self, "process"):
            return
        self._ended = True
        started = session_members(self.process.pid)
        if hasattr(os, "killpg"):
            with contextlib.suppress(OSError):
                os.killpg(self.process.pid, signal.SIGKILL)
        else:
            self.process.kill()
        for pid in started:
            with contextlib.suppress(OSError):
                os.kill(pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        self.process.wait()

    def code(self) -> int | None:
        """Return the exit code, a signal as 128 and its number."""
        code = self.process.returncode
        return code if code >= 0 else 128 - code


def _popen(
    command: Sequence[str], words: Mapping[str, str], folder: str, fds: tuple[int, ...]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        cwd=folder,
        env=dict(words),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        bufsize=0,
        pass_fds=fds,
        start_new_session=True,
    )


def _prlimit(pid: int, name: str, most: int) -> None:
    """Set a limit from outside, no higher than the one that stands.

    Raises:
        OSError: it cannot be set.
    """
    what = getattr(resource, name)
    hard = resource.prlimit(pid, what)[1]
    value = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.prlimit(pid, what, (value, value))


def _kernel() -> tuple[int, ...]:
    numbers = os.uname().release.split("-")[0].split(".")[:2]
    return tuple(int(number) for number in numbers if number.isdigit())


def _rest(fd: int) -> bytes:
    """Read what is left in a pipe whose writers are gone."""
    parts = []
    while part := os.read(fd, 4096):
        parts.append(part)
    return b"".join(parts)
