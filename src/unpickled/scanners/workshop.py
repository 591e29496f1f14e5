"""The parent's end of the worker: started when first needed, asked with a time limit, replaced when it dies."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any, Protocol

from unpickled import here
from unpickled.scanners.in_page import PageWorkshop

__all__ = ["Asked", "Workshop", "shared"]

SECONDS = 60.0  # for one scanner on one file
# -P, since the current folder, one of models perhaps, may hold a json.py.
_COMMAND = (sys.executable, "-P", "-m", "unpickled.scanners.worker")


class Asked(Protocol):
    """Where the scanners are asked."""

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one request and return the reply."""

    def close(self) -> None:
        """End what was started for it."""


class Workshop:
    """One worker process and the right to use it, one request at a time.

    Args:
        command: the program that answers requests; another one only in tests.
        seconds: how long one request may take.
    """

    def __init__(self, command: Sequence[str] = _COMMAND, *, seconds: float = SECONDS) -> None:
        self._command = tuple(command)
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = 0
        self._lock = threading.Lock()

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Send one request and return the reply; `{"error": …}` where the worker hung, died or babbled."""
        started = time.perf_counter()
        with self._lock:
            try:
                reply = self._exchange(
                    json.dumps({**request, "seconds": self._seconds}).encode("ascii") + b"\n"
                )
            except (
                BaseException
            ):  # Ctrl-C too: a reply still under way would answer the next request
                self.close()
                raise
        return {"version": "", "seconds": time.perf_counter() - started, **reply}

    def _exchange(self, line: bytes) -> dict[str, Any]:
        process = self._running()
        assert process.stdin is not None  # noqa: S101 - both are pipes, for mypy
        assert process.stdout is not None  # noqa: S101
        try:
            process.stdin.write(line)
            process.stdin.flush()
            reply = _read_line(process.stdout.fileno(), time.monotonic() + self._seconds)
        except TimeoutError:
            self.close()
            return {"error": f"it gave no answer within {self._seconds:g} seconds"}
        except OSError:
            reply = b""
        if not reply:
            self.close()
            return {"error": "its process died on this file"}
        try:
            found = json.loads(reply)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            self.close()
            return {"error": "its answer could not be understood"}
        return found

    def _running(self) -> subprocess.Popen[bytes]:
        if (
            self._process is not None
            and self._owner == os.getpid()
            and self._process.poll() is None
        ):
            return self._process
        env = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}
        self._process = subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=env,
            process_group=0,  # so that Ctrl-C cannot catch it half started
        )
        self._owner = os.getpid()
        return self._process

    def close(self) -> None:
        """End the worker; the next request starts a new one."""
        process, self._process = self._process, None
        if process is None or self._owner != os.getpid():
            return
        process.kill()
        with contextlib.suppress(OSError):
            process.communicate(timeout=5)


def _read_line(pipe: int, deadline: float) -> bytes:
    """Read up to a line end; empty when the pipe closes first.

    Raises:
        TimeoutError: at the deadline.
    """
    parts = bytearray()
    while not parts.endswith(b"\n"):
        left = deadline - time.monotonic()
        if left <= 0 or not select.select([pipe], [], [], left)[0]:
            raise TimeoutError
        chunk = os.read(pipe, 1 << 16)
        if not chunk:
            return b""
        parts += chunk
    return bytes(parts)


_shared: Asked | None = None


def shared() -> Asked:
    """Return this program's one workshop; its worker ends with the program."""
    global _shared  # noqa: PLW0603 - one warm worker for all callers is the point
    if _shared is None:
        _shared = PageWorkshop() if here.in_browser() else Workshop()
        atexit.register(_shared.close)
    return _shared
