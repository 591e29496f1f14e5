"""Workers: forks of the grading process that take one job after the other, as JSON through a socket.

They are forked when everything is imported, and hold no connection to the gradebook. One that dies takes its job with
it and is replaced; what it leaves, kernels and all, dies with it.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import traceback
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from time import monotonic
from typing import Any, Generic, TypeAlias, TypeVar

from unpickled.grading.wire import receive, send

__all__ = ["Done", "Pool", "Serve", "die_with_parent"]

Key = TypeVar("Key")
Serve: TypeAlias = Callable[
    [Callable[[], dict[str, Any] | None], Callable[[dict[str, Any]], None]], None
]
"""A worker's life: it gets what gives the next job (None: no more) and what takes a result."""

_DEATH = 1  # PR_SET_PDEATHSIG
_TRIES = 2
_LIBC = ctypes.CDLL(None)


class Done(Generic[Key]):
    """What came of one job.

    Attributes:
        key: by which it was known.
        result: the worker's; None if there is none.
        problem: why there is none.
    """

    __slots__ = ("key", "problem", "result")

    def __init__(self, key: Key, result: dict[str, Any] | None, problem: str = "") -> None:
        self.key, self.result, self.problem = key, result, problem


class _Worker:
    """One fork, from outside."""

    def __init__(self, serve: Serve, others: Iterable[_Worker] = ()) -> None:
        self.socket, theirs = socket.socketpair()
        parent = os.getpid()
        self.pid = os.fork()
        if not self.pid:
            for worker in (self, *others):
                worker.socket.close()  # else nobody who holds it would see that its other end has gone
            _live(serve, theirs, parent)
        theirs.close()
        self.key: Any = None
        self.busy = False
        self.job: dict[str, Any] = {}
        self.tries = 0
        self.due = 0.0

    def give(self, key: Any, job: dict[str, Any], tries: int, seconds: float) -> None:
        self.key, self.job, self.tries, self.busy = key, job, tries, True
        self.due = monotonic() + seconds
        send(self.socket, job)

    def end(self) -> None:
        with suppress(OSError):
            os.kill(self.pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)
        self.socket.close()


class Pool(Generic[Key]):
    """Workers for one run.

    Args:
        count: how many.
        serve: what each does.
        seconds: what one job may take at most.
    """

    def __init__(self, count: int, serve: Serve, *, seconds: float) -> None:
        self._count, self._serve, self._seconds = count, serve, seconds
        self._workers: list[_Worker] = []
        self._again: deque[tuple[Key, dict[str, Any], int]] = deque()

    def __enter__(self) -> Pool[Key]:
        """Fork the workers."""
        for _ in range(self._count):
            self._workers.append(_Worker(self._serve, self._workers))
        return self

    def __exit__(self, *_: object) -> None:
        """End them all, whatever they are at."""
        for worker in self._workers:
            worker.end()

    def run(self, jobs: Iterator[tuple[Key, dict[str, Any]]]) -> Iterator[Done[Key]]:
        """Do all jobs; yields what came of each as soon as it is done.

        Args:
            jobs: taken one by one, only when a worker is free.
        """
        while True:
            self._give_out(jobs)
            if not any(worker.busy for worker in self._workers):
                return
            for number in self._ready():
                if done := self._taken(number):
                    yield done

    def _give_out(self, jobs: Iterator[tuple[Key, dict[str, Any]]]) -> None:
        """Give every free worker a job: one that has to be done again, or the next."""
        for worker in self._workers:
            if worker.busy:
                continue
            if self._again:
                worker.give(*self._again.popleft(), self._seconds)
            elif (following := next(jobs, None)) is not None:
                worker.give(*following, 1, self._seconds)

    def _taken(self, number: int) -> Done[Key] | None:
        """Take a worker's result; None where it died over its job, which is then tried once more."""
        worker = self._workers[number]
        late = monotonic() > worker.due
        result = None if late else receive(worker.socket)
        if result is not None:
            worker.busy = False
            return Done(worker.key, result)
        worker.end()
        others = [one for one in self._workers if one is not worker]
        self._workers[number] = _Worker(self._serve, others)
        if late:
            return Done(worker.key, None, f"it took more than {self._seconds:.0f} seconds")
        if worker.tries >= _TRIES:
            return Done(worker.key, None, f"the process that graded it ended {worker.tries} times")
        self._again.append((worker.key, worker.job, worker.tries + 1))
        return None

    def _ready(self) -> list[int]:
        """Wait for results, or for a worker's time to be over; returns the numbers of those workers."""
        busy = [worker for worker in self._workers if worker.busy]
        wait = max(min(worker.due for worker in busy) - monotonic(), 0)
        found, _, _ = select.select([worker.socket for worker in busy], [], [], wait)
        now = monotonic()
        return [
            number
            for number, worker in enumerate(self._workers)
            if worker.busy and (worker.socket in found or now > worker.due)
        ]


def die_with_parent() -> None:
    """Have the system kill this process when the one that started it ends, however that ends."""
    _LIBC.prctl(_DEATH, signal.SIGKILL, 0, 0, 0)


def _live(serve: Serve, connection: socket.socket, parent: int) -> None:
    """Be a worker, and nothing else, as long as the parent lives."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever has forked us
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        die_with_parent()
        if os.getppid() != parent:  # it was killed before anybody could be told
            return
        serve(lambda: receive(connection), lambda result: send(connection, result))
        code = 0
    except BaseException:  # noqa: BLE001 - a fork must never go on as the grading process
        os.write(2, traceback.format_exc().encode())
    finally:
        os._exit(code)
