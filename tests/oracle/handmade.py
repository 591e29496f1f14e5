"""Pickles that today's pickler does not write: old opcodes, persistent ids, buffers, several in a row."""

from __future__ import annotations

import io
import pickle
from typing import Any

from unpickled.pickles import assemble

CALL = (("GLOBAL", "os mkdir"), ("SHORT_BINUNICODE", "canary"), "TUPLE1", "REDUCE")

ASSEMBLED: dict[str, tuple[Any, ...]] = {
    "inst": ("MARK", ("INT", 1), ("UNICODE", "two"), ("INST", "a.b Old"), "STOP"),
    "inst with nothing": ("MARK", ("INST", "a Old"), "STOP"),
    "inst and state": ("MARK", ("INST", "a Old"), "EMPTY_DICT", ("INT", 1), "NONE", "SETITEM", "BUILD", "STOP"),
    "obj": ("MARK", ("GLOBAL", "a Old"), ("BININT1", 1), "NEWTRUE", "OBJ", "STOP"),
    "obj with nothing": ("MARK", ("GLOBAL", "a Old"), "OBJ", "STOP"),
    "reduce": (*CALL, "STOP"),
    "call of a result": (*CALL, "EMPTY_TUPLE", "REDUCE", "EMPTY_TUPLE", "NEWOBJ", "STOP"),
    "arguments from a call": (("GLOBAL", "a f"), *CALL, "REDUCE", "STOP"),
    "keywords": (("GLOBAL", "a C"), "EMPTY_TUPLE", "EMPTY_DICT", ("SHORT_BINUNICODE", "k"), "NONE", "SETITEM",
                 "NEWOBJ_EX", "STOP"),
    "list of a result": (*CALL, "MARK", ("BININT1", 1), ("BININT1", 2), "APPENDS", ("BININT1", 3), "APPEND", "STOP"),
    "dict of a result": (*CALL, "MARK", ("BININT1", 1), ("BININT1", 2), "SETITEMS", "NONE", "NONE", "SETITEM", "STOP"),
    "set of a result": (*CALL, "MARK", ("BININT1", 1), "ADDITEMS", "STOP"),
    "attribute of a module": (("GLOBAL", "a b"), "EMPTY_DICT", ("SHORT_BINUNICODE", "k"), "NONE", "SETITEM", "BUILD",
                              "STOP"),
    "persistent": (("PERSID", "17"), ("SHORT_BINUNICODE", "storage"), "BINPERSID", "TUPLE2", "STOP"),
    "extensions": (("EXT1", 1), ("EXT2", 300), ("EXT4", 70_000), "TUPLE3", ("EXT1", 2), "EMPTY_TUPLE", "REDUCE",
                   "STOP"),
    "buffers": ("NEXT_BUFFER", "NEXT_BUFFER", "READONLY_BUFFER", "TUPLE2", ("BYTEARRAY8", b"x"), "READONLY_BUFFER",
                ("BINBYTES", b"y"), "READONLY_BUFFER", "STOP"),
    "leftovers": (("BININT1", 1), "MARK", ("BININT1", 2), ("GLOBAL", "os mkdir"), "STOP"),
    "marks thrown away": ("MARK", "MARK", "POP", ("BININT1", 1), "POP_MARK", "NONE", "STOP"),
    "names by hand": (("BINUNICODE", "os"), ("UNICODE", "mkdir"), "STACK_GLOBAL", "EMPTY_TUPLE", "REDUCE", "STOP"),
    "name from the memo": (("SHORT_BINUNICODE", "os"), "MEMOIZE", ("BINUNICODE8", "mkdir"), "MEMOIZE", "POP", "POP",
                           ("BINGET", 0), ("LONG_BINGET", 1), "STACK_GLOBAL", "EMPTY_TUPLE", "REDUCE", "STOP"),
    "memo with gaps": ("NONE", ("PUT", 7), "MEMOIZE", ("LONG_BINPUT", 3), ("GET", 7), ("BINGET", 1), ("GET", 3),
                       "STOP"),
    "long forms": (("BINBYTES8", b"b"), "DUP", ("LONG4", 5), ("BINUNICODE8", "u"), "TUPLE3", "TUPLE2", "STOP"),
    "names beyond ASCII": (("GLOBAL", "modül", "näme of it"), ("GLOBAL", "a.b", "c.d"), "TUPLE2", "STOP"),
    "old strings": (("STRING", "a'\n\\"), ("BINSTRING", "b\xff"), ("SHORT_BINSTRING", "c"), "TUPLE3", "STOP"),
    "old numbers": (("INT", True), ("INT", -5), ("LONG", 1 << 70), ("FLOAT", 1.5), "MARK", "NONE", "LIST", "MARK",
                    "DICT", "STOP"),
    "every empty thing": ("NONE", "NEWTRUE", "NEWFALSE", "EMPTY_LIST", "EMPTY_DICT", "EMPTY_SET", "EMPTY_TUPLE",
                          "MARK", "FROZENSET", "MARK", "TUPLE", "MARK", "LIST", "MARK", "DICT", "STOP"),
    "empty states": ("EMPTY_LIST", "NONE", "NONE", "TUPLE2", "BUILD", "EMPTY_DICT", "MARK", "SETITEMS", "BUILD",
                     ("LONG4", 0), "BUILD", *CALL, "STOP"),
}  # fmt: skip


ESCAPED = rb"S'\x41\101\7\78\q\\\n\'" + b"'\n."


def handmade() -> list[tuple[str, bytes]]:
    """Return all of them by name; each alone, and some one after another."""
    single = [(name, assemble(operations)) for name, operations in ASSEMBLED.items()]
    one, two = dict(single)["reduce"], dict(single)["leftovers"]
    in_a_row = [("two in a row", one + two), ("three in a row", pickle.dumps([1], 4) + two + one)]
    others = [
        ("escapes", ESCAPED),
        ("pickler's persistent ids", _persistent()),
        ("out of band", _out_of_band()),
    ]
    return single + in_a_row + others


def _persistent() -> bytes:
    class Pickler(pickle.Pickler):
        def persistent_id(self, obj: object) -> Any:
            return ("storage", str(obj)) if isinstance(obj, float) else None

    whole = io.BytesIO()
    Pickler(whole, 2).dump([1.5, {"w": 2.5}])
    return whole.getvalue()


def _out_of_band() -> bytes:
    kept: list[pickle.PickleBuffer] = []
    made = [pickle.PickleBuffer(bytearray(b"w")), pickle.PickleBuffer(b"r")]
    return pickle.dumps(made, 5, buffer_callback=kept.append)
