"""Feeds broken pickles to the machine, in a child process where any import, file or call would be seen.

`python fuzz_child.py SEED COUNT` makes COUNT inputs from the seed and prints a line of JSON: how many
ended in which way, and the hex of the first input that went wrong, if one did. The limits of the process
(memory, seconds for each input) are below; the limits of the machine are small, so that they are met too.
"""

import collections
import datetime
import decimal
import json
import pathlib
import pickle
import random
import resource
import signal
import sys

from unpickled.errors import TraceError
from unpickled.pickles import OPCODES, Limits, OverLimitError, assemble, record, trace

MEMORY = 400 << 20  # bytes of address space
SECONDS = 5  # for one input
LIMITS = Limits(bytes=4_000, opcodes=600, stack=60, memo=40, items=8, text=50, digits=60)
FORBIDDEN = (
    "import",
    "open",
    "exec",
    "compile",
    "os.",
    "subprocess.",
    "socket.",
    "pickle.",
    "ctypes.",
    "marshal.",
)


class Reducing:
    def __init__(self, *form):
        self.form = form

    def __reduce__(self):
        return self.form


def bases():
    """Return small pickles in all protocols, and some that no pickler writes."""
    knot = [1]
    knot.append((knot, {"knot": knot}))
    values = [
        [None, True, 1, -1, 70000, 2**70, 1.5, "é", b"bytes", bytearray(b"array")],
        {"weight": [0.5] * 5, "bias": (1, 2, (3,)), "deep": [[[[[[1]]]]]]},
        [{1, 2}, frozenset("ab"), collections.OrderedDict(a=1), collections.deque([1, 2]), knot],
        [
            datetime.datetime(2026, 1, 1),
            decimal.Decimal("1.5"),
            pathlib.PurePosixPath("a/b"),
            complex(1, 2),
        ],
        [Reducing(print, ("x",), {"state": 1}), Reducing(getattr, ("x", "join"))],
    ]
    made = [pickle.dumps(value, protocol) for value in values for protocol in range(6)]
    made.append(made[0] + made[7] + b"\0\1raw")
    made += [
        assemble(["MARK", ("INT", 1), ("INST", "os mkdir"), "NONE", "BUILD", "STOP"]),
        assemble(
            [
                ("PERSID", "id"),
                "BINPERSID",
                ("EXT1", 1),
                ("EXT2", 300),
                ("EXT4", 70000),
                "NEXT_BUFFER",
                "STOP",
            ]
        ),
        assemble(["MARK", ("GLOBAL", "os mkdir"), "DUP", ("STRING", "x'\\"), "OBJ", "STOP"]),
        assemble(
            [
                "MARK",
                "MARK",
                "POP",
                "POP_MARK",
                ("FLOAT", 1.5),
                ("LONG", 12),
                ("LONG4", 2**90),
                "STOP",
            ]
        ),
        assemble(
            [
                ("BINSTRING", "abc"),
                ("SHORT_BINSTRING", "d"),
                ("BINBYTES8", b"e"),
                ("BINUNICODE8", "f"),
                "STOP",
            ]
        ),
        assemble(
            [
                ("GLOBAL", "os mkdir"),
                "EMPTY_TUPLE",
                "EMPTY_DICT",
                "NEWOBJ_EX",
                "NONE",
                "APPEND",
                "STOP",
            ]
        ),
        assemble(
            ["NEXT_BUFFER", "READONLY_BUFFER", ("BYTEARRAY8", b"x" * 60), "READONLY_BUFFER", "STOP"]
        ),
    ]
    return made


def mutated(data, random, others):
    """Break a pickle in one of the usual ways, perhaps in several."""
    data = bytearray(data)
    for _ in range(random.choice((1, 1, 1, 2, 3, 8))):
        at = random.randrange(len(data) + 1)
        way = random.randrange(9)
        if way == 0 and data:
            data[at % len(data)] ^= 1 << random.randrange(8)
        elif way == 1 and data:
            data[at % len(data)] = random.randrange(256)
        elif way == 2:
            del data[at:]
        elif way == 3:
            data[at:at] = bytes([random.choice(CODES)])
        elif way == 4 and data:
            data[at % len(data)] = random.choice(CODES)
        elif way == 5:
            other = random.choice(others)
            data[at:] = other[random.randrange(len(other)) :]
        elif way == 6:
            del data[at : at + random.randrange(1, 9)]
        elif way == 7:
            data[at:at] = data[at : at + random.randrange(1, 60)]
        else:
            data[at : at + 8] = random.choice(NASTY)
    return bytes(data)


CODES = [opcode.code for opcode in OPCODES.values()]
NASTY = [
    b"\xff" * 8,
    b"\xff\xff\xff\x7f",
    b"\0\0\0\x80",
    b"\xff" * 7 + b"\x7f",
    b"9" * 90 + b"\n",
    b"-1\n",
    b"\xed\xa0\x80",
    b"((((((((",
    b"]]]]]]aaaaa",
    b"00000000",
    b"\x8e" + b"\xff" * 8,
    b"\x96" + b"\xff" * 7 + b"\x3f",
    b"\x8b\xff\xff\xff\x7f",
    b"\n",
    b"'\\x4",
    b"(" * 70,
    b"]" * 70,
    b"N" + b"\x94" * 50,
    b"N" * 650,
]


def inputs(seed, count):
    """Yield `count` mutated pickles, always the same for a seed."""
    chance, made = random.Random(seed), bases()
    for _ in range(count):
        yield mutated(chance.choice(made), chance, made)


def look_at(data, closely):
    """Trace an input in every way there is; return how it ended."""
    ended = "whole"
    try:
        for step in trace(data, limits=LIMITS):
            assert step.depth <= LIMITS.stack + 1, "stack over its limit"
            if step.calls:
                assert len(step.calls.text) <= 200
    except OverLimitError:
        ended = "over a limit"
    except TraceError as error:
        ended = "broken" if error.problem and error.remedy else "unexplained"
    if closely:
        look_closely(data)
    return ended


def look_closely(data):
    told = record(data, limits=LIMITS)
    json.dumps(told.columns())
    for step in told.steps[-3:]:
        assert all(
            len(shown) <= 200
            for shown in (*told.stack(step.index), *told.memo(step.index).values())
        )
        assert len(told.stack(step.index)) == step.depth
        assert step.explain
        assert step.arg_text is None or len(step.arg_text) <= 200


def watch(event, args):
    if WATCHING and event.startswith(FORBIDDEN):
        WATCHING.clear()
        raise SystemExit(f"{event} {args!r:.200}")


def too_slow(*_):
    raise SystemExit(f"more than {SECONDS} seconds")


WATCHING = []


def main(seed, count):
    for name in ("raw-unicode-escape", "latin-1", "ascii"):
        b"".decode(name)  # which loads the codec, before imports are watched
    look_at(bases()[0], closely=True)
    every = list(inputs(seed, count))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGALRM, too_slow)
    sys.addaudithook(watch)
    ended, data = collections.Counter(), b""
    try:
        WATCHING.append(True)
        for number, data in enumerate(every):
            signal.alarm(SECONDS)
            ended[look_at(data, closely=number % 8 == 0)] += 1
        signal.alarm(0)
        WATCHING.clear()
    except BaseException as error:
        WATCHING.clear()
        signal.alarm(0)
        sys.stdout.write(
            json.dumps({"wrong": f"{type(error).__name__}: {error}", "data": data.hex()})
        )
        raise SystemExit(1) from error
    sys.stdout.write(json.dumps(ended))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
