"""The records that tracing yields: one `Step` for each opcode, with what it imports and what it calls."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from unpickled.pickles.opcodes import explain
from unpickled.pickles.render import text
from unpickled.pickles.values import Call, Import

__all__ = ["Step"]


def _field(number: int) -> Any:
    return property(itemgetter(number))


class Step(tuple[Any, ...]):
    """One opcode, read and applied.

    Attributes:
        index: number of the step, from 0, over all pickles of the input.
        offset: where the opcode's byte is, in bytes from the start of the input.
        end: the offset just after the opcode and its argument.
        opcode: its name, such as `REDUCE`.
        arg: the argument that follows the opcode in the bytes, or None; a `Cropped` where it is long.
        depth: entries on the stack after the step, marks counted.
        pickle: number of the pickle, from 0, in an input that holds several.
        imports: the import that the step makes, or None.
        calls: the call that the step makes, or None.
    """

    __slots__ = ()
    index: int = _field(0)  # type: ignore[assignment]  # hides the method of tuples, which is of no use here
    offset: int = _field(1)
    end: int = _field(2)
    opcode: str = _field(3)
    arg: Any = _field(4)
    depth: int = _field(5)
    pickle: int = _field(6)
    imports: Import | None = _field(7)
    calls: Call | None = _field(8)

    @property
    def size(self) -> int:
        """Bytes of opcode and argument together."""
        return self.end - self.offset

    @property
    def arg_text(self) -> str | None:
        """The argument as text, at most 200 characters; None if the opcode has none."""
        return None if self.arg is None else text(self.arg, self.index)

    @property
    def explain(self) -> str:
        """One sentence in plain words on what the opcode does."""
        return explain(self.opcode)

    def __repr__(self) -> str:
        return f"<Step {self.index} at {self.offset}: {self.opcode} {self.arg_text or ''}>"
