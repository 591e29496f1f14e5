"""What connects a kernel with the outside: a channel of messages, two pipes of text, and a bell for its end.

Nothing here waits for a kernel that does not read or does not write.
"""

from __future__ import annotations

import os
import selectors
import socket
from collections.abc import Iterator
from contextlib import suppress

from unpickled.kernels import frames

__all__ = ["Wires"]

_CHUNK = 1 << 16
_AT_ONCE = 16  # chunks that are read before anything else gets its turn


class Wires:
    """The outer ends.

    Args:
        channel: the socket for messages.
        out: reads what is printed to stdout.
        err: reads what is printed to stderr.
    """

    def __init__(self, channel: socket.socket, out: int, err: int) -> None:
        self._channel = channel
        self._pipes = {"stdout": out, "stderr": err}
        self._selector = selectors.DefaultSelector()
        channel.setblocking(False)
        self._selector.register(channel, selectors.EVENT_READ, "channel")
        for name, fd in self._pipes.items():
            os.set_blocking(fd, False)
            self._selector.register(fd, selectors.EVENT_READ, name)
        self._waiting = memoryview(b"")
        self._heard = bytearray()
        self.hung_up = False

    def watch(self, bell: int) -> None:
        """Let `wait` tell "end" when this file descriptor can be read."""
        self._selector.register(bell, selectors.EVENT_READ, "end")

    def close(self) -> None:
        """Let go of everything."""
        self._selector.close()
        self._channel.close()
        for fd in self._pipes.values():
            os.close(fd)

    def send(self, data: bytes) -> None:
        """Send a message as soon as the other side takes it."""
        self._waiting = memoryview(bytes(self._waiting) + data)
        self._push()

    def wait(self, seconds: float) -> set[str]:
        """Wait at most so long for something to come; returns what has."""
        found = set()
        for key, events in self._selector.select(seconds):
            if events & selectors.EVENT_WRITE:
                self._push()
            if events & selectors.EVENT_READ:
                found.add(str(key.data))
        return found

    def printed(self, name: str) -> Iterator[bytes]:
        """Yield what is there of stdout or stderr, but not without end."""
        for _ in range(_AT_ONCE):
            try:
                data = os.read(self._pipes[name], _CHUNK)
            except BlockingIOError:
                return
            if not data:
                with suppress(KeyError):
                    self._selector.unregister(self._pipes[name])
                return
            yield data

    def messages(self) -> Iterator[bytes]:
        """Yield the bodies of the messages that are there whole.

        Raises:
            FrameError: what comes is longer than a message may be.
        """
        self._hear()
        while len(self._heard) >= 4:
            length = frames.length_of(bytes(self._heard[:4]))
            if len(self._heard) < 4 + length:
                return
            body = bytes(self._heard[4 : 4 + length])
            del self._heard[: 4 + length]
            yield body

    def _hear(self) -> None:
        for _ in range(_AT_ONCE):
            try:
                data = self._channel.recv(_CHUNK)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            if not data:
                self.hung_up = True
                with suppress(KeyError):
                    self._selector.unregister(self._channel)
                return
            self._heard += data

    def _push(self) -> None:
        with suppress(BlockingIOError, OSError):
            while self._waiting:
                self._waiting = self._waiting[self._channel.send(self._waiting[:_CHUNK]) :]
        if self.hung_up:
            return
        events = selectors.EVENT_READ | (selectors.EVENT_WRITE if self._waiting else 0)
        self._selector.modify(self._channel, events, "channel")
