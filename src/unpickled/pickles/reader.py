"""Reads the argument that follows an opcode's byte: bytes and an offset in, value and next offset out.

Each kind of argument is one method. A method is as lenient as the most lenient of the two readers that
load pickles for real, CPython's C one and its Python one: what either accepts must not hide from us
what comes after it. Formats: `Lib/pickletools.py`, `Lib/pickle.py` and `Modules/_pickle.c` of CPython.
"""

from __future__ import annotations

import struct
from codecs import raw_unicode_escape_decode  # `decode` would look the codec up each time
from collections.abc import Callable
from mmap import mmap
from typing import Any

from unpickled.pickles.limits import Limits, OverLimitError
from unpickled.pickles.opcodes import HIGHEST_PROTOCOL
from unpickled.pickles.values import Cropped, Names

__all__ = ["FIXED", "READERS", "BrokenPickleError", "PickleReader"]

_uint4 = struct.Struct("<I").unpack_from
_int4 = struct.Struct("<i").unpack_from
_uint8 = struct.Struct("<Q").unpack_from

_ENORMOUS = 1 << 63  # a length that fits no address space: every reader refuses it
_CHUNK = 1 << 16  # bytes of long text that are checked at a time

_ZERO = ord("0")

Read = tuple[Any, int]


class BrokenPickleError(Exception):
    """The pickle cannot be read on; whoever knows the offset turns this into a `TraceError`.

    Args:
        problem: what is wrong, without a full stop.
        remedy: what the reader can do, as a sentence.
    """

    def __init__(self, problem: str, remedy: str = "") -> None:
        super().__init__(problem, remedy)
        self.problem = problem
        self.remedy = remedy


class PickleReader:
    """The bytes of an input, and how to read one argument at an offset.

    Args:
        data: the whole input.
        limits: `bytes`, `text` and `digits` apply here.

    A method raises `IndexError` or `struct.error` where the bytes end too early, and
    `BrokenPickleError` where they make no sense.
    """

    __slots__ = ("data", "digits", "end", "text")

    def __init__(self, data: bytes | mmap, limits: Limits) -> None:
        self.data = data
        self.end = min(len(data), limits.bytes)
        self.text = limits.text
        self.digits = limits.digits

    def protocol(self, at: int) -> Read:
        """Read the protocol's number, which must be one that exists."""
        number = self.data[at]
        if number > HIGHEST_PROTOCOL:
            raise BrokenPickleError(
                f"PROTO names version {number} of the pickle format, and {HIGHEST_PROTOCOL} is the newest there is",
                "Check that this is a pickle at all.",
            )
        return number, at + 1

    def frame(self, at: int) -> Read:
        """Read a frame's length."""
        size = _uint8(self.data, at)[0]
        if size >= _ENORMOUS:
            raise BrokenPickleError(f"FRAME announces {size} bytes", _NOT_WRITTEN)
        return size, at + 8

    # A length, then so many bytes

    def bytes1(self, at: int) -> Read:
        """Read a byte string with a one-byte length."""
        return self._bytes(at + 1, self.data[at])

    def bytes4(self, at: int) -> Read:
        """Read a byte string with a four-byte length."""
        return self._bytes(at + 4, _uint4(self.data, at)[0])

    def bytes8(self, at: int) -> Read:
        """Read a byte string with an eight-byte length."""
        return self._bytes(at + 8, _uint8(self.data, at)[0])

    def _bytes(self, start: int, size: int) -> Read:
        stop = self._stop(start, size)
        if size > self.text:
            return Cropped("bytes", self.data[start : start + self.text], size), stop
        return self.data[start:stop], stop

    def latin1(self, at: int) -> Read:
        """Read a Python 2 string with a one-byte length; any byte may be in it."""
        return self._latin(at + 1, self.data[at])

    def latin4(self, at: int) -> Read:
        """Read a Python 2 string with a four-byte, signed length."""
        size = _int4(self.data, at)[0]
        if size < 0:
            raise BrokenPickleError(f"the string's length is negative: {size}", _NOT_WRITTEN)
        return self._latin(at + 4, size)

    def _latin(self, start: int, size: int) -> Read:
        stop = self._stop(start, size)
        kept = self.data[start : min(stop, start + self.text)].decode("latin-1")
        return (kept if size <= self.text else Cropped("str", kept, size)), stop

    def text1(self, at: int) -> Read:
        """Read UTF-8 text with a one-byte length."""
        start = at + 1
        stop = start + self.data[at]
        if stop > self.end or stop - start > self.text:
            return self._text(start, stop - start)
        try:
            return self.data[start:stop].decode(), stop  # the usual case, so without a detour
        except UnicodeDecodeError:
            return self._text(start, stop - start)

    def text4(self, at: int) -> Read:
        """Read UTF-8 text with a four-byte length."""
        return self._text(at + 4, _uint4(self.data, at)[0])

    def text8(self, at: int) -> Read:
        """Read UTF-8 text with an eight-byte length."""
        return self._text(at + 8, _uint8(self.data, at)[0])

    def _text(self, start: int, size: int) -> Read:
        """Check text that may be long piece by piece, so that it is never in memory whole."""
        stop = self._stop(start, size)
        total, kept, at = 0, "", start
        while at < stop:
            upto = min(at + _CHUNK, stop)
            while upto < stop and self.data[upto] & 0xC0 == 0x80 and upto > at + 4:
                upto -= 1  # not in the middle of a character
            piece = str(self.data[at:upto], "utf-8", "surrogatepass")
            total += len(piece)
            kept += piece[: self.text - len(kept)]
            at = upto
        return (kept if total <= self.text else Cropped("str", kept, total)), stop

    def long1(self, at: int) -> Read:
        """Read an integer with a one-byte length, little-endian, signed."""
        return self._long(at + 1, self.data[at])

    def long4(self, at: int) -> Read:
        """Read an integer with a four-byte, signed length, little-endian, signed."""
        size = _int4(self.data, at)[0]
        if size < 0:
            raise BrokenPickleError(f"the integer's length is negative: {size}", _NOT_WRITTEN)
        return self._long(at + 4, size)

    def _long(self, start: int, size: int) -> Read:
        stop = self._stop(start, size)
        if size > min(self.digits, 1_000):
            return Cropped("int", None, size), stop
        return int.from_bytes(self.data[start:stop], "little", signed=True), stop

    def _stop(self, start: int, size: int) -> int:
        """Return where `size` bytes end, if they are all there."""
        stop = start + size
        if stop > self.end:
            raise IndexError(size)
        return stop

    # A line

    def _line(self, at: int) -> tuple[bytes, int]:
        """Read to the next newline, which is left out.

        At the end of the input the real readers take what is there for a line, and lose its last byte.
        """
        newline = self.data.find(b"\n", at, self.end)
        if newline >= 0:
            return self.data[at:newline], newline + 1
        if at >= self.end:
            raise IndexError(at)
        return self.data[at : self.end - 1], self.end

    def _digits(self, at: int) -> tuple[bytes, int]:
        """Read a number's line; the C reader stops at a zero byte in it."""
        line, stop = self._line(at)
        line = line.partition(b"\0")[0]
        if len(line) > self.digits:
            raise OverLimitError(
                0,
                f"a number is written out in {len(line)} characters",
                f"At most {self.digits} are read.",
            )
        return line, stop

    def integer(self, at: int) -> Read:
        """Read a whole number, or False as `00` and True as `01`."""
        newline = self.data.find(b"\n", at, self.end)
        if at < newline < at + 10:
            line = self.data[at:newline]
            if line.isdigit() and line[0] != _ZERO:
                return int(line), newline + 1  # the usual case, without a detour
        line, stop = self._digits(at)
        if not line and self.data[at] == 0:
            return 0, stop  # as the C reader does
        if line in (b"00", b"01"):
            return line == b"01", stop
        try:
            return int(line, 0), stop
        except ValueError:
            return int(line, 8), stop  # the C reader takes a leading zero for octal

    def long(self, at: int) -> Read:
        """Read a whole number that may end in `L`."""
        line, stop = self._digits(at)
        return int(line.removesuffix(b"L"), 0), stop

    def index(self, at: int) -> Read:
        """Read a memo index, a decimal number; the tracer reads the usual short one itself."""
        line, stop = self._digits(at)
        return int(line), stop

    def decimal(self, at: int) -> Read:
        """Read a floating-point number."""
        line, stop = self._digits(at)
        return float(line), stop

    def quoted(self, at: int) -> Read:
        """Read a Python 2 string literal: quotes around it, escapes inside."""
        line, stop = self._line(at)
        if len(line) < 2 or line[0] != line[-1] or line[:1] not in (b"'", b'"'):
            raise BrokenPickleError("the string is not in quotes", _NOT_WRITTEN)
        body = line[1:-1]
        if len(body) <= 4 * self.text:
            return self._crop(unescape(body)), stop
        start = body[: 4 * self.text]
        escape = start.rfind(b"\\", -4)  # perhaps cut in two
        start = start if escape < 0 else start[:escape].rstrip(b"\\")
        return Cropped("str", unescape(start)[: self.text], len(body)), stop

    def unicode(self, at: int) -> Read:
        """Read text with rare characters as escapes."""
        newline = self.data.find(b"\n", at, self.end)
        if 0 <= newline <= at + self.text:  # the usual case, without a detour
            return raw_unicode_escape_decode(self.data[at:newline])[0], newline + 1
        line, stop = self._line(at)
        return self._crop(raw_unicode_escape_decode(line)[0]), stop

    def names(self, at: int) -> Read:
        """Read a module's line and a name's line, joined by a space."""
        return self._pair(at, "utf-8")

    def ascii_names(self, at: int) -> Read:
        """Read the same in ASCII."""
        return self._pair(at, "ascii")

    def _pair(self, at: int, encoding: str) -> Read:
        module, middle = self._line(at)
        name, stop = (
            self._line(middle) if middle < self.end else (b"", middle)
        )  # as Python's reader does
        if len(module) + len(name) > 2 * self.text:
            raise OverLimitError(
                0,
                f"the names of a module and what is in it take {len(module) + len(name)} bytes",
                f"At most {2 * self.text} are read.",
            )
        return Names.of(module.decode(encoding), name.decode(encoding)), stop

    def ascii(self, at: int) -> Read:
        """Read a line of ASCII."""
        line, stop = self._line(at)
        return self._crop(line.decode("ascii")), stop

    def _crop(self, value: str) -> str | Cropped:
        return value if len(value) <= self.text else Cropped("str", value[: self.text], len(value))


_NOT_WRITTEN = "No pickler writes this: the file is damaged or was made by hand."

_ESCAPES = {b"\n": b"", b"\\": b"\\", b"'": b"'", b'"': b'"', b"a": b"\a", b"b": b"\b", b"f": b"\f"}
_ESCAPES |= {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


def unescape(line: bytes) -> str:
    r"""Undo the escapes of a bytes literal (`\n`, `\x41`, `\101`); each byte becomes one character.

    Written out here because the codec that does it warns about unknown escapes, and a warning looks
    up source files: reading a pickle must not open any.
    """
    first, *rest = line.split(b"\\")
    whole, rest = [first], rest[::-1]
    while rest:
        part = rest.pop()
        if not part:  # an escaped backslash: what follows it is plain
            if not rest:
                raise BrokenPickleError("the string ends in a lone backslash", _NOT_WRITTEN)
            whole += (b"\\", rest.pop())
        elif part[:1] in _ESCAPES:
            whole += (_ESCAPES[part[:1]], part[1:])
        elif part[:1] == b"x":
            whole += (bytes((_hex(part[1:3]),)), part[3:])
        elif part[:1] in b"01234567":
            digits = len(part[:3]) - len(part[:3].lstrip(b"01234567"))
            whole += (bytes((int(part[:digits], 8) & 255,)), part[digits:])
        else:
            whole += (b"\\", part)
    return b"".join(whole).decode("latin-1")


def _hex(digits: bytes) -> int:
    if len(digits) < 2 or digits.strip(b"0123456789abcdefABCDEF"):
        raise BrokenPickleError("the string holds a broken \\x escape", _NOT_WRITTEN)
    return int(digits, 16)


FIXED = {"uint1": "<B", "uint2": "<H", "uint4": "<I", "int4": "<i", "float8": ">d"}
"""The kinds of argument that have a fixed width, with their layout for `struct`."""

READERS: dict[str, Callable[[PickleReader, int], Read]] = {
    kind: getattr(PickleReader, kind)
    for kind in (
        "protocol", "frame", "bytes1", "bytes4", "bytes8", "latin1", "latin4", "text1", "text4", "text8",
        "long1", "long4", "integer", "long", "index", "decimal", "quoted", "unicode", "names", "ascii_names",
        "ascii",
    )
}  # fmt: skip
"""How to read each of the others, by the kind's name in the opcode table."""
