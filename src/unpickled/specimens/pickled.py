"""Recipes for raw pickles: plain data, and the one harmless call in each form that a pickle knows for calling.

Every recipe takes the marker folder as text and returns the file's bytes; nothing is ever run here. The only call
with an effect is `os.mkdir(marker)`; `logging.warning` stands for the callables that no deny-list holds.
"""

from __future__ import annotations

from typing import Any

from unpickled.pickles import assemble

__all__ = [
    "INERT_TEXT",
    "Op",
    "by_number",
    "call",
    "canary",
    "global_name",
    "inert_call",
    "marked",
    "numbered_call",
    "plain",
    "stacked",
    "text",
    "unlisted",
]

Op = tuple[str, Any] | str

INERT_TEXT = "unpickled: this pickle called a function"
_MARKS = {
    "dill": ("dill._dill", "_load_type"),
    "cloudpickle": ("cloudpickle.cloudpickle", "_make_empty_cell"),
}


def text(value: str, protocol: int = 2) -> Op:
    """Return the opcode that pushes a text in that protocol."""
    if protocol == 0:
        return ("UNICODE", value)
    return (
        "SHORT_BINUNICODE" if protocol >= 4 and len(value.encode()) < 256 else "BINUNICODE",
        value,
    )


def global_name(module: str, name: str, protocol: int = 2) -> list[Op]:
    """Return the opcodes that push `module.name`: GLOBAL up to protocol 3, STACK_GLOBAL from 4 on."""
    if protocol < 4:
        return [("GLOBAL", f"{module} {name}")]
    return [text(module, 4), text(name, 4), "STACK_GLOBAL"]


def call(module: str, name: str, argument: str, protocol: int) -> list[Op]:
    """Return the opcodes that push `module.name(argument)`, as a `__reduce__` method makes the pickler write them."""
    if protocol < 2:
        return [
            *global_name(module, name, protocol),
            "MARK",
            text(argument, protocol),
            "TUPLE",
            "REDUCE",
        ]
    return [*global_name(module, name, protocol), text(argument, protocol), "TUPLE1", "REDUCE"]


def _whole(ops: list[Op], protocol: int) -> bytes:
    """Close a pickle: PROTO in front where the protocol has it, STOP behind."""
    return assemble([*([("PROTO", protocol)] if protocol >= 2 else []), *ops, "STOP"])


def plain(marker: str, *, protocol: int = 4) -> bytes:  # noqa: ARG001 - every recipe is given the marker
    """Plain data: a dict of a text, a list of numbers and a truth value. No name is imported."""
    number = "INT" if protocol == 0 else "BININT1"
    truth: Op = "NEWTRUE" if protocol >= 2 else ("INT", True)
    ops: list[Op] = [
        *(["MARK", "DICT"] if protocol == 0 else ["EMPTY_DICT"]),
        text("name", protocol),
        text("a model that is only data", protocol),
        "SETITEM",
        text("weights", protocol),
        *(["MARK", "LIST"] if protocol == 0 else ["EMPTY_LIST"]),
    ]
    for value in (3, 1, 4, 1, 5):
        ops += [(number, value), "APPEND"]
    return _whole([*ops, "SETITEM", text("trained", protocol), truth, "SETITEM"], protocol)


def canary(marker: str, *, form: str = "reduce", protocol: int = 4) -> bytes:
    """`os.mkdir(marker)`, called by REDUCE, INST or OBJ."""
    if form == "inst":
        return _whole(["MARK", text(marker, protocol), ("INST", "os mkdir")], protocol)
    if form == "obj":
        return _whole(["MARK", ("GLOBAL", "os mkdir"), text(marker, protocol), "OBJ"], protocol)
    return _whole(call("os", "mkdir", marker, protocol), protocol)


def unlisted(marker: str, *, form: str = "reduce", protocol: int = 4) -> bytes:  # noqa: ARG001 - every recipe is given the marker
    """`logging.warning(…)`: it writes one line to stderr, and shows that a deny-list ends somewhere."""
    if form == "inst":
        return _whole(["MARK", text(INERT_TEXT, protocol), ("INST", "logging warning")], protocol)
    return _whole(inert_call(protocol), protocol)


def inert_call(protocol: int) -> list[Op]:
    """Return the opcodes that push what `logging.warning` returns: the call that no list holds."""
    return call("logging", "warning", INERT_TEXT, protocol)


def by_number(marker: str, *, opcode: str = "EXT1") -> bytes:
    """An import by extension code: no name stands in the file, and without a registry entry nothing can run."""
    return _whole(numbered_call(marker, opcode), 2)


def numbered_call(marker: str, opcode: str = "EXT1") -> list[Op]:
    """Return the opcodes that call whatever a program has registered as extension 1, in a code of 1, 2 or 4 bytes."""
    return [(opcode, 1), text(marker), "TUPLE1", "REDUCE"]


def stacked(marker: str, *, harmful: bool = True) -> bytes:
    """Two pickles, one behind the other: plain data first, the call (or more data) second."""
    second = canary(marker, protocol=4) if harmful else plain(marker, protocol=4)
    return plain(marker, protocol=4) + second


def marked(marker: str, *, writer: str, harmful: bool = False) -> bytes:
    """A pickle that shows who wrote it: it names a helper of dill or cloudpickle, which is never called.

    The name is looked up and thrown away again, as a trace of the writer; where the package is not installed, the
    load ends there.
    """
    item = call("os", "mkdir", marker, 4) if harmful else [text("only data", 4)]
    name = global_name(*_MARKS[writer], 4)
    return _whole(["EMPTY_LIST", *item, "APPEND", *name, "POP"], 4)
