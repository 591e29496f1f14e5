"""Writes pickles opcode by opcode: the other direction of tracing, for specimens, tests and experiments."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any

from unpickled.errors import TraceError
from unpickled.pickles.opcodes import OPCODES
from unpickled.pickles.values import Names

__all__ = ["assemble"]


def assemble(operations: Iterable[str | tuple[Any, ...]]) -> bytes:
    """Return the bytes of a pickle.

    Nothing is checked beyond the arguments: what does not make sense to the machine can be written too.

    Args:
        operations: names of opcodes, or tuples of a name and its argument as `Step.arg` has it:
            `("BININT1", 7)`, `"STOP"`. The two names of `GLOBAL` and `INST` are one text with a space
            between them, or two texts: `("GLOBAL", "os mkdir")`, `("GLOBAL", "os", "mkdir")`.

    Raises:
        TraceError: there is no such opcode, or the argument does not fit it. The offset is where it
            would have stood.
    """
    whole = bytearray()
    for operation in operations:
        name, *arguments = (operation,) if isinstance(operation, str) else operation
        opcode = OPCODES.get(name)
        if opcode is None:
            raise TraceError(
                len(whole), f"there is no opcode {name!r}", "See `OPCODES` for all 68."
            )
        whole.append(opcode.code)
        try:
            whole += _WRITERS[opcode.argument](*arguments)
        except (TypeError, ValueError, AttributeError, struct.error) as reason:
            problem = f"{name} cannot be written with {arguments!r:.100}: {reason}"
            raise TraceError(
                len(whole) - 1, problem, "Give it an argument of the right kind and size."
            ) from None
    return bytes(whole)


def _fixed(layout: str) -> Callable[[Any], bytes]:
    return struct.Struct(layout).pack


def _counted(layout: str, encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    def write(value: Any) -> bytes:
        body = encode(value)
        return struct.pack(layout, len(body)) + body

    return write


def _line(encode: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    def write(value: Any) -> bytes:
        body = encode(value)
        if b"\n" in body:
            raise ValueError("a line cannot hold a newline")
        return body + b"\n"

    return write


def _utf8(value: str) -> bytes:
    return value.encode("utf-8", "surrogatepass")


def _latin(value: str) -> bytes:
    return value.encode("latin-1")


def _long(value: int) -> bytes:
    size = (value.bit_length() // 8 + 1) if value else 0
    if size > 1 and -value == 1 << (size * 8 - 9):
        size -= 1  # the lowest number of a size needs no byte for its sign
    return value.to_bytes(size, "little", signed=True)


def _unicode(value: str) -> bytes:
    for escaped in "\\\0\n\r\x1a":  # as the pickler does, so that each stays within its line
        value = value.replace(escaped, f"\\u{ord(escaped):04x}")
    return value.encode("raw-unicode-escape")


def _number(value: int) -> bytes:
    return (b"01" if value else b"00") if isinstance(value, bool) else b"%d" % value


def _names(*given: str) -> bytes:
    if len(given) == 1:
        whole = given[0]
        given = (
            (whole.module, whole.name) if isinstance(whole, Names) else tuple(whole.split(" ", 1))
        )
    module, name = given
    return _line(_utf8)(module) + _line(_utf8)(name)


_WRITERS: dict[str, Callable[..., bytes]] = {
    "": lambda: b"",
    "uint1": _fixed("<B"),
    "uint2": _fixed("<H"),
    "uint4": _fixed("<I"),
    "int4": _fixed("<i"),
    "float8": _fixed(">d"),
    "protocol": _fixed("<B"),
    "frame": _fixed("<Q"),
    "bytes1": _counted("<B", bytes),
    "bytes4": _counted("<I", bytes),
    "bytes8": _counted("<Q", bytes),
    "latin1": _counted("<B", _latin),
    "latin4": _counted("<i", _latin),
    "text1": _counted("<B", _utf8),
    "text4": _counted("<I", _utf8),
    "text8": _counted("<Q", _utf8),
    "long1": _counted("<B", _long),
    "long4": _counted("<i", _long),
    "integer": _line(_number),
    "long": _line(lambda value: b"%dL" % value),
    "index": _line(lambda value: b"%d" % value),
    "decimal": _line(lambda value: repr(float(value)).encode()),
    "quoted": _line(lambda value: repr(_latin(value))[1:].encode()),
    "unicode": _line(_unicode),
    "names": _names,
    "ascii_names": _names,
    "ascii": _line(lambda value: value.encode("ascii")),
}
"""How to write each kind of argument, by the kind's name in the opcode table."""
