"""Is this the start of a pickle? Answered by tracing the first bytes, since a pickle has no magic number."""

from __future__ import annotations

import re
from dataclasses import dataclass

from unpickled.errors import TraceError
from unpickled.pickles import OPCODES, CutShortError, Limits, Step, trace

__all__ = ["TORCH_MAGIC", "Opening", "goes_on", "opening"]

TORCH_MAGIC = (
    0x1950A86A20F9469CFC6C  # torch.serialization.MAGIC_NUMBER, the first pickle of a legacy file
)
_STEPS = 4_000
_ENOUGH = 20  # opcodes in a row that make sense; text and weights break off far earlier
_WHOLE = 8  # of them, where they are all there is, to the last byte
_OPCODE_BYTES = frozenset(opcode.code for opcode in OPCODES.values())
_NAME = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What the first bytes of a pickle show.

    Attributes:
        modules: modules that it imports from, in order, as far as the first bytes go.
        torch_legacy: whether its first pickle is PyTorch's magic number.
    """

    modules: tuple[str, ...]
    torch_legacy: bool


def opening(head: bytes, size: int) -> Opening | None:
    """Trace the first bytes; None where they are no pickle.

    Args:
        head: the first bytes of the data.
        size: length of the whole data in bytes, so that a cut `head` is told from a cut file.

    Returns:
        The opening for a pickle of any protocol, also one that breaks off or turns to nonsense later.
    """
    steps, stopped_at, cut = _first_steps(head)
    if not steps:
        return None
    whole = cut and size == len(head) and len(steps) >= _WHOLE
    if not (whole or _announced(head, steps) or _plausible(steps, head, size, stopped_at)):
        return None
    named = [step.imports.module for step in steps if step.imports]
    return Opening(modules=tuple(dict.fromkeys(named)), torch_legacy=_is_torch_magic(steps))


def goes_on(head: bytes, size: int) -> bool:
    """Tell whether all of `head` may be the start of a pickle whose next argument is longer than `head`."""
    return len(head) < size and _first_steps(head)[2]


def _first_steps(head: bytes) -> tuple[list[Step], int, bool]:
    """Return the steps that can be read, where they stop, and whether that is only since the bytes end."""
    steps: list[Step] = []
    try:
        for step in trace(head, limits=Limits(opcodes=_STEPS)):
            steps.append(step)  # noqa: PERF402 - what was read before an error is kept
    except TraceError as error:
        return steps, error.offset, isinstance(error, CutShortError)
    return steps, len(head), False


def _announced(head: bytes, steps: list[Step]) -> bool:
    """A PROTO opcode for a known protocol, with an opcode behind it, or cut off right there.

    That opcode's argument may be longer than what was read, so its byte alone must do.
    """
    if head[:1] != b"\x80" or steps[0].opcode != "PROTO":
        return False
    return len(head) <= 2 or head[2] in _OPCODE_BYTES


def _plausible(steps: list[Step], head: bytes, size: int, stopped_at: int) -> bool:
    """Without PROTO (protocols 0 and 1): whole, or long enough to be no accident."""
    if any(step.opcode == "STOP" for step in steps):
        return True
    if len(steps) >= _ENOUGH and (
        stopped_at >= len(head) - 512 or len(steps) >= _STEPS or size == len(head)
    ):
        return True
    names = [step.imports for step in steps if step.imports]
    return len(steps) >= 3 and any(
        _NAME.match(found.module) and _NAME.match(found.name) for found in names
    )


def _is_torch_magic(steps: list[Step]) -> bool:
    first = [step for step in steps if step.pickle == 0 and step.opcode not in {"PROTO", "FRAME"}]
    return len(first) >= 2 and first[1].opcode == "STOP" and str(first[0].arg) == str(TORCH_MAGIC)
