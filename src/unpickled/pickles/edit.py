"""One opcode of a pickle put in another's place: what the bytes would be, so that they can be traced, never loaded."""

from __future__ import annotations

from typing import NamedTuple

from unpickled.errors import TraceError
from unpickled.pickles.assembler import assemble
from unpickled.pickles.literals import read_argument
from unpickled.pickles.opcodes import OPCODES
from unpickled.pickles.recorder import Trace
from unpickled.pickles.steps import Step

__all__ = ["Edited", "replace_opcode"]


class Edited(NamedTuple):
    """A pickle after one change.

    Args:
        data: its bytes.
        frames: the FRAMEs whose length was put right, by the number of their step: the length before and after.
    """

    data: bytes
    frames: dict[int, tuple[int, int]]


def replace_opcode(data: bytes, trace: Trace, index: int, opcode: str, argument: str) -> Edited:
    """Put another opcode, or another argument, in the place of step `index`; all other bytes stay as they are.

    A FRAME around the change counts its bytes, so its length follows. One whose own argument is changed does not:
    what a wrong length does can only be seen if nobody mends it.

    Args:
        data: the pickle.
        trace: its trace.
        index: number of the step.
        opcode: the new opcode's name.
        argument: its argument as pickletools prints it; left aside where the opcode has none.

    Raises:
        TraceError: there is no such step or opcode, or the text is no argument for it.
    """
    if not 0 <= index < len(trace.steps):
        raise TraceError(0, f"there is no row {index + 1}", f"There are {len(trace.steps)}.")
    step = trace.steps[index]
    piece = _written(step, opcode, argument)
    frames = _stretched(trace, step, len(piece) - step.size)
    whole = bytearray(data)
    whole[step.offset : step.end] = piece
    for number, (_, size) in frames.items():
        frame = trace.steps[number]
        whole[frame.offset : frame.end] = assemble([("FRAME", size)])
    return Edited(bytes(whole), frames)


def _written(step: Step, opcode: str, argument: str) -> bytes:
    """Return the bytes of the opcode that comes in place of a step."""
    known = OPCODES.get(opcode)
    if known is None:
        raise TraceError(step.offset, f"there is no opcode {opcode!r:.60}", "Choose one of the 68.")
    if not known.argument:
        return assemble([opcode])
    try:
        value = read_argument(known.argument, argument)
    except ValueError as reason:
        problem, _, remedy = str(reason).partition(". ")
        raise TraceError(step.offset, problem.removesuffix("."), remedy) from None
    return assemble([(opcode, value)])


def _stretched(trace: Trace, step: Step, by: int) -> dict[int, tuple[int, int]]:
    """Return the frames that hold the whole of a step, with their lengths before and after it grows `by` bytes."""
    return {
        frame.index: (frame.arg, frame.arg + by)
        for frame in trace.steps[: step.index]
        if by and frame.opcode == "FRAME" and step.offset >= frame.end
        if step.end <= frame.end + frame.arg
    }
