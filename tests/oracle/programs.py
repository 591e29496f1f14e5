"""Random pickles written opcode by opcode: mostly sound, with a taste for the corners."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

from unpickled.pickles import OPCODES, assemble

NAMES = ("os mkdir", "builtins list", "collections OrderedDict", "a.b c.d", "this s", "modül näme")
WORDS = ("os", "mkdir", "", "x" * 170, "é\n'\"", "\ud800", "k")

_ARGUMENT: dict[str, Callable[[Random], Any]] = {
    "uint1": lambda r: r.choice((0, 1, 2, 3, 5, 255)),
    "uint2": lambda r: r.choice((0, 1, 255, 65535)),
    "uint4": lambda r: r.choice((0, 1, 2, 3, 300, 4294967295)),
    "int4": lambda r: r.choice((1, 2, -1, 0, 2147483647, -2147483648)),
    "float8": lambda r: r.choice((0.0, -0.5, float("inf"), float("nan"), 1e300)),
    "protocol": lambda r: r.randrange(6),
    "frame": lambda r: r.choice((0, 1, 7, 30, 1 << 20)),
    "integer": lambda r: r.choice((0, 1, -7, 10**20, True, False)),
    "long1": lambda r: r.choice((0, -1, 255, -128, 1 << 300)),
    "index": lambda r: r.choice((0, 1, 2, 3, 70, 10**15)),
    "decimal": lambda r: r.choice((0.0, 2.5, float("inf"))),
    "names": lambda r: r.choice(NAMES),
    "ascii": lambda r: r.choice(("1", "id of it", "")),
}
for _kind, _like in (("long", "long1"), ("long4", "long1"), ("ascii_names", "names")):
    _ARGUMENT[_kind] = _ARGUMENT[_like]


def argument(kind: str, random: Random) -> Any:
    if kind in _ARGUMENT:
        return _ARGUMENT[kind](random)
    word = random.choice(WORDS)
    if kind.startswith("bytes"):
        return word.encode("utf-8", "replace")
    return (
        word
        if kind.startswith("text") or kind == "unicode"
        else word.encode("ascii", "ignore").decode()
    )


def operation(name: str, random: Random) -> Any:
    kind = OPCODES[name].argument
    return (name, argument(kind, random)) if kind else name


_ATOMS = [
    "NONE", "NEWTRUE", "NEWFALSE", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT",
    "STRING", "BINSTRING", "SHORT_BINSTRING", "UNICODE", "SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8", "BINBYTES",
    "SHORT_BINBYTES", "BINBYTES8",
]  # fmt: skip
_MADE = {"EMPTY_LIST": "list", "EMPTY_DICT": "dict", "EMPTY_SET": "set", "EMPTY_TUPLE": "tuple",
         "BYTEARRAY8": "bytearray", "NEXT_BUFFER": "any", "PERSID": "any"}  # fmt: skip
_EMPTY_STATES: list[list[Any]] = [
    ["NONE"], ["EMPTY_DICT"], ["EMPTY_TUPLE"], ["NEWFALSE"], [("LONG1", 0)], ["EMPTY_SET"],
    ["NONE", "EMPTY_DICT", "TUPLE2"], ["NONE", "NONE", "TUPLE2"], ["NONE", ("GLOBAL", "a b"), "TUPLE2"],
    ["EMPTY_DICT", "MARK", "SETITEMS"], ["EMPTY_LIST", "MARK", "APPENDS"], ["MARK", "FROZENSET"],
    [("EXT1", 3)], ["EMPTY_LIST", "EMPTY_TUPLE", "TUPLE2"],
]  # fmt: skip
_MISTAKE = 0.01  # how often an operation is chosen with no thought at all


class Writer:
    """Writes operations and keeps account of what kind of thing is where, so that most make sense."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.done: list[Any] = []
        self.groups: list[list[str]] = [[]]  # the kinds of the entries above each mark
        self.notes: list[str] = []

    @property
    def here(self) -> list[str]:
        return self.groups[-1]

    def write(self, name: str, *argument: Any) -> None:
        self.done.append((name, *argument) if argument else operation(name, self.random))

    def push(self) -> None:
        """Push one thing."""
        kind = self.random.choice(("atom", "any", "made"))
        if kind == "atom":
            self.write(self.random.choice(_ATOMS))
        elif kind == "any":
            self.write(
                *self.random.choice((("GLOBAL",), ("EXT1", 2), ("EXT2", 9), ("EXT4", 70_000)))
            )
        else:
            name, kind = self.random.choice(list(_MADE.items()))
            self.write(name)
        self.here.append(kind)

    def named(self) -> None:
        """Push two names and import what they name."""
        self.write("SHORT_BINUNICODE", "os")
        self.write(self.random.choice(("BINUNICODE", "UNICODE", "SHORT_BINSTRING")), "mkdir")
        self.write("STACK_GLOBAL")
        self.here.append("any")

    def mark(self) -> None:
        self.write("MARK")
        self.groups.append([])

    def close(self) -> None:
        """End a group."""
        inside, below = self.here, self.groups[-2][-1:]
        names = ["TUPLE", "LIST", "POP_MARK", "INST"]
        names += ["DICT"] if not len(inside) % 2 else []
        names += ["FROZENSET"] if not {"list", "dict", "set", "bytearray"} & {*inside} else []
        names += ["OBJ"] if inside[:1] == ["any"] else []
        names += ["APPENDS"] * 3 if below in (["list"], ["any"]) else []
        names += ["ADDITEMS"] * 3 if below in (["set"], ["any"]) else []
        names += ["SETITEMS"] * 3 if below in (["dict"], ["any"]) and not len(inside) % 2 else []
        name = self.random.choice(names)
        self.write(name)
        self.groups.pop()
        if OPCODES[name].pushes:
            kinds = {"TUPLE": "tuple", "LIST": "list", "DICT": "dict", "FROZENSET": "frozenset"}
            self.here.append(kinds.get(name, "any"))

    def on_top(self) -> None:
        """Do something with the top entries."""
        here = self.here
        names = ["DUP", "POP", "TUPLE1", "BINPERSID", "note", "note", "empty state"]
        if len(here) >= 2:
            names += ["TUPLE2", *["REDUCE", "NEWOBJ"] * (here[-2:] == ["any", "tuple"])]
            names += ["BUILD", "APPEND", "REDUCE"] * (here[-2] == "any") + ["APPEND"] * (
                here[-2] == "list"
            )
        if len(here) >= 3:
            names += ["TUPLE3", *["SETITEM"] * (here[-3] in ("any", "dict"))]
            names += ["NEWOBJ_EX"] * 3 * (here[-3:] == ["any", "tuple", "dict"])
        self.apply(self.random.choice(names))

    def apply(self, name: str) -> None:
        here = self.here
        if name == "empty state":
            self.done += [*self.random.choice(_EMPTY_STATES), "BUILD"]
        elif name == "note":
            self.note()
        else:
            self.write(name)
            kept = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3, "REDUCE": 2, "NEWOBJ": 2, "NEWOBJ_EX": 3}
            if name in kept:
                here[-kept[name] :] = ["tuple" if name[0] == "T" else "any"]
            elif name == "DUP":
                here.append(here[-1])
            elif name == "BINPERSID":
                here[-1] = "any"
            else:
                del here[-2 if name == "SETITEM" else -1 :]

    def note(self) -> None:
        number = self.random.choice((len(self.notes), len(self.notes), 0))
        name = self.random.choice(("MEMOIZE", "PUT", "BINPUT", "LONG_BINPUT"))
        self.write(name, *(() if name == "MEMOIZE" else (number,)))
        number = len(self.notes) if name == "MEMOIZE" else number
        self.notes[number : number + 1] = [self.here[-1]]

    def recall(self) -> None:
        number = self.random.randrange(min(len(self.notes), 255))
        self.write(self.random.choice(("GET", "BINGET", "LONG_BINGET")), number)
        self.here.append(self.notes[number])

    def call(self) -> None:
        self.write("GLOBAL")
        self.write("EMPTY_TUPLE")
        self.here.append("any")
        self.here.append("tuple")

    def mistake(self) -> None:
        self.write(self.random.choice(list(OPCODES)))

    def next(self) -> None:
        actions = [self.push, self.push, self.mark, self.call, self.named]
        actions += [self.on_top] * 8 if self.here else []
        actions += [self.close] * 3 if len(self.groups) > 1 else []
        actions += [self.recall] if self.notes else []
        self.random.choice(actions)()


def program(random: Random, length: int = 25) -> bytes:
    """Return a pickle of about that many opcodes, with a STOP at its end."""
    writer = Writer(random)
    if random.random() < 0.5:
        writer.write("PROTO")
    for _ in range(length):
        if random.random() < _MISTAKE:
            writer.mistake()
        writer.next()
    while len(writer.groups) > 1:
        writer.close()
    if not writer.here:
        writer.write("NONE")
    return assemble([*writer.done, "STOP"])
