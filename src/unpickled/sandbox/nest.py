"""A nest: one warm program behind the wall, and any number of untrusted forks of it, each behind a wall of its own.

Starting Python and importing what a notebook needs takes seconds, a fork takes milliseconds. The warm program runs
`enclosing.serve` and code of ours only; it sees no secret, since its forks inherit its memory.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from unpickled.errors import SandboxError
from unpickled.sandbox import wall
from unpickled.sandbox.limits import PLAIN, WALLED, Excuse, Limits
from unpickled.sandbox.syscalls import program
from unpickled.sandbox.system import environment
from unpickled.sandbox.watching import Usage, namespace, session

__all__ = ["Fork", "Nest"]

_START = 60.0  # seconds for a warm program to import what it needs on a busy machine
_FORK = 20.0
_RESERVED = 8 << 30  # address space: threads reserve far more of it than they use


@dataclass(slots=True)
class Fork:
    """One untrusted fork and everything that it starts.

    Attributes:
        isolation: `WALLED` or `PLAIN`.
    """

    isolation: str
    _bell: int
    _first: int = field(default=-1)

    def __post_init__(self) -> None:
        with contextlib.suppress(OSError), open(f"/proc/self/fdinfo/{self._bell}") as file:  # noqa: PTH123
            numbers = dict(line.split(":", 1) for line in file if ":" in line)
            self._first = int(numbers.get("Pid", "-1"))

    @property
    def bell(self) -> int:
        """A file descriptor that can be read when the fork has ended."""
        return self._bell

    def ended(self) -> bool:
        """Tell whether the fork has ended, with everything in it where there is a wall."""
        return self._bell < 0 or bool(select.select([self._bell], [], [], 0)[0])

    def usage(self) -> Usage:
        """Count what it uses; nothing, when it has ended.

        Raises:
            SandboxError: the system does not let it be counted.
        """
        if self._first <= 0:
            return Usage()
        try:
            found = namespace(self._first) if self.isolation == WALLED else session(self._first)
        except PermissionError as error:
            if self.ended():
                return Usage()
            problem = "the system does not let its memory be counted"
            raise SandboxError("the sandbox", problem) from error
        return found or Usage()

    def interrupt(self) -> None:
        """Interrupt the program in it, as Ctrl-C does."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._bell, signal.SIGINT)

    def end(self) -> None:
        """Kill it and everything it started; returns when all of it is dead."""
        if self._bell < 0:
            return
        if self.isolation == PLAIN and not self.ended():
            with contextlib.suppress(OSError):
                os.killpg(self._first, signal.SIGKILL)
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self._bell, signal.SIGKILL)
        select.select([self._bell], [], [])
        os.close(self._bell)
        self._bell = self._first = -1


class Nest:
    """A warm program, from its start to its end.

    Args:
        script: the program: it gets the number of its control socket and "walled" or "plain", then `arguments`, and
            writes one byte to the socket when it is warm. Then it calls `enclosing.serve`.
        arguments: further words for it.
        limits: of each fork.
        readable: what it and its forks may read beside the system and this Python.
        variables: environment variables to add.
        without_wall: as in `sandbox.run`.
    """

    def __init__(  # noqa: PLR0913 - each is named at the call
        self,
        script: Path,
        arguments: Sequence[str] = (),
        *,
        limits: Limits,
        readable: Sequence[str | os.PathLike[str]] = (),
        variables: Mapping[str, str] | None = None,
        without_wall: Excuse = "none",
    ) -> None:
        self._words = [sys.executable, "-P", "-B", str(script)]
        self._arguments = list(arguments)
        self._limits = limits
        self._shown = wall.shown([script, *readable], ())
        self._variables = dict(variables or {})
        self._excuse = without_wall
        self._process: subprocess.Popen[bytes] | None = None
        self.isolation = WALLED

    def start(self) -> None:
        """Start the warm program; `wait` returns when it is warm.

        Raises:
            SandboxError: there is no wall and no excuse, or it does not start.
        """
        lacking = wall.problem()
        if lacking and self._excuse == "none":
            problem = f"{lacking}, so untrusted code is not run"
            remedy = "Install bubblewrap (apt install bubblewrap), or accept the risk: --unsafe-no-sandbox"
            raise SandboxError("the sandbox", problem, remedy)
        self.isolation = PLAIN if lacking else WALLED
        self._control, given = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._said: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the nest
        self._home = tempfile.TemporaryDirectory(prefix="unpickled-nest-") if lacking else None
        try:
            self._process = self._popen(given.fileno())
        except OSError as error:
            raise SandboxError("the sandbox", f"it does not start: {error.strerror}") from error
        finally:
            given.close()

    def _popen(self, control: int) -> subprocess.Popen[bytes]:
        kind = "walled" if self.isolation == WALLED else "plain"
        words = [*self._words, str(control), kind, *self._arguments]
        home = self._home.name if self._home else wall.HOME
        filtered = -1
        if not self._home:
            filtered = wall.filter_fd(nesting=True)
            before = wall.command(self._limits, self._shown, filtered=filtered, nesting=True)
            words = [*before, *words]
        try:
            return subprocess.Popen(
                words,
                cwd=home if self._home else "/",
                env={**environment(home), **self._variables},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=self._said,
                pass_fds=[control, *([filtered] if filtered >= 0 else [])],
                start_new_session=True,
            )
        finally:
            if filtered >= 0:
                os.close(filtered)

    def wait(self) -> None:
        """Wait until it is warm.

        Raises:
            SandboxError: it is not warm in a minute, or has ended.
        """
        self._control.settimeout(_START)
        if self._answer(1)[0] != b"w":
            raise self._failure("the warm program did not start")

    def fork(self, fds: Sequence[int]) -> Fork:
        """Let it fork once; the fork gets these file descriptors.

        Raises:
            SandboxError: it cannot.
        """
        limits = self._limits.of_one_process()
        limits["RLIMIT_NPROC"] = self._limits.processes + 64  # counted over all forks
        limits["RLIMIT_DATA"] = self._limits.memory
        limits["RLIMIT_AS"] = self._limits.address_space or self._limits.memory + _RESERVED
        order = {
            "limits": limits,
            "disk": self._limits.disk,
            "files": self._limits.files,
            "filter": self._filter().hex(),
        }
        try:
            self._control.settimeout(_FORK)
            socket.send_fds(self._control, [json.dumps(order).encode()], list(fds))
        except OSError as error:
            raise self._failure("the warm program has ended") from error
        data, bells = self._answer(4096)
        if not bells:
            problem = json.loads(data)["problem"] if data else "the warm program has ended"
            raise self._failure(problem)
        return Fork(self.isolation, bells[0])

    def _answer(self, size: int) -> tuple[bytes, list[int]]:
        try:
            data, fds, _, _ = socket.recv_fds(self._control, size, 1)
        except OSError:
            return b"", []
        return data, list(fds)

    def _filter(self) -> bytes:
        if self.isolation == PLAIN:
            return b""
        return program(platform.machine(), as_root=os.geteuid() == 0, nested=True)

    def _failure(self, problem: str) -> SandboxError:
        if self._process is None:
            return SandboxError("the sandbox", problem)
        self._said.seek(0)
        lines = self._said.read(100_000).decode("utf-8", "replace").strip().splitlines()
        return SandboxError("the sandbox", f"{problem}: {lines[-1]}" if lines else problem)

    def end(self) -> None:
        """End the warm program and all its forks."""
        if self._process is None:
            return
        self._control.close()
        with contextlib.suppress(OSError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._said.close()
        if self._home:
            self._home.cleanup()
        self._process = None
