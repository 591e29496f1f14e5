"""The records that tracing yields: one `Step` for each opcode, with what it imports and what it calls."""

from __future__ import annotations

from operator import itemgetter
from typing import Any

from unpickled.pickles.opcodes import explain
from unpickled.pickles.render import arguments_text, call_text, callable_text, text
from unpickled.pickles.values import Import

__all__ = ["Call", "Import", "Step"]


def _field(number: int) -> Any:
    return property(itemgetter(number))


class Call(tuple[Any, ...]):
    """A call that the opcode would make, and that is not made here.

    The texts are those of the moment just before the call, and are only put together when asked for.
    A tuple of its own kind, since a named tuple takes three times as long to make.

    Attributes:
        opcode: the opcode that calls.
        function: the stand-in of what is called, or of the object whose method is.
        method: the method's name, such as `__new__` or `append`; empty for the thing itself.
        arguments: the stand-in of the arguments, normally a tuple.
        keywords: the stand-in of the keyword arguments; None if there are none.
        step: the index of the step.
    """

    __slots__ = ()
    opcode: str = _field(0)
    function: object = _field(1)
    method: str = _field(2)
    arguments: object = _field(3)
    keywords: object = _field(4)
    step: int = _field(5)

    @property
    def callable(self) -> str:
        """What is called: `os.mkdir`, `datetime.date.__new__`; at most 200 characters.

        `__new__` is given the class itself as well, which `args` leaves out.
        """
        return callable_text(self)

    @property
    def args(self) -> str:
        """What stands between the parentheses: `'x', 1`; at most 200 characters."""
        return arguments_text(self)

    @property
    def text(self) -> str:
        """The whole call: `os.mkdir('x')`; at most 200 characters."""
        return call_text(self)

    def __repr__(self) -> str:
        return f"<Call {self.text}>"


class Step(tuple[Any, ...]):
    """One opcode, read and applied.

    Attributes:
        index: number of the step, from 0, over all pickles of the input.
        offset: where the opcode's byte is, in bytes from the start of the input.
        size: bytes of opcode and argument together.
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
    size: int = _field(2)
    opcode: str = _field(3)
    arg: Any = _field(4)
    depth: int = _field(5)
    pickle: int = _field(6)
    imports: Import | None = _field(7)
    calls: Call | None = _field(8)

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
