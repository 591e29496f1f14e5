"""The workers of a cluster, seen from the grading process: as `workers.Pool`, jobs in and what came of each out.

This process never imports Dask. It starts the messenger, which does, and says and hears JSON; the gradebook stays here.
"""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Generic, TypeVar

from unpickled.grading.machines.address import Address
from unpickled.grading.places import GradingError
from unpickled.grading.wire import receive, send
from unpickled.grading.workers import Done

__all__ = ["PATIENCE", "Cluster"]

Key = TypeVar("Key")
PATIENCE = 60.0  # seconds without any worker, after which a run is given up
_AHEAD = 2  # jobs that wait at the messenger for a place


class Cluster(Generic[Key]):
    """A cluster for one run.

    Args:
        scheduler: where it is.
        briefing: from `briefing_of`.
        jobs: how many at a time; 0 for as many as there are places.
        tell: takes what a person should know.
    """

    def __init__(
        self, scheduler: Address, briefing: str, *, jobs: int, tell: Callable[[str], None]
    ) -> None:
        self._scheduler, self._jobs, self._tell = scheduler, jobs, tell
        self._hello = {
            "address": scheduler.as_json(),
            "briefing": briefing,
            "patience": PATIENCE,
        }
        self._given: dict[int, Key] = {}
        self._places = 0

    def __enter__(self) -> Cluster[Key]:
        """Start the messenger."""
        self._socket, theirs = socket.socketpair()
        words = [sys.executable, "-m", "unpickled.grading.machines.messenger", str(theirs.fileno())]
        self._process = subprocess.Popen(
            words, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )
        theirs.close()
        send(self._socket, self._hello)
        return self

    def __exit__(self, *_: object) -> None:
        """Let it tell the workers, and end it."""
        self._socket.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()

    def run(self, jobs: Iterator[tuple[Key, dict[str, Any]]]) -> Iterator[Done[Key]]:
        """Do all jobs; yields what came of each as soon as it is done.

        Args:
            jobs: taken one by one, only when a worker is free, or nearly so.

        Raises:
            GradingError: the cluster cannot be reached, or has no worker for us.
        """
        number, more = 0, True
        while True:
            while more and len(self._given) < self._room():
                if (following := next(jobs, None)) is None:
                    more = False
                    break
                number += 1
                self._given[number] = following[0]
                send(self._socket, {"number": number, "job": following[1]})
            if not more and not self._given:
                return
            if done := self._heard():
                yield done

    def _room(self) -> int:
        """Return how many jobs may be out; one at least, so that there is always something to wait for."""
        places = min(self._places, self._jobs or self._places)
        return max(places + (0 if self._jobs else _AHEAD), 1)

    def _heard(self) -> Done[Key] | None:
        """Wait for the messenger's next word."""
        said = receive(self._socket)
        if said is None or "failed" in said:
            problem = said["failed"] if said else "the program that speaks to it has ended"
            remedy = "What is graded is kept. Start scheduler and workers (docs/scaling.md), then grade again."
            raise GradingError(
                self._scheduler.url, f"the cluster cannot be used: {problem}", remedy
            )
        if "tell" in said:
            self._tell(str(said["tell"]))
        if "places" in said:
            self._places = int(said["places"])
        if "number" in said:
            key = self._given.pop(said["number"])
            return Done(key, said["result"], str(said.get("problem", "")))
        return None
