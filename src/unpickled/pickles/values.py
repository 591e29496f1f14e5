"""What the pickle machine puts on its stack: stand-ins for objects, never the objects themselves.

Numbers, strings, bytes, `None`, `True` and `False` stand for themselves, and a tuple for a tuple.
Whatever can change later is a log of what was added and at which step, so that it can be shown as it
was at any step without keeping a copy for each.
"""

from __future__ import annotations

from collections.abc import Iterator
from operator import itemgetter
from typing import Any, NamedTuple

__all__ = [
    "ATOMS",
    "MARK",
    "PLAIN",
    "Buffer",
    "Call",
    "Cropped",
    "Dict",
    "Extension",
    "Frozen",
    "Import",
    "List",
    "Log",
    "Mark",
    "Names",
    "Persistent",
    "ReadOnly",
    "Set",
    "additions",
    "is_empty",
    "kind_of",
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


class Import(NamedTuple):
    """Something imported by name: module `os`, name `mkdir`. On the stack it stands for what it names.

    The module's own code runs when it is imported for the first time.
    """

    module: str
    name: str

    @property
    def text(self) -> str:
        """The dotted name, `os.mkdir`."""
        return f"{self.module}.{self.name}" if self.module else self.name


class Names(str):
    """The argument of GLOBAL and INST, `os mkdir`: a module and a name, either of which may hold spaces."""

    __slots__ = ("module", "name")
    module: str
    name: str

    @classmethod
    def of(cls, module: str, name: str) -> Names:
        """Join the two."""
        names = cls(f"{module} {name}")
        names.module, names.name = module, name
        return names


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


class Log(list[Any]):
    """Anything that can grow: the list of what was added, three entries for each addition.

    The three are `step, values, total`, or `~step, value, total` where a single value was added. `total` is the number
    of values after it. Of the values themselves only the first are kept (see `Machine.grow`), so `values` may be fewer
    than were added. A tuple for each addition would be easier to read, and cost a fifth of the tracer's time at a
    million opcodes: the garbage collector visits it again and again. `additions` reads either form.
    """

    __slots__ = ()


class List(Log):
    """A list; each value is an item."""

    __slots__ = ()


class Set(Log):
    """A set; each value is a member."""

    __slots__ = ()


class Dict(Log):
    """A dict; the values are key, item, key, item, as written: a key that comes twice is there twice."""

    __slots__ = ()


def additions(log: list[Any]) -> Iterator[tuple[int, Any, int]]:
    """Yield what was added to a log, oldest first, as (step, values, total); a dict's key and item may be two."""
    entries = iter(log)
    for step, values, total in zip(entries, entries, entries, strict=True):
        yield (step, values, total) if step >= 0 else (~step, (values,), total)


def _field(number: int, inner: int | None = None) -> Any:
    if inner is None:
        return property(itemgetter(number))
    return property(lambda entries: entries[number][inner])


class Call(tuple[Any, ...]):
    """A call that an opcode would make, and that is not made. On the stack it stands for its result.

    A tuple of its own kind, since a named tuple takes three times as long to make; and of few entries, since the
    garbage collector visits each of them again and again. What most calls have in common is one more tuple, their
    `manner`: opcode, method, keyword arguments, and the logs of all calls.

    Attributes:
        function: the stand-in of what is called, or of the object whose method is.
        arguments: the stand-in of the arguments, normally a tuple.
        step: the index of the step.
        opcode: the opcode that calls.
        method: the method's name, such as `__new__` or `append`; empty for the thing itself.
        keywords: the stand-in of the keyword arguments; None if there are none.
        logs: what is done to results, by the step of their call.
    """

    __slots__ = ()
    function: Any = _field(0)
    arguments: Any = _field(1)
    step: int = _field(2)
    opcode: str = _field(3, 0)
    method: str = _field(3, 1)
    keywords: Any = _field(3, 2)
    logs: dict[int, list[Any]] = _field(3, 3)

    @property
    def log(self) -> list[Any]:
        """What the pickle then does to the result, like a `Log`.

        Each value is `("state", v)`, `("append", v)` or `("item", key, v)`. Few results have any, so the
        logs of all calls are in one table.
        """
        return self.logs.get(self.step, [])

    @property
    def callable(self) -> str:
        """What is called: `os.mkdir`, `datetime.date.__new__`; at most 200 characters.

        `__new__` is given the class itself as well, which `args` leaves out.
        """
        shown: str = _render().callable_text(self)
        return shown

    @property
    def args(self) -> str:
        """What stands between the parentheses just before the call: `'x', 1`; at most 200 characters."""
        shown: str = _render().arguments_text(self)
        return shown

    @property
    def text(self) -> str:
        """The whole call: `os.mkdir('x')`; at most 200 characters."""
        shown: str = _render().call_text(self)
        return shown

    def __repr__(self) -> str:
        return f"<Call {self.text}>"


def _render() -> Any:
    from unpickled.pickles import render  # noqa: PLC0415 - the two know each other

    return render


ATOMS = frozenset({type(None), bool, int, float, str, bytes, bytearray})
"""The types whose values stand for themselves and hold no others."""

PLAIN = ATOMS | {tuple, Cropped, Frozen, List, Set, Dict}
"""The types of plain data: none of them can be called or takes a state."""


_KINDS = {
    "NoneType": "None",
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "str": "text",
    "bytes": "a byte string",
    "bytearray": "a bytearray",
    "tuple": "a tuple",
    "Cropped": "a long value",
    "Frozen": "a frozenset",
    "List": "a list",
    "Set": "a set",
    "Dict": "a dict",
    "Import": "something imported",
    "Call": "the result of a call",
}


def kind_of(value: object) -> str:
    """Return in plain words what kind of thing a value is, with its article."""
    return _KINDS.get(type(value).__name__, "an object from outside")


def is_empty(value: Any) -> bool:
    """Tell whether a value may be empty or nothing; what nobody knows may be."""
    if type(value) is Frozen:
        return not value.total
    if type(value) is Cropped:
        return value.kind == "int"  # which may be zero, however long it is
    return type(value) not in PLAIN or not value
