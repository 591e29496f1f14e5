"""Walks a file from front to back and notes what each stretch is; every step is checked against the file's size."""

from __future__ import annotations

from typing import BinaryIO

from unpickled.weights.layout.regions import Field, Region, Role

__all__ = ["REGIONS", "BrokenError", "Survey"]

REGIONS = 600  # told apart in one file; the rest is one region
_FIELDS = 400  # in one region
_READ = 1 << 16  # bytes of one field that are read
_VALUE = 120  # characters of a value that are shown


class BrokenError(Exception):
    """The file does not go on as its format says; the message is for readers, without a full stop."""


class Survey:
    """Regions up to the offset `at`. Fields are noted one by one; `close` makes a region of those since the last one.

    Args:
        file: open, seekable.
        size: its size in bytes.
    """

    def __init__(self, file: BinaryIO, size: int) -> None:
        self.file, self.size, self.at = file, size, 0
        self.regions: list[Region] = []
        self._fields: list[Field] = []

    @property
    def full(self) -> bool:
        """Whether no further region is told apart."""
        return len(self.regions) >= REGIONS

    def peek(self, length: int) -> bytes:
        """Read without moving on; fewer bytes at the file's end."""
        self.file.seek(self.at)
        return self.file.read(min(length, _READ))

    def field(self, role: Role, label: str, length: int, value: str = "") -> bytes:
        """Note a field of `length` bytes, and return the first of them.

        Raises:
            BrokenError: the file ends before.
        """
        if length < 0 or self.at + length > self.size:
            raise BrokenError(
                f"the file ends inside {label}: {self.size - self.at:,} of {length:,} bytes are there"
            )
        data = self.peek(length)
        if length and len(self._fields) < _FIELDS:
            self._fields.append(Field(self.at, self.at + length, role, label, value[:_VALUE]))
        self.at += length
        return data

    def magic(self, label: str, length: int) -> bytes:
        """Note a signature."""
        shown = "".join(chr(byte) if 32 <= byte < 127 else "·" for byte in self.peek(length))
        return self.field("magic", label, length, shown)

    def number(self, label: str, length: int) -> int:
        """Note a little-endian number and return it."""
        value = int.from_bytes(self.peek(length), "little")
        self.field("number", label, length, f"{value:,}")
        return value

    def text(self, label: str, length: int) -> str:
        """Note a text and return the start of it."""
        shown = self.peek(length).decode("utf-8", "replace")
        self.field("text", label, length, " ".join(shown.split()))
        return shown

    def close(self, label: str, role: Role = "number", where: str = "") -> None:
        """Make a region of the fields noted since the last one."""
        start = self.regions[-1].end if self.regions else 0
        if self.at > start:
            fields, self._fields = tuple(self._fields), []
            self.regions.append(Region(start, self.at, role, label, where, fields))

    def whole(self, role: Role, label: str, length: int, where: str = "") -> None:
        """Note a region without fields.

        Raises:
            BrokenError: the file ends before its end; what there is of it is noted.
        """
        there = max(0, min(length, self.size - self.at))
        self.at += there
        self._fields = []
        self.close(label, role, where)
        if there < length:
            raise BrokenError(
                f"the file ends inside {label}: {there:,} of {length:,} bytes are there"
            )

    def gap(self, until: int, label: str = "bytes that no part of the format claims") -> None:
        """Note what lies before offset `until` and was not reached."""
        if until > self.at:
            self.whole("rest", label, min(until, self.size) - self.at)

    def finish(self, label: str) -> tuple[Region, ...]:
        """Note what is open and what is left, and return all regions, without a hole."""
        self.close("the part that was read")
        self.gap(self.size, label)
        return tuple(self.regions)
