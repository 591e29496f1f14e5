"""Watching over a child: its output is read with a cap, its limits are looked after, its end is waited for."""

from __future__ import annotations

import contextlib
import os
import selectors
import time
from dataclasses import dataclass, field
from typing import IO

from unpickled.sandbox.boxes import Box
from unpickled.sandbox.limits import Limits, Stop
from unpickled.sandbox.watching import over

__all__ = ["Told", "supervise"]

_CHUNK = 1 << 16
_LAST_WORDS = 0.5  # seconds in which a dead child's pipes are emptied


@dataclass(slots=True)
class Told:
    """What came of it; grows while the child runs."""

    limit: int
    out: bytearray = field(default_factory=bytearray)
    err: bytearray = field(default_factory=bytearray)
    stopped_by: Stop = ""
    memory: int = 0

    def take(self, kept: bytearray, data: bytes) -> None:
        """Keep output up to the limit; more stops the child."""
        room = self.limit - len(kept)
        kept += data[:room]
        if len(data) > room:
            self.stopped_by = "output"


def supervise(box: Box, limits: Limits, stdin: bytes, deadline: float) -> Told:
    """Return when the child has ended by itself or has to be stopped; ending it is the caller's part.

    Args:
        box: a child that has started.
        limits: what it may use.
        stdin: what it reads.
        deadline: when its time is over, on the monotonic clock.
    """
    told = Told(limits.output)
    with _Pipes(box, told, stdin) as pipes:
        look = 0.0
        while not told.stopped_by and not pipes.ended():
            now = time.monotonic()
            if now >= deadline:
                told.stopped_by = "time"
                break
            if now >= look:
                usage = box.usage()
                told.memory = max(told.memory, usage.memory + usage.disk)
                told.stopped_by = over(usage, limits)
                look = time.monotonic() + box.tick
            pipes.pump(max(min(look, deadline) - time.monotonic(), 0))
        box.end()
        last = time.monotonic() + _LAST_WORDS
        while not told.stopped_by and pipes.open and time.monotonic() < last:
            pipes.pump(0.05)
    return told


class _Pipes:
    """The three pipes of a child and a bell for its end, in one selector."""

    def __init__(self, box: Box, told: Told, stdin: bytes) -> None:
        self._process, self._told, self._left = box.process, told, memoryview(stdin)
        self._selector = selectors.DefaultSelector()
        self._bell = -1
        self.open = 0

    def __enter__(self) -> _Pipes:
        process = self._process
        for stream, kept in ((process.stdout, self._told.out), (process.stderr, self._told.err)):
            self._register(stream, selectors.EVENT_READ, kept)
            self.open += 1
        self._register(process.stdin, selectors.EVENT_WRITE, None)
        if hasattr(os, "pidfd_open"):
            self._bell = os.pidfd_open(process.pid)
            self._selector.register(self._bell, selectors.EVENT_READ)
        return self

    def __exit__(self, *_: object) -> None:
        self._selector.close()
        if self._bell >= 0:
            os.close(self._bell)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()

    def _register(self, stream: IO[bytes] | None, events: int, kept: bytearray | None) -> None:
        if stream is not None:
            os.set_blocking(stream.fileno(), False)
            self._selector.register(stream, events, kept)

    def ended(self) -> bool:
        """Tell whether the child has ended."""
        return self._process.poll() is not None

    def pump(self, seconds: float) -> None:
        """Move what can be moved, waiting at most so long for the first of it."""
        for key, _ in self._selector.select(seconds):
            if key.fd == self._bell:
                self._selector.unregister(key.fileobj)
            elif key.data is None:
                self._feed(key)
            else:
                self._drink(key)

    def _drink(self, key: selectors.SelectorKey) -> None:
        data = os.read(key.fd, _CHUNK)
        if data:
            self._told.take(key.data, data)
        else:
            self._selector.unregister(key.fileobj)
            self.open -= 1

    def _feed(self, key: selectors.SelectorKey) -> None:
        try:
            self._left = self._left[os.write(key.fd, self._left[:_CHUNK]) :]
        except BlockingIOError:
            return
        except OSError:  # it does not read any more
            self._left = self._left[:0]
        if not self._left:
            self._selector.unregister(key.fileobj)
            if self._process.stdin is not None:
                self._process.stdin.close()
