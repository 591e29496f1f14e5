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
        takes: how many entries it needs on top of the stack, above the last mark.
        to_mark: True if it needs a mark, and takes it and everything above it.
        pushes: True if a new entry is on top of the stack afterwards.
        calls_code: True if it always runs code that the pickle chose. `APPEND` and its kin do so only
            on objects that are not plain containers: see `Step.calls`.
    """

    name: str
    code: int
    protocol: int
    argument: str
    takes: int
    to_mark: bool
    pushes: bool
    calls_code: bool

    @property
    def text(self) -> str:
        """One sentence in plain words."""
        return explain(self.name)


_TABLE = """
INT              I   0  integer      0     push
BININT           J   1  int4         0     push
BININT1          K   1  uint1        0     push
BININT2          M   1  uint2        0     push
LONG             L   0  long         0     push
LONG1            8a  2  long1        0     push
LONG4            8b  2  long4        0     push
STRING           S   0  quoted       0     push
BINSTRING        T   1  latin4       0     push
SHORT_BINSTRING  U   1  latin1       0     push
BINBYTES         B   3  bytes4       0     push
SHORT_BINBYTES   C   3  bytes1       0     push
BINBYTES8        8e  4  bytes8       0     push
BYTEARRAY8       96  5  bytes8       0     push
NEXT_BUFFER      97  5  -            0     push
READONLY_BUFFER  98  5  -            1     push
NONE             N   0  -            0     push
NEWTRUE          88  2  -            0     push
NEWFALSE         89  2  -            0     push
UNICODE          V   0  unicode      0     push
SHORT_BINUNICODE 8c  4  text1        0     push
BINUNICODE       X   1  text4        0     push
BINUNICODE8      8d  4  text8        0     push
FLOAT            F   0  decimal      0     push
BINFLOAT         G   1  float8       0     push
EMPTY_LIST       ]   1  -            0     push
APPEND           a   0  -            2     -
APPENDS          e   1  -            mark  -
LIST             l   0  -            mark  push
EMPTY_TUPLE      )   1  -            0     push
TUPLE            t   0  -            mark  push
TUPLE1           85  2  -            1     push
TUPLE2           86  2  -            2     push
TUPLE3           87  2  -            3     push
EMPTY_DICT       }   1  -            0     push
DICT             d   0  -            mark  push
SETITEM          s   0  -            3     -
SETITEMS         u   1  -            mark  -
EMPTY_SET        8f  4  -            0     push
ADDITEMS         90  4  -            mark  -
FROZENSET        91  4  -            mark  push
POP              0   0  -            0     -
DUP              2   0  -            1     push
MARK             (   0  -            0     push
POP_MARK         1   1  -            mark  -
GET              g   0  index        0     push
BINGET           h   1  uint1        0     push
LONG_BINGET      j   1  uint4        0     push
PUT              p   0  index        1     -
BINPUT           q   1  uint1        1     -
LONG_BINPUT      r   1  uint4        1     -
MEMOIZE          94  4  -            1     -
EXT1             82  2  uint1        0     push
EXT2             83  2  uint2        0     push
EXT4             84  2  int4         0     push
GLOBAL           c   0  names        0     push
STACK_GLOBAL     93  4  -            2     push
REDUCE           R   0  -            2     push calls
BUILD            b   0  -            2     - calls
INST             i   0  ascii_names  mark  push calls
OBJ              o   1  -            mark  push calls
NEWOBJ           81  2  -            2     push calls
NEWOBJ_EX        92  4  -            3     push calls
PROTO            80  2  protocol     0     -
STOP             .   0  -            1     -
FRAME            95  4  frame        0     -
PERSID           P   0  ascii        0     push
BINPERSID        Q   1  -            1     push
"""


def _row(line: str) -> Opcode:
    name, code, protocol, argument, takes, pushes, *calls = line.split()
    return Opcode(
        name=name,
        code=ord(code) if len(code) == 1 else int(code, 16),
        protocol=int(protocol),
        argument="" if argument == "-" else argument,
        takes=int(takes) if takes.isdigit() else 0,
        to_mark=takes == "mark",
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
