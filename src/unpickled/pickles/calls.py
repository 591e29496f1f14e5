"""The opcodes that make a pickle a program: each effect here imports or calls something, or may do so.

Nothing is imported or called. An effect pushes a stand-in for what nobody can know without running the
pickle, and returns what it would have done, as a pair `(import, call)`.

The machine stops only where both of CPython's unpicklers stop. Where one of them goes on, so does it:
it may tell of a call that your Python would refuse, but it misses none that a real load would make.
"""

from __future__ import annotations

from typing import Any

from unpickled.pickles.limits import OverLimitError
from unpickled.pickles.machine import MADE_UP, RAISE_LIMIT, Machine
from unpickled.pickles.reader import BrokenPickleError
from unpickled.pickles.values import (
    PLAIN,
    Call,
    Cropped,
    Dict,
    Extension,
    Import,
    List,
    Names,
    Set,
    is_empty,
    kind_of,
)

__all__ = [
    "Happened",
    "additems",
    "append",
    "appends",
    "build",
    "extension",
    "import_named",
    "inst",
    "newobj",
    "newobj_ex",
    "obj",
    "reduce",
    "setitem",
    "setitems",
    "stack_global",
]

Happened = tuple[Import | None, Call | None] | None
"""What an effect returns: None, or what it imports and what it calls."""


# Imports


def import_named(machine: Machine, names: Names) -> Happened:
    """GLOBAL: import what the two lines name."""
    imported = Import(names.module, names.name)
    machine.stack.append(imported)
    return imported, None


def stack_global(machine: Machine, _: None) -> Happened:
    """STACK_GLOBAL: import what the two topmost strings name."""
    module, name = _take(machine, 2)
    if type(name) is Cropped or type(module) is Cropped:
        raise OverLimitError(
            0, "the name to import is longer than the text that is kept", RAISE_LIMIT
        )
    if type(name) is not str or type(module) is not str:
        problem = (
            f"a module and a name must be text, and here are {kind_of(module)} and {kind_of(name)}"
        )
        raise BrokenPickleError(problem, MADE_UP)
    imported = Import(module, name)
    machine.stack.append(imported)
    return imported, None


def extension(machine: Machine, code: int) -> Happened:
    """EXT1, EXT2, EXT4: import what a number stands for, which only the loading program knows."""
    if code <= 0:
        raise BrokenPickleError(f"{code} is no extension code: they begin at 1", MADE_UP)
    machine.stack.append(Extension(code))
    return Import("", f"extension code {code}"), None


# Calls


def reduce(machine: Machine, _: None) -> Happened:
    """REDUCE: call a callable with a tuple of arguments."""
    stack = machine.stack
    arguments, function = stack.pop(), stack.pop()
    if type(function) in PLAIN or type(arguments) in _NO_ARGUMENTS:
        raise _no_call(function, arguments)
    call = Call((function, arguments, machine.now, machine.reduce))  # `_call` without the detour
    stack.append(call)
    return None, call


def newobj(machine: Machine, _: None) -> Happened:
    """NEWOBJ: call a class's `__new__`."""
    arguments = machine.stack.pop()
    return _call(machine, "NEWOBJ", machine.stack.pop(), "__new__", arguments)


def newobj_ex(machine: Machine, _: None) -> Happened:
    """NEWOBJ_EX: call a class's `__new__` with keyword arguments too."""
    cls, arguments, keywords = _take(machine, 3)
    if type(keywords) in PLAIN and type(keywords) is not Dict:
        raise BrokenPickleError(f"{kind_of(keywords)} cannot be keyword arguments", MADE_UP)
    return _call(machine, "NEWOBJ_EX", cls, "__new__", arguments, keywords)


def inst(machine: Machine, names: Names) -> Happened:
    """INST: import a class and call it with everything above the mark."""
    imported = Import(names.module, names.name)
    if len(machine.fences) == 1:  # Python's reader imports before it misses the mark
        machine.stack.append(imported)
        return imported, None
    _call(machine, "INST", imported, "", machine.joined(machine.above_mark()))
    return imported, machine.stack[-1]


def obj(machine: Machine, _: None) -> Happened:
    """OBJ: call the class just above the mark with everything above it."""
    values = machine.above_mark()
    if not values:
        raise BrokenPickleError("there is no class above the mark", MADE_UP)
    return _call(machine, "OBJ", values[0], "", machine.joined(values[1:]))


def build(machine: Machine, _: None) -> Happened:
    """BUILD: give an object its state, through its own `__setstate__` or by setting its attributes."""
    state = machine.stack.pop()
    target = machine.stack[-1]
    if type(target) in PLAIN:
        parts = state if type(state) is tuple and len(state) == 2 else (state,)
        if all(map(is_empty, parts)):  # a pair is one state for attributes and one for slots
            return None
        raise BrokenPickleError(f"{kind_of(target)} has no place for a state", MADE_UP)
    return _method(machine, "BUILD", "__setstate__", [state])


def _call(machine: Machine, opcode: str, function: Any, method: str, *given: Any) -> Happened:
    """Push the stand-in for the result of a call, if anybody could make it.

    `given` are the arguments and, where there are any, the keyword arguments.
    """
    arguments, keywords = given if len(given) == 2 else (*given, None)
    if type(function) in PLAIN or type(arguments) in _NO_ARGUMENTS:
        raise _no_call(function, arguments)
    call = Call((function, arguments, machine.now, (opcode, method, keywords, machine.logs)))
    machine.stack.append(call)
    return None, call


def _no_call(function: Any, arguments: Any) -> BrokenPickleError:
    """Say which of the two is nothing that could be called, or called with."""
    if type(function) in PLAIN:
        return BrokenPickleError(f"{kind_of(function)} cannot be called", MADE_UP)
    return BrokenPickleError(f"{kind_of(arguments)} cannot be the arguments of a call", MADE_UP)


# Adding to a container: data, if it is a plain one, and a call of its method if it is anything else


def append(machine: Machine, _: None) -> Happened:
    """APPEND: append the top entry to what is below it."""
    stack = machine.stack
    value = stack.pop()
    log = stack[-1]
    if type(log) is List:
        total = log[-1] + 1 if log else 1
        if total <= machine.items:  # the usual case, without a detour
            log += (~machine.now, value, total)
        else:
            machine.grow(log, (value,))
        return None
    return _extend(machine, "APPEND", "append", [value])


def appends(machine: Machine, _: None) -> Happened:
    """APPENDS: append everything above the mark."""
    values, stack = machine.above_mark(), machine.stack
    if stack and type(stack[-1]) is List:
        machine.grow(stack[-1], values)
        return None
    return _extend(machine, "APPENDS", "extend", values)


def additems(machine: Machine, _: None) -> Happened:
    """ADDITEMS: add everything above the mark to a set."""
    values, stack = machine.above_mark(), machine.stack
    if stack and type(stack[-1]) is Set:
        machine.grow(stack[-1], values)
        return None
    return _method(machine, "ADDITEMS", "add", values)


def setitem(machine: Machine, _: None) -> Happened:
    """SETITEM: store one value under one key."""
    stack = machine.stack
    value = stack.pop()
    key = stack.pop()
    log = stack[-1]
    if type(log) is Dict:
        total = log[-1] + 2 if log else 2
        if total <= machine.items:  # the usual case, without a detour
            now = ~machine.now
            log += (now, key, total - 1, now, value, total)
        else:
            machine.grow(log, (key, value))
        return None
    return _store(machine, "SETITEM", [key, value])


def setitems(machine: Machine, _: None) -> Happened:
    """SETITEMS: store the pairs above the mark."""
    values, stack = machine.above_mark(), machine.stack
    if stack and type(stack[-1]) is Dict and not len(values) % 2:  # without a detour
        machine.grow(stack[-1], values)
        return None
    return _store(machine, "SETITEMS", values)


def _extend(machine: Machine, opcode: str, method: str, values: list[Any]) -> Happened:
    if machine.stack and type(machine.stack[-1]) is bytearray:  # it takes numbers; its text stays
        return None
    return _method(machine, opcode, method, values)


def _store(machine: Machine, opcode: str, values: list[Any]) -> Happened:
    stack = machine.stack
    kind = type(stack[-1]) if stack else None
    if kind is Dict:
        machine.grow(stack[-1], machine.paired(values))
        return None
    if kind is List or kind is bytearray:  # an index and an item; the text stays as it is
        return None
    return _method(machine, opcode, "__setitem__", values)


# What several of them share


def _take(machine: Machine, count: int) -> list[Any]:
    taken = machine.stack[-count:]
    del machine.stack[-count:]
    return taken


def _method(machine: Machine, opcode: str, method: str, values: list[Any]) -> Happened:
    """Tell of a call of a method of what is on top, and note on a result what is done to it."""
    if len(machine.stack) <= machine.fences[-1]:
        raise BrokenPickleError("there is nothing below the mark to add to", MADE_UP)
    target = machine.stack[-1]
    if not values and (method != "extend" or type(target) in PLAIN):
        return None  # `extend` is the one that CPython's Python reader calls even so
    if type(target) in PLAIN:
        raise BrokenPickleError(f"{kind_of(target)} has no method {method}", MADE_UP)
    if type(target) is Call:
        machine.grow(machine.logs.setdefault(target.step, []), _done(method, values))
    given = machine.joined(values)
    return None, Call((target, given, machine.now, (opcode, method, None, machine.logs)))


def _done(method: str, values: list[Any]) -> list[tuple[Any, ...]]:
    """Return what a method does to a result, as the entries of its log."""
    if method == "__setitem__":  # an odd one is not stored; those before it still are
        return [("item", *values[at : at + 2]) for at in range(0, len(values) - 1, 2)]
    return [("state" if method == "__setstate__" else "append", value) for value in values]


_NO_ARGUMENTS = frozenset({type(None), bool, int, float})
