"""A server that is too slow is left: one that drips a byte now and then would keep a reader for ever.

A time limit on each read does not see that, so a thread looks at the whole, and closes the line.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

__all__ = ["SLOWEST", "Pace", "Paced"]

SLOWEST = 10_000
"""Bytes a second, on the whole, that a server has to give or take."""


class Pace:
    """How long an exchange may go on.

    Attributes:
        late: whether the time ran out and the line was closed.
    """

    def __init__(self) -> None:
        self.late = False
        self._sockets: list[socket.socket] = []
        self._until = float("inf")
        self._changed = threading.Condition()
        self._ended = False
        threading.Thread(target=self._look, daemon=True).start()

    def begin(self, seconds: float, size: int) -> None:
        """Start anew for a request of that many bytes: so many seconds, and what they may take."""
        with self._changed:
            self._until = time.monotonic() + seconds + size / SLOWEST
            self._changed.notify()

    def more(self, size: int) -> None:
        """Give time for bytes that came."""
        self._until += size / SLOWEST

    def end(self) -> None:
        """Look no more."""
        with self._changed:
            self._ended = True
            self._changed.notify()

    def follow(self, line: socket.socket) -> None:
        """Close this connection too if the time runs out."""
        self._sockets.append(line)

    def _look(self) -> None:
        with self._changed:
            while not self._ended:
                left = self._until - time.monotonic()
                if left <= 0:
                    self.late = True
                    break
                self._changed.wait(min(left, threading.TIMEOUT_MAX))
        for line in self._sockets if self.late else ():
            with contextlib.suppress(OSError):
                socket.socket.shutdown(
                    line, socket.SHUT_RDWR
                )  # of a TLS line too, without its farewell


class Paced(HTTPAdapter):
    """Tells a pace of every connection that is made."""

    def __init__(self, pace: Pace, **options: Any) -> None:
        self._pace = pace
        super().__init__(**options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Have the connections made by classes of our own."""
        super().init_poolmanager(*args, **options)
        pace = self._pace

        class Plain(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                pace.follow(self.sock)

        class Secure(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                pace.follow(self.sock)

        plain = type("Plains", (HTTPConnectionPool,), {"ConnectionCls": Plain})
        secure = type("Secures", (HTTPSConnectionPool,), {"ConnectionCls": Secure})
        self.poolmanager.pool_classes_by_scheme = {"http": plain, "https": secure}
