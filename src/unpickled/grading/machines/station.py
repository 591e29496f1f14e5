"""A worker on another machine: a Dask worker that can do nothing but grade.

It joins the cluster as any worker of Dask's does, and then gives up what makes one dangerous: of its operations only
ours are left, all of which take and give JSON; and no pickle that reaches it can look up a name. What it is sent is
nevertheless trusted: a hidden check is a text of Python that it runs. So who may speak to it (by certificate, off
loopback) could run code on it, as with any worker; never the other way round.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

from unpickled.grading.machines.address import Address, security
from unpickled.grading.machines.briefing import fingerprint
from unpickled.grading.machines.closed import close
from unpickled.grading.wire import HEADER, framed
from unpickled.sandbox import problem

__all__ = ["LEASE", "serve"]

LEASE = 10.0  # seconds without a word from a run, after which another may have the worker
_KEPT = frozenset({"ping", "terminate", "versions"})
_KEPT_IN_STREAM = frozenset({"close", "remove-worker", "worker-status-change"})
_AGAIN = 2.0


@dataclass(slots=True, eq=False)
class Desk:
    """One program that grades, and its pipes."""

    process: asyncio.subprocess.Process

    @classmethod
    async def start(cls, briefing: str, scratch: Path) -> Desk:
        """Start one with its briefing, and a folder for all that it keeps."""
        words = [sys.executable, "-m", "unpickled.grading.machines.desk"]
        pipe = asyncio.subprocess.PIPE
        env = {**os.environ, "TMPDIR": str(scratch)}
        desk = cls(await asyncio.create_subprocess_exec(*words, stdin=pipe, stdout=pipe, env=env))
        await desk.say({"briefing": briefing})
        return desk

    async def say(self, message: dict[str, Any]) -> None:
        """Write a message to it; nothing, when it is dead."""
        if self.process.stdin:
            with suppress(ConnectionError):
                self.process.stdin.write(framed(message))
                await self.process.stdin.drain()

    async def answer(self) -> str:
        """Return its answer, as JSON; a `problem`, when it is dead."""
        try:
            if self.process.stdout:
                header = await self.process.stdout.readexactly(HEADER.size)
                body = await self.process.stdout.readexactly(HEADER.unpack(header)[0])
                return body.decode()
        except asyncio.IncompleteReadError:
            pass
        return json.dumps({"problem": "it could not be graded: the program that graded it ended"})

    def end(self) -> None:
        """Kill it; what it has started dies with it."""
        with suppress(ProcessLookupError):
            self.process.kill()


@dataclass(slots=True)
class Station:
    """What a worker does for one run at a time.

    Attributes:
        places: how many submissions it grades at a time.
        course: which, in one word.
        scratch: a folder for what desks keep; it is emptied with each run, since desks are killed.
        run: the run that it works for; empty for none.
        heard: when that was last heard of.
    """

    places: int
    course: str
    scratch: Path
    run: str = ""
    heard: float = 0.0
    _briefing: str = ""
    _idle: list[Desk] = field(default_factory=list)
    _busy: set[Desk] = field(default_factory=set)
    _ready: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(0))

    async def hello(self, run: str = "") -> str:
        """Say what this worker is; a run that it works for is heard of thereby."""
        if run == self.run:
            self.heard = monotonic()
        told = {
            "fingerprint": self.course,
            "lacking": problem(),
            "places": self.places,
            "run": self.run,
        }
        return json.dumps(told)

    async def begin(self, run: str, briefing: str) -> str:
        """Take on a run, unless there is another that is still heard of; says which it is then working for."""
        if self.run and self.run != run and monotonic() - self.heard < LEASE:
            return json.dumps({"run": self.run})
        if self.run != run:
            self._clear()
            self.run, self._briefing = run, briefing
            self._ready = asyncio.Semaphore(self.places)
        self.heard = monotonic()
        return json.dumps({"run": self.run})

    async def grade(self, run: str, job: str) -> str:
        """Grade one submission; returns what came of it as JSON, empty if this is not that run's worker any more."""
        if run != self.run:
            return ""
        self.heard = monotonic()
        async with self._ready:
            if run != self.run:
                return ""
            desk = (
                self._idle.pop() if self._idle else await Desk.start(self._briefing, self.scratch)
            )
            self._busy.add(desk)
            try:
                await desk.say(json.loads(job))
                answer = await desk.answer()
            finally:
                self._busy.discard(desk)
            if desk.process.returncode is None and run == self.run:
                self._idle.append(desk)
            else:
                desk.end()
            return answer if run == self.run else ""

    async def end(self, run: str) -> str:
        """Let go of a run."""
        if run == self.run:
            self._clear()
        return json.dumps({"run": self.run})

    def _clear(self) -> None:
        self.run = self._briefing = ""
        for desk in [*self._idle, *self._busy]:
            desk.end()
        self._idle.clear()
        for left in self.scratch.glob("unpickled-*"):
            shutil.rmtree(left, ignore_errors=True)

    def forget(self) -> None:
        """Let go of a run that has not been heard of for as long as the lease is."""
        if self.run and monotonic() - self.heard > LEASE:
            self._clear()


def serve(address: Address, places: int, tell: Callable[[str], None]) -> None:
    """Be a worker until Ctrl-C or SIGTERM; where the scheduler is gone, wait for it.

    Args:
        address: of the scheduler.
        places: how many submissions are graded at a time.
        tell: takes what happens, a line at a time.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as a service is stopped
    with suppress(KeyboardInterrupt):
        asyncio.run(_serve(address, places, tell))


async def _serve(address: Address, places: int, tell: Callable[[str], None]) -> None:
    import dask  # noqa: PLC0415 - a second to import
    import distributed  # noqa: F401, PLC0415 - what it loads itself, it loads now

    course = fingerprint("")  # as it is now, since that is what was imported
    close()
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # `tell` says what matters
    dask.config.set({"distributed.worker.http.routes": [], "distributed.worker.preload": []})
    with tempfile.TemporaryDirectory(prefix="unpickled-worker-") as scratch:
        while True:
            await _join(address, Station(places, course, Path(scratch)), tell)
            await asyncio.sleep(_AGAIN)


async def _join(address: Address, station: Station, tell: Callable[[str], None]) -> None:
    """Be in the cluster until it is lost."""
    from distributed import Worker  # noqa: PLC0415 - a second to import

    worker = Worker(
        address.url,
        host="127.0.0.1" if address.url.startswith("tcp://") else None,
        nthreads=station.places,
        security=security(address.as_json()),
        dashboard_address="127.0.0.1:0",
        dashboard=False,
        local_directory=str(station.scratch),
        memory_limit=0,
    )
    _narrow(worker, station)
    tell(f"waiting for {address.url}")
    try:
        async with worker:
            tell(f"{worker.address}: grading {station.places} at a time")
            while worker.status.name in {"running", "paused"}:
                await asyncio.sleep(1)
                station.forget()
    except Exception as error:  # noqa: BLE001 - whatever ends a worker, the next one begins anew
        tell(f"lost the cluster: {type(error).__name__}: {error!s:.200}")
    finally:
        await station.end(station.run)


def _narrow(worker: Any, station: Station) -> None:
    """Leave a Dask worker only what it needs to be in a cluster, and our operations."""
    ours: dict[str, Callable[..., Awaitable[str]]] = {
        "unpickled_hello": station.hello,
        "unpickled_begin": station.begin,
        "unpickled_grade": station.grade,
        "unpickled_end": station.end,
    }
    kept = {name: call for name, call in worker.handlers.items() if name in _KEPT}
    worker.handlers.clear()
    worker.handlers.update({**kept, **ours})
    for name in worker.stream_handlers.keys() - _KEPT_IN_STREAM:
        worker.stream_handlers[name] = _ignored
    worker.plugin_add = _no_plugin  # a stock scheduler sends one, as a pickle, to whoever joins


def _ignored(**_: object) -> None:
    """Do nothing: a task of Dask's own is not for this worker."""


async def _no_plugin(**_: object) -> dict[str, str]:
    return {"status": "OK"}
