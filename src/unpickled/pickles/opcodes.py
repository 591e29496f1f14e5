"""The 68 opcodes of the pickle machine: byte, protocol, argument; the words for each are in `opcodes.md`.

The table follows the format as CPython defines it (`Lib/pickletools.py`, `Lib/pickle.py`); a test holds
it against the standard library's.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import NamedTuple

__all__ = ["HIGHEST_PROTOCOL", "OPCODES", "Opcode", "explain"]

HIGHEST_PROTOCOL = 5


class Opcode(NamedTuple):
    """One opcode.

    Args:
        name: such as `REDUCE`.
        code: its byte, 0-255.
        protocol: the first protocol that has it.
        argument: the kind of argument that follows the byte (a key of `reader.READERS`), or "".
        pushes: True if a new entry is on top of the stack afterwards.
        calls_code: True if it always runs code that the pickle chose. `APPEND` and its kin do so only
            on objects that are not plain containers: see `Step.calls`.
    """

    name: str
    code: int
    protocol: int
    argument: str
    pushes: bool
    calls_code: bool

    @property
    def text(self) -> str:
        """One sentence in plain words."""
        return explain(self.name)


_TABLE = """
INT              I   0  integer       push
BININT           J   1  int4         push
BININT1          K   1  uint1        push
BININT2          M   1  uint2        push
LONG             L   0  long         push
LONG1            8a  2  long1        push
LONG4            8b  2  long4        push
STRING           S   0  quoted       push
BINSTRING        T   1  latin4       push
SHORT_BINSTRING  U   1  latin1       push
BINBYTES         B   3  bytes4       push
SHORT_BINBYTES   C   3  bytes1       push
BINBYTES8        8e  4  bytes8       push
BYTEARRAY8       96  5  bytes8       push
NEXT_BUFFER      97  5  -            push
READONLY_BUFFER  98  5  -            push
NONE             N   0  -            push
NEWTRUE          88  2  -            push
NEWFALSE         89  2  -            push
UNICODE          V   0  unicode      push
SHORT_BINUNICODE 8c  4  text1        push
BINUNICODE       X   1  text4        push
BINUNICODE8      8d  4  text8        push
FLOAT            F   0  decimal      push
BINFLOAT         G   1  float8       push
EMPTY_LIST       ]   1  -            push
APPEND           a   0  -            -
APPENDS          e   1  -            -
LIST             l   0  -            push
EMPTY_TUPLE      )   1  -            push
TUPLE            t   0  -            push
TUPLE1           85  2  -            push
TUPLE2           86  2  -            push
TUPLE3           87  2  -            push
EMPTY_DICT       }   1  -            push
DICT             d   0  -            push
SETITEM          s   0  -            -
SETITEMS         u   1  -            -
EMPTY_SET        8f  4  -            push
ADDITEMS         90  4  -            -
FROZENSET        91  4  -            push
POP              0   0  -            -
DUP              2   0  -            push
MARK             (   0  -            push
POP_MARK         1   1  -            -
GET              g   0  index        push
BINGET           h   1  uint1        push
LONG_BINGET      j   1  uint4        push
PUT              p   0  index        -
BINPUT           q   1  uint1        -
LONG_BINPUT      r   1  uint4        -
MEMOIZE          94  4  -            -
EXT1             82  2  uint1        push
EXT2             83  2  uint2        push
EXT4             84  2  int4         push
GLOBAL           c   0  names        push
STACK_GLOBAL     93  4  -            push
REDUCE           R   0  -            push calls
BUILD            b   0  -            -    calls
INST             i   0  ascii_names  push calls
OBJ              o   1  -            push calls
NEWOBJ           81  2  -            push calls
NEWOBJ_EX        92  4  -            push calls
PROTO            80  2  protocol        -
STOP             .   0  -            -
FRAME            95  4  frame        -
PERSID           P   0  ascii        push
BINPERSID        Q   1  -            push
"""


def _row(line: str) -> Opcode:
    name, code, protocol, argument, pushes, *calls = line.split()
    return Opcode(
        name=name,
        code=ord(code) if len(code) == 1 else int(code, 16),
        protocol=int(protocol),
        argument="" if argument == "-" else argument,
        pushes=pushes == "push",
        calls_code=bool(calls),
    )


OPCODES: dict[str, Opcode] = {row.name: row for row in map(_row, _TABLE.strip().splitlines())}
"""Every opcode by its name."""


def explain(opcode: str) -> str:
    """Return one sentence in plain words on what an opcode does; KeyError for a name that is none."""
    return _words()[opcode]


@cache
def _words() -> dict[str, str]:
    """Read the words, once, and only when somebody wants to read them."""
    lines = Path(__file__).with_name("opcodes.md").read_text(encoding="utf-8").splitlines()
    rows = (line.removeprefix("- `").partition("`: ") for line in lines if line.startswith("- `"))
    return {name: sentence for name, _, sentence in rows}
