"""The one program of ours that speaks Dask: it hands jobs to workers, and holds neither gradebook nor course.

`cluster` starts it and feeds it JSON. It asks the scheduler alone, which passes its questions on to the workers and
their answers back, so nothing but the scheduler has to be reached. A worker that vanishes, or answers nonsense, costs a
submission another try elsewhere.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from unpickled.grading.machines.address import on_loopback, security
from unpickled.grading.machines.answers import checked
from unpickled.grading.machines.briefing import plans_in
from unpickled.grading.machines.closed import close
from unpickled.grading.plans import Plan
from unpickled.grading.wire import HEADER, framed, strict
from unpickled.grading.workers import die_with_parent

__all__ = ["main"]

_LOOK = 2.0  # seconds between two looks at who is there
_TRIES = 3
_GRACE = 60.0  # seconds for the way there and back, and for a worker to warm up


@dataclass(slots=True)
class _Job:
    number: int
    text: str
    assignment: str
    notebooks: tuple[str, ...]
    tries: int = 0
    nonsense: set[str] = field(default_factory=set)


@dataclass(slots=True)
class _Member:
    """A worker that takes part."""

    address: str
    places: int
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    lost: bool = False


class _Messenger:
    """One run, from the messenger's side."""

    def __init__(
        self, scheduler: Any, said: Mapping[str, Any], write: asyncio.StreamWriter
    ) -> None:
        self._scheduler, self._write = scheduler, write
        self._briefing = str(said["briefing"])
        briefing = strict(self._briefing)
        self._fingerprint = briefing["fingerprint"]
        self._seconds = float(briefing["seconds"]) + _GRACE
        self._patience = float(said["patience"])
        self._plain = str(said["address"]["url"]).startswith("tcp://")
        self._plans: dict[str, Plan] = plans_in(briefing)
        self._run = uuid4().hex
        self._members: dict[str, _Member] = {}
        self._banned: set[str] = set()
        self._reasons: dict[str, str] = {}
        self._jobs: deque[_Job] = deque()
        self._news = asyncio.Condition()

    def say(self, message: dict[str, Any]) -> None:
        """Tell the grading process something."""
        self._write.write(framed(message))

    async def take(self, job: dict[str, Any]) -> None:
        """Take a job in."""
        given = job["job"]
        names = tuple(given["notebooks"])
        await self._put(
            deque.append, _Job(job["number"], json.dumps(given), given["assignment"], names)
        )

    async def _put(self, how: Callable[[deque[_Job], _Job], None], job: _Job) -> None:
        async with self._news:
            how(self._jobs, job)
            self._news.notify_all()

    async def watch(self) -> None:
        """Look after who is there, for as long as the run goes; raises when nobody is, for too long."""
        alone = 0.0
        while True:
            for address in await self._listed():
                if address not in self._members and address not in self._banned:
                    await self._greet(address)
            alone = 0.0 if self._members else alone + _LOOK
            if alone > self._patience:
                reasons = "; ".join(f"{who}: {why}" for who, why in self._reasons.items())
                raise ConnectionError(f"no worker takes part ({reasons or 'there is none'})")
            await asyncio.sleep(min(_LOOK, self._patience))
            for member in [*self._members.values()]:
                await self._heartbeat(member)

    async def _listed(self) -> list[str]:
        """Ask who is there; who is not any more, takes part no longer."""
        async with asyncio.timeout(20):
            known = await self._scheduler.identity()
        listed = [str(address) for address in known["workers"]]
        for address in [one for one in listed if not self._is_safe(one)]:
            self._refuse(address, "what the scheduler sends it can be read on the way")
            listed.remove(address)
        for address in self._members.keys() - set(listed):
            await self._lose(self._members[address], "is gone")
        return listed

    def _is_safe(self, address: str) -> bool:
        """Tell whether the way from the scheduler to a worker is as good as the one to the scheduler has to be."""
        if self._plain:
            return on_loopback(address)
        return address.startswith("tls://")

    async def _greet(self, address: str) -> None:
        """Ask a worker who it is, and brief it if it is of use."""
        try:
            told = strict(await self._ask(address, "hello", 20, run=self._run))
            if told["lacking"]:
                self._refuse(address, f"it has no jail: {told['lacking']}")
            elif told["fingerprint"] != self._fingerprint:
                self._refuse(address, "it has another version of the course or of its libraries")
            else:
                begun = await self._ask(
                    address, "begin", 60, run=self._run, briefing=self._briefing
                )
                if strict(begun)["run"] == self._run:
                    self._join(_Member(address, min(max(int(told["places"]), 1), 256)))
                else:
                    self._refuse(address, "it works for another run")
        except Exception as error:  # noqa: BLE001 - whatever a stranger says
            self._refuse(address, f"it is none of ours (unpickled teach worker): {error!s:.100}")

    def _refuse(self, address: str, reason: str) -> None:
        if self._reasons.get(address) != reason:
            self._reasons[address] = reason
            self.say({"tell": f"{address} takes no part: {reason}"})

    def _join(self, member: _Member) -> None:
        self._members[member.address] = member
        member.tasks = [asyncio.create_task(self._place(member)) for _ in range(member.places)]
        self.say({"places": sum(one.places for one in self._members.values())})

    async def _heartbeat(self, member: _Member) -> None:
        try:
            told = strict(await self._ask(member.address, "hello", 20, run=self._run))
            if told["run"] != self._run:
                await self._lose(member, "has let go of this run")
        except Exception as error:  # noqa: BLE001
            await self._lose(member, f"does not answer: {error!s:.100}")

    async def _lose(self, member: _Member, why: str) -> None:
        """Do without a worker; what it was at is done again."""
        if self._members.pop(member.address, None) is None:
            return
        member.lost = True
        self.say({"tell": f"{member.address} {why}: what it was at is done again elsewhere"})
        self.say({"places": sum(one.places for one in self._members.values())})
        for task in member.tasks:
            if task is not asyncio.current_task():
                task.cancel()

    async def _place(self, member: _Member) -> None:
        """Be one of a worker's places: one job after the other."""
        while not member.lost:
            job = await self._next(member)
            try:
                text = await self._ask(
                    member.address, "grade", self._seconds, run=self._run, job=job.text
                )
                if not text:
                    raise ConnectionError("it has let go of this run")
            except asyncio.CancelledError:
                await self._again(job)
                raise
            except Exception as error:  # noqa: BLE001 - it has vanished, or will be greeted again
                await self._again(job)
                await self._lose(member, f"is lost: {error!s:.100}")
                return
            await self._judge(member, job, text)

    async def _next(self, member: _Member) -> _Job:
        """Wait for a job; one on which this worker has answered nonsense is for another, if there is one."""
        async with self._news:
            while True:
                for job in self._jobs:
                    others = self._members.keys() - job.nonsense
                    if member.address not in job.nonsense or not others:
                        self._jobs.remove(job)
                        return job
                await self._news.wait()

    async def _judge(self, member: _Member, job: _Job, text: object) -> None:
        """Pass an answer on; of two who answered the same job, one with nonsense, that one is told from the job."""
        try:
            result = checked(text, self._plans[job.assignment], job.notebooks)
        except ValueError as error:
            job.nonsense.add(member.address)
            self.say({"tell": f"{member.address} gave an answer that is none: {error!s:.200}"})
            await self._again(job)
            return
        self.say({"number": job.number, "result": result})
        for address in job.nonsense - {member.address}:
            self._banned.add(address)
            if liar := self._members.get(address):
                await self._lose(liar, "answered what another worker could: it gets no more work")

    async def _again(self, job: _Job) -> None:
        job.tries += 1
        if job.tries < _TRIES:
            await self._put(
                deque.appendleft, job
            )  # next, so that it is soon known whose fault it was
        else:
            why = "nothing that is an answer came back" if job.nonsense else "its worker was lost"
            self.say({"number": job.number, "result": None, "problem": f"{why}, {job.tries} times"})

    async def _ask(self, worker: str, op: str, seconds: float, **words: str) -> Any:
        """Have the scheduler ask a worker; what comes back is text, whatever it was sent as."""
        message = {"op": f"unpickled_{op}", **words}
        async with asyncio.timeout(seconds):  # `wait_for` may lose a cancellation
            answer = await self._scheduler.proxy(worker=worker, msg=message)
        if not isinstance(answer, str):
            raise ConnectionError(f"it answered {type(answer).__name__}")
        return answer

    async def end(self) -> None:
        """Let all workers go, as far as they can be reached at once."""
        asks = [self._ask(address, "end", 1, run=self._run) for address in self._members]
        await asyncio.gather(*asks, return_exceptions=True)


@asynccontextmanager
async def _scheduler(address: Mapping[str, str]) -> AsyncIterator[Any]:
    """Give the scheduler, to be asked with msgpack; what comes back is not brought to life."""
    from distributed.core import rpc  # noqa: PLC0415 - after the veto

    given = security(address).get_connection_args("client")
    asked = rpc(
        address["url"],
        deserialize=False,
        timeout=5,
        connection_args=given,
        serializers=["msgpack"],
        deserializers=["msgpack"],
    )
    try:
        yield asked
    finally:
        await asked.close_rpc()


async def _live(connection: socket.socket) -> None:
    read, write = await asyncio.open_connection(sock=connection, limit=1 << 24)
    said = await _receive(read)
    if said is None:
        return
    try:
        async with _scheduler(said["address"]) as scheduler:
            await _run(_Messenger(scheduler, said, write), read)
    except Exception as error:  # noqa: BLE001 - whatever it is, a person has to be told
        told = f"{error!s:.1000}" or type(error).__name__
        write.write(framed({"failed": told}))
        await write.drain()


async def _run(messenger: _Messenger, read: asyncio.StreamReader) -> None:
    """Hand out jobs until there is nobody who asks for it any more; raises what makes it impossible."""
    watching = asyncio.create_task(messenger.watch())
    feeding = asyncio.create_task(_feed(read, messenger))
    try:
        done, _ = await asyncio.wait({watching, feeding}, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        await messenger.end()


async def _feed(read: asyncio.StreamReader, messenger: _Messenger) -> None:
    while (job := await _receive(read)) is not None:
        await messenger.take(job)


async def _receive(read: asyncio.StreamReader) -> dict[str, Any] | None:
    try:
        header = await read.readexactly(HEADER.size)
        body = await read.readexactly(HEADER.unpack(header)[0])
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    found: dict[str, Any] = json.loads(body)
    return found


def main() -> None:
    """Speak for the process at the other end of the socket whose number is given."""
    import logging  # noqa: PLC0415

    import distributed  # noqa: F401, PLC0415 - what it loads itself, it loads now

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with_parent()
    close()
    logging.getLogger("distributed").setLevel(logging.CRITICAL + 1)
    with suppress(BrokenPipeError, ConnectionError):
        asyncio.run(_live(socket.socket(fileno=int(sys.argv[1]))))
    os._exit(0)


if __name__ == "__main__":
    main()
