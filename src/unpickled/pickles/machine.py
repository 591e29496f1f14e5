"""The pickle machine: what the opcodes that only move data do to the stack and the memo.

A pickle is a program for a small machine. It has a *stack*, where things are put together, and a
*memo*, where things that are needed again are noted. This module holds both, and the opcodes that do
no more than that. Those that import and call, and so make a pickle dangerous, are in `calls`.

One method is the effect of one opcode or of a few alike. It takes the opcode's argument. Before it
runs, whoever runs it has made sure that the stack holds what `Opcode.takes` asks for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unpickled.pickles.limits import Limits
from unpickled.pickles.reader import BrokenPickleError
from unpickled.pickles.values import (
    MARK,
    PLAIN,
    Buffer,
    Cropped,
    Dict,
    Frozen,
    List,
    Persistent,
    ReadOnly,
    kind_of,
)

__all__ = ["LOOK", "MADE_UP", "RAISE_LIMIT", "Machine"]

MADE_UP = "No pickler writes this: the file is damaged or was made by hand."
LOOK = (None, None)
"""What an effect returns that imports nothing and calls nothing, and yet the tracer has to look at."""

RAISE_LIMIT = "If you trust its size, raise the limit."


class Machine:
    """The state of one unpickling.

    Attributes:
        stack: the stack, bottom first, with its marks.
        fences: for each mark, how many entries are out of reach below it, itself counted; first a 0.
        memo: what was noted, by number, as far as the numbers go without a gap.
        far_memo: what was noted under higher numbers than that; normally nothing.
        earlier: what the pickles before this one noted, by number. One `Unpickler` that loads several keeps
            its memo, and `pickle.load` begins a new one: so these are for a GET that finds nothing else.
        now: the number of the step that is being made.
        logs: what was done to the results of calls, by the step of the call.
        reduce: the manner of a call by REDUCE (see `Call`).
        items: how many entries of a container are kept.
    """

    __slots__ = (
        "buffers",
        "earlier",
        "far_memo",
        "fences",
        "items",
        "logs",
        "memo",
        "now",
        "reduce",
        "stack",
    )

    def __init__(self, limits: Limits, earlier: dict[int, Any] | None = None) -> None:
        self.stack: list[Any] = []
        self.fences = [0]
        self.memo: list[Any] = []
        self.far_memo: dict[int, Any] = {}
        self.earlier = {} if earlier is None else earlier
        self.now = 0
        self.items = limits.items + limits.items % 2  # whole pairs of key and value
        self.buffers = 0
        self.logs: dict[int, list[Any]] = {}
        self.reduce = ("REDUCE", "", None, self.logs)

    # Simple values (those that the argument gives are pushed as they are, and those of `NEW` are made)

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
        kind = value.kind if type(value) is Cropped else type(value).__name__
        if type(value) in PLAIN and kind not in ("bytes", "bytearray"):
            problem = f"only a buffer can be made read-only, and on top is {kind_of(value)}"
            raise BrokenPickleError(problem, MADE_UP)
        if kind != "bytes":  # which nobody can write to anyway
            self.stack[-1] = ReadOnly(value)

    # Containers

    def tuple1(self, _: None) -> None:
        """Wrap the top entry."""
        stack = self.stack
        stack[-1] = (stack[-1],)

    def tuple3(self, _: None) -> None:
        """Join the top three entries."""
        stack = self.stack
        stack[-3:] = [tuple(stack[-3:])]

    def make_tuple(self, _: None) -> None:
        """Join everything above the mark."""
        self.stack.append(self.joined(self.above_mark()))

    def make_list(self, _: None) -> None:
        """Make a list of everything above the mark."""
        values, made = self.above_mark(), List()
        if values:  # the old protocols make nearly every list empty, and then fill it
            self.grow(made, values)
        self.stack.append(made)

    def make_dict(self, _: None) -> None:
        """Make a dict of everything above the mark."""
        values, made = self.above_mark(), Dict()
        if values:
            self.grow(made, self.paired(values))
        self.stack.append(made)

    def make_frozenset(self, _: None) -> None:
        """Make a frozenset of everything above the mark."""
        values = self.above_mark()
        self.stack.append(Frozen(tuple(values[: self.items]), len(values)))

    # The stack itself

    def pop(self, _: None) -> None:
        """Throw the top entry away, be it a mark."""
        if not self.stack:
            raise BrokenPickleError("the stack is empty", MADE_UP)
        if self.stack[-1] is MARK:
            self.above_mark()
        else:
            self.stack.pop()

    def pop_mark(self, _: None) -> None:
        """Throw the group away."""
        self.above_mark()

    def dup(self, _: None) -> None:
        """Push the top entry again."""
        self.stack.append(self.stack[-1])

    # The memo

    def get(self, index: int) -> None:
        """Push what was noted."""
        if 0 <= index < len(self.memo):
            self.stack.append(self.memo[index])
        elif index in self.far_memo:
            self.stack.append(self.far_memo[index])
        elif index in self.earlier:
            self.stack.append(self.earlier[index])
        else:
            problem = f"nothing was noted in the memo under {index}"
            raise BrokenPickleError(problem, "The file is damaged, or the rest of a longer one.")

    def note(self, index: int | None) -> tuple[None, None] | None:
        """Note the top entry under a number, which may skip ahead or be taken already; None is the number of notes.

        Returns:
            `LOOK` if numbers were skipped, so that the next number is not the length of `memo`.
        """
        memo = self.memo
        if index is None:
            index = len(memo) + len(self.far_memo)
        if index == len(memo):
            memo.append(self.stack[-1])
            self.far_memo.pop(index, None)
        elif index > len(memo):
            self.far_memo[index] = self.stack[-1]
        elif index >= 0:
            memo[index] = self.stack[-1]
        else:
            raise BrokenPickleError(f"the memo has no number {index}", MADE_UP)
        return LOOK if self.far_memo else None

    def noted(self) -> dict[int, Any]:
        """Return everything that was noted, here and by the pickles before, by number.

        It is `earlier` itself, brought up to date: a copy at each of many pickles would take time without end.
        """
        self.earlier.update(self.far_memo)
        self.earlier.update(enumerate(self.memo))
        return self.earlier

    # The pickle as a whole

    def persistent(self, id_: object) -> None:
        """Push what the loading program would find for an id."""
        self.stack.append(Persistent(id_))

    def binpersid(self, _: None) -> None:
        """Do so for the id on the stack."""
        self.stack[-1] = Persistent(self.stack[-1])

    def nothing(self, _: object) -> None:
        """Change nothing: the opcode is for whoever reads the bytes."""

    # What several of them share

    def above_mark(self) -> list[Any]:
        """Take off everything above the last mark, and the mark."""
        stack, fences = self.stack, self.fences
        if len(fences) == 1:
            raise BrokenPickleError("there is no mark on the stack", MADE_UP)
        fence = fences.pop()
        values = stack[fence:]
        del stack[fence - 1 :]
        return values

    def joined(self, values: list[Any]) -> tuple[Any, ...] | Cropped:
        """Return values as a tuple, or as the start of one that is too long to keep."""
        if len(values) > self.items:
            return Cropped("tuple", tuple(values[: self.items]), len(values))
        return tuple(values)

    def paired(self, values: list[Any]) -> list[Any]:
        """Return the values, if they are pairs of key and value."""
        if len(values) % 2:
            entries = "an entry" if len(values) == 1 else f"{len(values)} entries"
            verb = "is" if len(values) == 1 else "are"
            problem = f"{entries} above the mark {verb} no pairs of key and value"
            raise BrokenPickleError(problem, MADE_UP)
        return values

    def grow(self, log: list[Any], values: Sequence[Any]) -> None:
        """Note in a log that values were added at this step; keep as many as there is room for."""
        total = len(values)
        if not total:  # a log without entries is an empty container
            return
        if log:
            total += log[-1]
        if total <= self.items:  # nearly always
            values = tuple(values)  # since the garbage collector forgets tuples of plain values
            log += (self.now, values, total)
            return
        before = total - len(values)
        if before < self.items:
            log += (self.now, values[: self.items - before], total)
        elif log[-2] or log[-3] < 0:
            log += (self.now, (), total)
        else:  # so that a log has an end, however long the list
            log[-3:] = (self.now, (), total)
