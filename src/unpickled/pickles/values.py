"""What the pickle machine puts on its stack: stand-ins for objects, never the objects themselves.

Numbers, strings, bytes, `None`, `True` and `False` stand for themselves, and a tuple for a tuple.
Whatever can change later is a log of what was added and at which step, so that it can be shown as it
was at any step without keeping a copy for each.
"""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = [
    "ATOMS",
    "MARK",
    "PLAIN",
    "Buffer",
    "Cropped",
    "Dict",
    "Extension",
    "Frozen",
    "Global",
    "List",
    "Mark",
    "Persistent",
    "ReadOnly",
    "Result",
    "Set",
]


class Mark:
    """The marker that opens a group on the stack. There is one: `MARK`."""

    __slots__ = ()


MARK = Mark()


class Cropped(NamedTuple):
    """A string, byte string, integer or tuple of which only the start is kept, and how long it truly is."""

    kind: str  # "str", "bytes", "bytearray", "int" or "tuple"
    kept: Any
    total: int  # characters, bytes or entries


class Frozen(NamedTuple):
    """A frozenset: its first members, and how many there are."""

    items: tuple[object, ...]
    total: int


class Global(NamedTuple):
    """Something imported by name: module `os`, name `mkdir`."""

    module: str
    name: str


class Extension(NamedTuple):
    """A number that stands for an import: only the `copyreg` registry of the loading program knows which."""

    code: int


class Persistent(NamedTuple):
    """An object kept outside the pickle; the loading program looks its id up."""

    id: object


class Buffer(NamedTuple):
    """The next of the buffers that were stored outside the pickle, counted from 0."""

    number: int


class ReadOnly(NamedTuple):
    """A read-only view of a buffer."""

    value: object


class _Logged:
    """Anything that can grow: a log of `(step, …)`, at most `room` entries long."""

    __slots__ = ("cut", "log", "room")

    def __init__(self, room: int) -> None:
        self.log: list[tuple[Any, ...]] = []
        self.room = room
        self.cut = -1  # the step at which the log was full and something was left out

    def add(self, step: int, entries: list[tuple[Any, ...]]) -> None:
        """Append entries that each begin with `step`; what does not fit is left out."""
        free = self.room - len(self.log)
        if len(entries) > free:
            if self.cut < 0:
                self.cut = step
            entries = entries[:free]
        self.log += entries


class List(_Logged):
    """A list: log of `(step, item)`."""

    __slots__ = ()


class Set(_Logged):
    """A set: log of `(step, member)`."""

    __slots__ = ()


class Dict(_Logged):
    """A dict: log of `(step, key, value)`, as written: a key that comes twice is there twice."""

    __slots__ = ()


class Result(_Logged):
    """What a call would return. Nobody can know it without making the call.

    The log holds what the pickle then does to it: `(step, "state", v)`, `(step, "append", v)` or
    `(step, "item", key, v)`.
    """

    __slots__ = ("call",)

    def __init__(self, room: int, call: Any) -> None:
        super().__init__(room)
        self.call = call


ATOMS = frozenset({type(None), bool, int, float, str, bytes, bytearray})
"""The types whose values stand for themselves and hold no others."""

PLAIN = ATOMS | {tuple, Cropped, Frozen, List, Set, Dict}
"""The types of plain data: none of them can be called or takes a state."""
