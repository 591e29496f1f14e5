"""The records that tracing yields: one `Step` for each opcode, with what it imports and what it calls."""

from __future__ import annotations

from typing import Any, NamedTuple

from unpickled.pickles.opcodes import explain
from unpickled.pickles.render import arguments_text, atom_text, call_text, callable_text

__all__ = ["Call", "Import", "Step"]


class Import(NamedTuple):
    """A name that the opcode makes Python look up; the module's own code runs if it is not loaded yet.

    An extension code stands for an unknown import: its module is empty, its name `extension code 240`.
    """

    module: str
    name: str

    @property
    def text(self) -> str:
        """The dotted name, `os.mkdir`."""
        return f"{self.module}.{self.name}" if self.module else self.name


class Call(NamedTuple):
    """A call that the opcode would make, and that is not made here.

    The texts are those of the moment just before the call. They are only put together when asked for.

    Args:
        opcode: the opcode that calls.
        function: the stand-in of what is called, or of the object whose method is.
        method: the method's name, such as `__new__` or `append`; empty for the thing itself.
        arguments: the stand-in of the arguments, normally a tuple.
        keywords: the stand-in of the keyword arguments; None if there are none.
        step: the index of the step.
    """

    opcode: str
    function: object
    method: str
    arguments: object
    keywords: object
    step: int

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


class Step(NamedTuple):
    """One opcode, read and applied.

    Args:
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

    index: int  # type: ignore[assignment]  # a tuple has a method of that name, which a field may hide
    offset: int
    size: int
    opcode: str
    arg: Any
    depth: int
    pickle: int
    imports: Import | None
    calls: Call | None

    @property
    def arg_text(self) -> str | None:
        """The argument as text, at most 200 characters; None if the opcode has none."""
        if self.arg is None:
            return None
        shown = atom_text(self.arg)
        return shown if len(shown) <= 200 else shown[:199] + "…"

    @property
    def explain(self) -> str:
        """One sentence in plain words on what the opcode does."""
        return explain(self.opcode)
