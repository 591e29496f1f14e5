"""The pickle machine: what each of the 68 opcodes does to the stack and the memo, played with stand-ins.

A pickle is a program for a small machine. It has a *stack*, where things are put together, and a
*memo*, where things that are needed again are noted. Nearly every opcode only moves data. A few make
Python import something, and a few make it call something: those return what they would have done, and
push a stand-in for a result that nobody can know.

One method is one effect; `EFFECTS` at the end tells which opcode has which. A method takes the opcode's
argument and returns None, or what the opcode imports and calls. The machine stops only where both of
CPython's unpicklers stop: where one of them goes on, so does it, and so it misses no import and no call
that a real load would come to.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unpickled.pickles.limits import Limits, OverLimitError
from unpickled.pickles.reader import BrokenPickleError
from unpickled.pickles.steps import Call, Import
from unpickled.pickles.values import (
    MARK,
    PLAIN,
    Buffer,
    Cropped,
    Dict,
    Extension,
    Frozen,
    Global,
    List,
    Persistent,
    ReadOnly,
    Result,
    Set,
)

__all__ = ["EFFECTS", "STOPPED", "Effect", "Machine"]

Happened = tuple[Import | None, Call | None] | None

STOPPED: Happened = (None, None)
"""What the opcode STOP returns, and no other does."""


class Machine:
    """The state of one unpickling: a stack, a memo, and which step this is.

    As in CPython, the stack is split at each mark: `stack` holds what is above the last one and `outer`
    the parts below it. So no opcode can reach below a mark by accident: it finds its part empty, and
    the `IndexError` tells so.
    """

    __slots__ = (
        "below",
        "buffers",
        "items",
        "memo",
        "memo_limit",
        "noted",
        "now",
        "outer",
        "stack",
    )

    def __init__(self, limits: Limits) -> None:
        self.stack: list[Any] = []
        self.outer: list[list[Any]] = []
        self.below = 0  # entries below the last mark, and the marks
        self.memo: dict[int, Any] = {}
        self.memo_limit = limits.memo
        self.noted = -1  # the number under which something was noted last
        self.items = limits.items
        self.buffers = 0
        self.now = 0

    def entries(self) -> list[object]:
        """Return the whole stack, bottom first, with its marks."""
        whole: list[object] = []
        for part in self.outer:
            whole += part
            whole.append(MARK)
        return whole + self.stack

    # Simple values

    def push(self, value: object) -> None:
        """Push the argument itself: a number, text, bytes."""
        self.stack.append(value)

    def none(self, _: None) -> None:
        """Push None."""
        self.stack.append(None)

    def true(self, _: None) -> None:
        """Push True."""
        self.stack.append(True)

    def false(self, _: None) -> None:
        """Push False."""
        self.stack.append(False)

    def make_bytearray(self, value: bytes | Cropped) -> None:
        """Push a bytearray."""
        if isinstance(value, Cropped):
            self.stack.append(Cropped("bytearray", value.kept, value.total))
        else:
            self.stack.append(bytearray(value))

    def next_buffer(self, _: None) -> None:
        """Push the next out-of-band buffer."""
        self.stack.append(Buffer(self.buffers))
        self.buffers += 1

    def read_only(self, _: None) -> None:
        """Wrap the buffer on top."""
        value = self.stack[-1]
        if type(value) in PLAIN and not _is_buffer(value):
            raise BrokenPickleError(
                f"only a buffer can be made read-only, and on top is {_kind(value)}", _EDITED
            )
        if type(value) is not bytes:
            self.stack[-1] = ReadOnly(value)

    # Containers

    def empty_tuple(self, _: None) -> None:
        """Push `()`."""
        self.stack.append(())

    def tuple1(self, _: None) -> None:
        """Wrap the top entry."""
        self.stack.append((self.stack.pop(),))

    def tuple2(self, _: None) -> None:
        """Join the top two entries."""
        stack = self.stack
        second, first = stack.pop(), stack.pop()
        stack.append((first, second))

    def tuple3(self, _: None) -> None:
        """Join the top three entries."""
        stack = self.stack
        third, second, first = stack.pop(), stack.pop(), stack.pop()
        stack.append((first, second, third))

    def make_tuple(self, _: None) -> None:
        """Join everything above the mark."""
        values = self._above_mark()
        self.stack.append(self._tuple(values))

    def empty_list(self, _: None) -> None:
        """Push `[]`."""
        self.stack.append(List(self.items))

    def empty_dict(self, _: None) -> None:
        """Push `{}`."""
        self.stack.append(Dict(self.items))

    def empty_set(self, _: None) -> None:
        """Push `set()`."""
        self.stack.append(Set(self.items))

    def make_list(self, _: None) -> None:
        """Make a list of everything above the mark."""
        values, made = self._above_mark(), List(self.items)
        made.add(self.now, [(self.now, value) for value in values])
        self.stack.append(made)

    def make_dict(self, _: None) -> None:
        """Make a dict of everything above the mark."""
        values, made = self._above_mark(), Dict(self.items)
        made.add(self.now, self._pairs(values))
        self.stack.append(made)

    def make_frozenset(self, _: None) -> None:
        """Make a frozenset of everything above the mark."""
        values = self._above_mark()
        self.stack.append(Frozen(tuple(values[: self.items]), len(values)))

    def append(self, _: None) -> Happened:
        """Append the top entry to what is below it."""
        value = self.stack.pop()
        return self._extend(self.stack[-1], [value], "append", "APPEND")

    def appends(self, _: None) -> Happened:
        """Append everything above the mark."""
        values = self._above_mark()
        return self._extend(self.stack[-1], values, "extend", "APPENDS")

    def additems(self, _: None) -> Happened:
        """Add everything above the mark to a set."""
        values, target = self._above_mark(), self.stack[-1]
        if type(target) is Set:
            target.add(self.now, [(self.now, value) for value in values])
            return None
        return self._method(target, "add", "ADDITEMS", values, "append")

    def setitem(self, _: None) -> Happened:
        """Store one value under one key."""
        stack = self.stack
        value, key = stack.pop(), stack.pop()
        return self._store(stack[-1], [key, value], "SETITEM")

    def setitems(self, _: None) -> Happened:
        """Store the pairs above the mark."""
        values = self._above_mark()
        return self._store(self.stack[-1], values, "SETITEMS")

    # The stack itself

    def mark(self, _: None) -> None:
        """Open a group."""
        self.outer.append(self.stack)
        self.below += len(self.stack) + 1
        self.stack = []

    def pop(self, _: None) -> None:
        """Throw the top entry away; the mark, if nothing is above it."""
        if self.stack:
            self.stack.pop()
        else:
            self._above_mark()

    def pop_mark(self, _: None) -> None:
        """Throw the group away."""
        self._above_mark()

    def dup(self, _: None) -> None:
        """Push the top entry again."""
        self.stack.append(self.stack[-1])

    # The memo

    def get(self, index: int) -> None:
        """Push what was noted."""
        if index not in self.memo:
            raise BrokenPickleError(
                f"nothing was noted in the memo under {index}",
                "This pickle may need what an earlier one noted, or be damaged.",
            )
        self.stack.append(self.memo[index])

    def put(self, index: int) -> None:
        """Note the top entry under a number, which may skip ahead or be taken already."""
        if index < 0:
            raise BrokenPickleError(f"the memo has no number {index}", _EDITED)
        self.memo[index] = self.stack[-1]
        self.noted = index
        if len(self.memo) > self.memo_limit:
            raise OverLimitError(
                0, f"the memo holds more than {self.memo_limit} entries", _RAISE_LIMIT
            )

    def memoize(self, _: None) -> None:
        """Note the top entry under the next number."""
        self.put(len(self.memo))

    # Imports

    def global_(self, names: str) -> Happened:
        """Import what the two lines name."""
        return self._import(*names.split(" ", 1)), None

    def stack_global(self, _: None) -> Happened:
        """Import what the two topmost strings name."""
        name, module = self.stack.pop(), self.stack.pop()
        if type(name) is Cropped or type(module) is Cropped:
            raise OverLimitError(
                0, "the name to import is longer than the text that is kept", _RAISE_LIMIT
            )
        if type(name) is not str or type(module) is not str:
            raise BrokenPickleError(
                f"a module and a name must be text, and here are {_kind(module)} and {_kind(name)}",
                _EDITED,
            )
        return self._import(module, name), None

    def extension(self, code: int) -> Happened:
        """Import what a number stands for: only the loading program knows."""
        if code <= 0:
            raise BrokenPickleError(f"{code} is no extension code: they begin at 1", _EDITED)
        self.stack.append(Extension(code))
        return Import("", f"extension code {code}"), None

    def _import(self, module: str, name: str) -> Import:
        self.stack.append(Global(module, name))
        return Import(module, name)

    # Calls

    def reduce(self, _: None) -> Happened:
        """Call a callable with a tuple of arguments."""
        arguments, function = self.stack.pop(), self.stack.pop()
        return None, self._call("REDUCE", function, "", arguments)

    def newobj(self, _: None) -> Happened:
        """Call a class's `__new__`."""
        arguments, cls = self.stack.pop(), self.stack.pop()
        return None, self._call("NEWOBJ", cls, "__new__", arguments)

    def newobj_ex(self, _: None) -> Happened:
        """Call a class's `__new__` with keyword arguments too."""
        keywords, arguments, cls = self.stack.pop(), self.stack.pop(), self.stack.pop()
        if type(keywords) in PLAIN and type(keywords) is not Dict:
            raise BrokenPickleError(f"{_kind(keywords)} cannot be keyword arguments", _EDITED)
        return None, self._call("NEWOBJ_EX", cls, "__new__", arguments, keywords)

    def inst(self, names: str) -> Happened:
        """Import a class and call it with everything above the mark."""
        arguments = self._above_mark()
        imported = Import(*names.split(" ", 1))
        return imported, self._call("INST", Global(*imported), "", self._tuple(arguments))

    def obj(self, _: None) -> Happened:
        """Call the class just above the mark with everything above it."""
        values = self._above_mark()
        return None, self._call("OBJ", values[0], "", self._tuple(values[1:]))

    def build(self, _: None) -> Happened:
        """Give an object its state: through its own method, or else by setting its attributes."""
        state = self.stack.pop()
        target = self.stack[-1]
        if type(target) in PLAIN:
            if _is_empty(state):
                return None
            raise BrokenPickleError(f"{_kind(target)} has no place for a state", _EDITED)
        return self._method(target, "__setstate__", "BUILD", [state], "state")

    # The pickle as a whole

    def persistent(self, id_: object) -> None:
        """Push what the loading program would find for an id."""
        self.stack.append(Persistent(id_))

    def binpersid(self, _: None) -> None:
        """Do so for the id on the stack."""
        self.stack.append(Persistent(self.stack.pop()))

    def nothing(self, _: object) -> None:
        """Change nothing: this is for whoever reads the bytes."""

    def stop(self, _: None) -> Happened:
        """Take the finished object off the stack."""
        self.stack.pop()
        return STOPPED

    # What several of them share

    def _above_mark(self) -> list[Any]:
        """Take off everything above the last mark, and the mark."""
        if not self.outer:
            raise BrokenPickleError("there is no mark on the stack", _EDITED)
        values = self.stack
        self.stack = self.outer.pop()
        self.below -= len(self.stack) + 1
        return values

    def _tuple(self, values: list[Any]) -> tuple[Any, ...] | Cropped:
        if len(values) > self.items:
            return Cropped("tuple", tuple(values[: self.items]), len(values))
        return tuple(values)

    def _pairs(self, values: list[Any]) -> list[tuple[Any, ...]]:
        if len(values) % 2:
            raise BrokenPickleError(
                f"{len(values)} entries above the mark are no pairs of key and value", _EDITED
            )
        return [(self.now, values[i], values[i + 1]) for i in range(0, len(values), 2)]

    def _call(
        self, opcode: str, function: object, method: str, arguments: object, keywords: object = None
    ) -> Call:
        """Push the stand-in for the result of a call."""
        if type(function) in PLAIN:
            raise BrokenPickleError(f"{_kind(function)} cannot be called", _EDITED)
        if type(arguments) in _NO_ARGUMENTS:
            raise BrokenPickleError(
                f"{_kind(arguments)} cannot be the arguments of a call", _EDITED
            )
        call = Call(opcode, function, method, arguments, keywords, self.now)
        self.stack.append(Result(self.items, call))
        return call

    def _extend(self, target: Any, values: list[Any], method: str, opcode: str) -> Happened:
        if type(target) is List:
            target.add(self.now, [(self.now, value) for value in values])
            return None
        if type(target) is bytearray:
            return None
        return self._method(target, method, opcode, values, "append")

    def _store(self, target: Any, values: list[Any], opcode: str) -> Happened:
        pairs = self._pairs(values)
        if type(target) is Dict:
            target.add(self.now, pairs)
            return None
        if type(target) in (
            List,
            bytearray,
        ):  # an index and an item: the text of it does not change
            return None
        happened = self._method(target, "__setitem__", opcode, values, "")
        if type(target) is Result:
            target.add(self.now, [(self.now, "item", *pair[1:]) for pair in pairs])
        return happened

    def _method(
        self, target: Any, method: str, opcode: str, values: list[Any], log: str
    ) -> Happened:
        """Tell of a call to a method of something that is no plain container."""
        if not values:
            return None
        if type(target) in PLAIN:
            raise BrokenPickleError(f"{_kind(target)} has no {method} method", _EDITED)
        if log and type(target) is Result:
            target.add(self.now, [(self.now, log, value) for value in values])
        return None, Call(opcode, target, method, self._tuple(values), None, self.now)


_EDITED = "No pickler writes this: the file is damaged or was made by hand."
_RAISE_LIMIT = "If you trust its size, raise the limit."
_NO_ARGUMENTS = frozenset({type(None), bool, int, float})

_KINDS = {
    "NoneType": "None",
    "bool": "a boolean",
    "int": "a number",
    "float": "a number",
    "str": "text",
    "bytes": "a byte string",
    "bytearray": "a bytearray",
    "tuple": "a tuple",
    "Frozen": "a frozenset",
    "List": "a list",
    "Set": "a set",
    "Dict": "a dict",
    "Cropped": "a long value",
    "Global": "something imported",
    "Result": "the result of a call",
}


def _kind(value: object) -> str:
    return _KINDS.get(type(value).__name__, "an object")


def _is_buffer(value: Any) -> bool:
    return type(value) in (bytes, bytearray) or (
        type(value) is Cropped and value.kind[:4] == "byte"
    )


def _is_empty(state: Any) -> bool:
    """Tell whether a state may count as none at all; what is unknown may."""
    if type(state) in (List, Set, Dict):
        return not state.log
    if type(state) is Frozen:
        return not state.total
    return type(state) not in PLAIN or not state


Effect = Callable[[Machine, Any], Happened]

_SAME = {
    Machine.push: "INT BININT BININT1 BININT2 LONG LONG1 LONG4 STRING BINSTRING SHORT_BINSTRING BINBYTES"
    " SHORT_BINBYTES BINBYTES8 UNICODE SHORT_BINUNICODE BINUNICODE BINUNICODE8 FLOAT BINFLOAT",
    Machine.get: "GET BINGET LONG_BINGET",
    Machine.put: "PUT BINPUT LONG_BINPUT",
    Machine.extension: "EXT1 EXT2 EXT4",
    Machine.nothing: "PROTO FRAME",
}

_NAMED_ALIKE = (
    "empty_list append appends empty_tuple tuple1 tuple2 tuple3 empty_dict setitem setitems empty_set additems"
    " next_buffer pop dup mark pop_mark memoize stack_global reduce build inst obj newobj newobj_ex stop binpersid"
)

EFFECTS: dict[str, Effect] = {
    **{name: effect for effect, names in _SAME.items() for name in names.split()},
    **{name.upper(): getattr(Machine, name) for name in _NAMED_ALIKE.split()},
    "BYTEARRAY8": Machine.make_bytearray,
    "READONLY_BUFFER": Machine.read_only,
    "NONE": Machine.none,
    "NEWTRUE": Machine.true,
    "NEWFALSE": Machine.false,
    "LIST": Machine.make_list,
    "TUPLE": Machine.make_tuple,
    "DICT": Machine.make_dict,
    "FROZENSET": Machine.make_frozenset,
    "GLOBAL": Machine.global_,
    "PERSID": Machine.persistent,
}
"""The effect of each opcode, by the opcode's name."""
