"""Keeps a whole trace, so that stack and memo can be looked at as they were after any step.

Nothing is copied from step to step. Each stack is a chain: the node of its top entry, whose parent is
the node of the entry below. A step that pushes adds one node; one that pops goes back to an older node.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple

from unpickled.errors import TraceError
from unpickled.pickles.columns import columns
from unpickled.pickles.limits import RECORD, Limits
from unpickled.pickles.opcodes import OPCODES
from unpickled.pickles.render import text
from unpickled.pickles.steps import Step
from unpickled.pickles.tracer import Input, Tracing
from unpickled.pickles.values import Call, Import

__all__ = ["MemoView", "Nodes", "Note", "Trace", "record"]

_PUSHES = frozenset(opcode.name for opcode in OPCODES.values() if opcode.pushes)
_step_of = itemgetter(0)
_NOTES = frozenset({"PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"})


class Nodes(NamedTuple):
    """All stacks of a trace as one tree; node 0 is the empty stack.

    Args:
        parent: for each node, the node of the entry below; smaller than the node itself, -1 for node 0.
        value: for each node, the stand-in that is on top there; None for node 0.
        after: for each step, the node of the stack after it.
    """

    parent: list[int]
    value: list[Any]
    after: list[int]


class Note(NamedTuple):
    """One entry made in the memo: at which step, under which number, which stand-in."""

    step: int
    index: int  # type: ignore[assignment]  # a tuple has a method of that name, which a field may hide
    value: object


def record(data: Input, *, limits: Limits = RECORD) -> Trace:
    """Step through the pickles in `data` and keep every step.

    Args:
        data: one pickle, or several one after the other.
        limits: how much is read and kept: by default up to 250,000 opcodes.

    Returns:
        The trace. A malformed, truncated or over-long input gives one too: up to where it could be
        read, with the reason as `error`.
    """
    tracing = Tracing(data, limits)
    steps: list[Step] = []
    notes: list[Note] = []
    nodes = Nodes([-1], [None], [])
    chain = [0]  # the node at each depth of the stack as it is now
    memo_size = 0  # before the step
    error = None
    try:
        for step in tracing:
            stack = tracing.machine.stack
            if step.opcode in _PUSHES:
                del chain[step.depth :]
                nodes.parent.append(chain[-1])
                nodes.value.append(stack[-1])
                chain.append(len(nodes.parent) - 1)
            else:
                del chain[step.depth + 1 :]
                if step.opcode in _NOTES:
                    notes.append(
                        Note(step.index, memo_size if step.arg is None else step.arg, stack[-1])
                    )
                    memo_size = len(tracing.machine.memo) + len(tracing.machine.far_memo)
                elif step.opcode == "STOP":
                    memo_size = 0
            nodes.after.append(chain[-1])
            steps.append(step)
    except TraceError as reason:
        error = reason
    return Trace(tuple(steps), error, tracing.trailing, nodes, tuple(notes))


class Trace:
    """All steps of an input, and the stack and memo after each of them.

    Attributes:
        steps: every step that could be read.
        error: why reading stopped early; None if it did not.
        trailing: bytes after the last pickle that are no pickle.
        nodes: the stacks, structurally.
        notes: what was noted in the memo, in the order of the steps.
    """

    __slots__ = ("_starts", "error", "nodes", "notes", "steps", "trailing")

    def __init__(
        self,
        steps: tuple[Step, ...],
        error: TraceError | None,
        trailing: int,
        nodes: Nodes,
        notes: tuple[Note, ...],
    ) -> None:
        self.steps = steps
        self.error = error
        self.trailing = trailing
        self.nodes = nodes
        self.notes = notes
        self._starts = [0, *(step.index + 1 for step in steps if step.opcode == "STOP")]

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    @property
    def imports(self) -> tuple[Import, ...]:
        """Everything that the input imports, in order."""
        return tuple(step.imports for step in self.steps if step.imports)

    @property
    def calls(self) -> tuple[Call, ...]:
        """Everything that the input calls, in order."""
        return tuple(step.calls for step in self.steps if step.calls)

    @property
    def leftover(self) -> dict[int, tuple[str, ...]]:
        """What each pickle leaves on the stack when it stops, by the pickle's number: normally nothing."""
        stops = (step for step in self.steps if step.opcode == "STOP" and step.depth)
        return {step.pickle: self.stack(step.index) for step in stops}

    def stack(self, index: int, *, top: int | None = None) -> tuple[str, ...]:
        """Return the texts of the stack after step `index`, bottom first.

        Args:
            index: number of the step, from 0; IndexError if there is none.
            top: how many of the uppermost entries; all if None.
        """
        entries = (text(value, index) for value in islice(self._downwards(index), top))
        return tuple(entries)[::-1]

    def _downwards(self, index: int) -> Iterator[object]:
        node = self.nodes.after[index]
        while node:
            yield self.nodes.value[node]
            node = self.nodes.parent[node]

    def memo(self, index: int) -> MemoView:
        """Return the memo after step `index`; IndexError if there is none."""
        start = self._starts[self.steps[index].pickle]
        first, last = (bisect_right(self.notes, at, key=_step_of) for at in (start - 1, index))
        return MemoView(
            {number: value for _, number, value in islice(self.notes, first, last)}, index
        )

    def columns(self) -> dict[str, Any]:
        """Return the whole trace as JSON-able columns: see `docs/pickle-machine.md` for the format."""
        return columns(self)


class MemoView(Mapping[int, str]):
    """The memo after one step: the number of each entry, and its text, put together when looked at."""

    def __init__(self, noted: dict[int, object], step: int) -> None:
        self._noted = noted
        self._step = step

    def __getitem__(self, index: int) -> str:
        return text(self._noted[index], self._step)

    def __iter__(self) -> Iterator[int]:
        return iter(self._noted)

    def __len__(self) -> int:
        return len(self._noted)

    def __repr__(self) -> str:
        return repr(dict(self))
