"""Which opcode has which effect: the table that joins `machine` and `calls` to the opcodes."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from unpickled.pickles import calls
from unpickled.pickles.calls import Happened
from unpickled.pickles.machine import LOOK, Machine
from unpickled.pickles.opcodes import OPCODES
from unpickled.pickles.values import Dict, List, Set

__all__ = ["EFFECTS", "NEW", "Effect", "Inline"]


class Inline(Enum):
    """The effects that the tracer's loop has in itself, since a call for each of them would cost a twentieth."""

    NEW = "push what `NEW` makes"
    PAIR = "join the top two entries"
    MARK = "open a group"


Effect = Callable[[Machine, Any], Happened]


def _frame(_machine: Machine, _size: int) -> Happened:
    """Change nothing: a frame is for whoever reads the bytes."""
    return LOOK


def _stop(machine: Machine, _: None) -> Happened:
    """Take the finished object off the stack."""
    machine.stack.pop()
    return LOOK


_DIRECT = (
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES"
    " BINBYTES8 UNICODE SHORT_BINUNICODE BINUNICODE BINUNICODE8 FLOAT BINFLOAT NONE"
)

_BY_NAME: dict[str, Effect | Inline] = {
    "BYTEARRAY8": Machine.make_bytearray,
    "READONLY_BUFFER": Machine.read_only,
    "LIST": Machine.make_list,
    "TUPLE": Machine.make_tuple,
    "DICT": Machine.make_dict,
    "FROZENSET": Machine.make_frozenset,
    "BINGET": Machine.get,
    "LONG_BINGET": Machine.get,
    "MEMOIZE": Machine.note,
    "PUT": Machine.note,
    "BINPUT": Machine.note,
    "LONG_BINPUT": Machine.note,
    "MARK": Inline.MARK,
    "TUPLE2": Inline.PAIR,
    "EXT1": calls.extension,
    "EXT2": calls.extension,
    "EXT4": calls.extension,
    "GLOBAL": calls.import_named,
    "PERSID": Machine.persistent,
    "PROTO": Machine.nothing,
    "FRAME": _frame,
    "STOP": _stop,
}

NEW: dict[str, Callable[[], Any]] = {
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": List,
    "EMPTY_DICT": Dict,
    "EMPTY_SET": Set,
}
"""What makes the value that an opcode pushes which takes neither an argument nor anything from the stack."""


def _effect(opcode: str) -> Effect | Inline | None:
    """Return the effect of an opcode: named in the table, or bearing the opcode's own name."""
    if opcode in _DIRECT.split():
        return None
    named = _BY_NAME.get(opcode) or getattr(calls, opcode.lower(), None)
    effect: Effect | Inline = named or getattr(Machine, opcode.lower())
    return effect


EFFECTS: dict[str, Effect | Inline | None] = {
    opcode: _effect(opcode) for opcode in OPCODES if opcode not in NEW
}
"""The effect of each other opcode; None for those that push their argument as it is (NONE has None)."""
