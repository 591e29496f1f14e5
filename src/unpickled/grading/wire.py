"""JSON through a socket or a pipe, a length before each message: all that our processes ever say to one another."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any, BinaryIO

__all__ = ["HEADER", "framed", "receive", "send", "strict", "take"]

HEADER = struct.Struct("!Q")


def send(connection: socket.socket, message: dict[str, Any]) -> None:
    """Send a message; to one who is dead, nothing: the reading side is told."""
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.sendall(framed(message))


def receive(connection: socket.socket) -> dict[str, Any] | None:
    """Wait for a message; None when the other side has gone."""
    return _received(connection.recv)


def take(pipe: BinaryIO) -> dict[str, Any] | None:
    """Wait for a message from a pipe; None at its end."""
    return _received(pipe.read)


def framed(message: dict[str, Any]) -> bytes:
    """Return a message as it goes through a socket."""
    body = json.dumps(message).encode()
    return HEADER.pack(len(body)) + body


def strict(text: str) -> Any:
    """Read JSON that a machine has sent: NaN and Infinity are none.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return json.loads(text, parse_constant=_no_number)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _received(read: Callable[[int], bytes]) -> dict[str, Any] | None:
    header = _whole(read, HEADER.size)
    body = _whole(read, HEADER.unpack(header)[0]) if header else b""
    return json.loads(body) if body else None


def _whole(read: Callable[[int], bytes], size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        try:
            part = read(min(size - len(data), 1 << 20))
        except ConnectionResetError:
            return b""
        if not part:
            return b""
        data += part
    return bytes(data)
