"""Runs the pickle machine over bytes and yields a `Step` for each opcode: the core of `pickles`."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from mmap import mmap

from unpickled.errors import TraceError
from unpickled.pickles.limits import Limits, OverLimitError
from unpickled.pickles.machine import EFFECTS, STOPPED, Effect, Machine
from unpickled.pickles.opcodes import OPCODES
from unpickled.pickles.reader import READERS, BrokenPickleError, PickleReader, Read
from unpickled.pickles.render import text
from unpickled.pickles.steps import Step

__all__ = ["Input", "Tracing", "trace"]

Input = bytes | bytearray | memoryview | mmap


def trace(data: Input, *, limits: Limits | None = None) -> Tracing:
    """Step through the pickles in `data` without importing, calling or building anything.

    Memory does not grow with the number of opcodes: no step is kept here, and containers keep only
    their first entries. What the pickle itself keeps on its stack and in its memo is kept, within the
    limits. For steps that can be gone back to, see `record`.

    Args:
        data: one pickle, or several one after the other. For a large file pass an `mmap`.
        limits: how much is read and kept; `Limits()` if None.

    Returns:
        An iterator of `Step`. It raises `TraceError` where the input is malformed, ends too early or
        goes over a limit, after the steps up to there.
    """
    return Tracing(data, limits or Limits())


class Tracing:
    """The steps of an input, one after the other, and the machine's state after the latest.

    Iterate over it once.

    Attributes:
        machine: the machine, with its stack and memo as they are after the latest step.
        trailing: bytes after the last pickle that are no pickle; known once the steps have ended.
    """

    def __init__(self, data: Input, limits: Limits, start: int = 0) -> None:
        whole = data if isinstance(data, bytes | mmap) else bytes(data)
        self.trailing = 0
        self.machine = Machine(limits)
        self._limits = limits
        self._reader = PickleReader(whole, limits)
        self._steps = self._run(start)

    def __iter__(self) -> Iterator[Step]:
        return self._steps

    def __next__(self) -> Step:
        return next(self._steps)

    def stack(self, top: int | None = None) -> tuple[str, ...]:
        """Return the texts of the stack now, bottom first; only the `top` uppermost if given."""
        entries = self.machine.entries()
        shown = entries if top is None else entries[max(len(entries) - top, 0) :]
        return tuple(text(value, self.machine.now) for value in shown)

    def memo(self) -> dict[int, str]:
        """Return the texts of the memo now, by number."""
        return {index: text(value, self.machine.now) for index, value in self.machine.memo.items()}

    def _run(self, at: int) -> Iterator[Step]:
        """Read an opcode and its argument, apply it, yield it; and so on to the end."""
        reader, machine, end = self._reader, self.machine, self._reader.end
        data, deepest, pickle = reader.data, self._limits.stack, 0
        make = tuple.__new__  # a Step, without the detour through Python code
        for index in range(self._limits.opcodes):
            if at >= end:
                raise self._ran_out(at, "")
            name, read, effect = _TABLE[data[at]]
            machine.now = index
            try:
                arg, after = read(reader, at + 1) if read else (None, at + 1)
            except (ValueError, IndexError, struct.error, BrokenPickleError) as reason:
                raise self._unreadable(at, name, reason) from None
            try:
                happened = effect(machine, arg)
            except (IndexError, BrokenPickleError, OverLimitError) as reason:
                raise _impossible(at, name, reason) from None
            depth = machine.below + len(machine.stack)
            if happened is None:
                yield make(Step, (index, at, after - at, name, arg, depth, pickle, None, None))
            else:
                yield make(Step, (index, at, after - at, name, arg, depth, pickle, *happened))
                if happened is STOPPED:
                    if not self._goes_on(after):
                        return
                    pickle += 1
                    machine = self.machine = Machine(self._limits)
            if depth > deepest:
                raise OverLimitError(at, f"the stack holds more than {deepest} entries", _RAISE)
            at = after
        raise OverLimitError(at, f"there are more than {self._limits.opcodes} opcodes", _RAISE)

    def _goes_on(self, at: int) -> bool:
        """Tell whether what follows a STOP is one more pickle, and count it as trailing if not.

        It is one if it runs to a STOP of its own, or imports or calls something before it breaks: so
        nothing that could do harm is passed over as padding. Anything else (the raw numbers after the
        pickles of an old PyTorch file, say) is only counted.
        """
        if at >= self._reader.end:
            self._check_frames(at)
            self.trailing = len(self._reader.data) - at
            return False
        try:
            for step in Tracing(self._reader.data, self._limits, at):
                if (
                    step.opcode == "STOP"
                    or step.calls
                    or (step.imports and step.imports.text.isprintable())
                ):
                    return True
        except OverLimitError:
            return True
        except TraceError:
            pass
        self.trailing = len(self._reader.data) - at
        self._check_frames(at)
        return False

    def _check_frames(self, at: int) -> None:
        """Report, at the very end, a frame that promised more bytes than the input has."""
        if self._reader.long_frame > 0:
            raise TraceError(
                at,
                f"a FRAME promised {self._reader.long_frame} bytes more than there are",
                "Python's own C reader refuses such a file, other readers load it: the file is damaged, or made"
                " to be read differently by different tools.",
            )

    def _ran_out(self, at: int, opcode: str) -> TraceError:
        if self._reader.end < len(self._reader.data):
            return OverLimitError(at, f"there are more than {self._reader.end} bytes", _RAISE)
        if not at:
            return TraceError(0, "there is nothing to read", "Choose a file that is not empty.")
        what = f"the bytes end inside {opcode}" if opcode else "the bytes end before a STOP"
        return TraceError(at, what, "The file is cut short: get a whole copy.")

    def _unreadable(self, at: int, opcode: str, reason: Exception) -> TraceError:
        """Explain why an argument cannot be read."""
        if isinstance(reason, IndexError | struct.error):
            return self._ran_out(at, opcode)
        if isinstance(reason, BrokenPickleError):
            return TraceError(at, reason.problem, reason.remedy)
        what = "text" if isinstance(reason, UnicodeError) else "number"
        return TraceError(at, f"the argument of {opcode} is no valid {what}", _DAMAGED)


def _impossible(at: int, opcode: str, reason: Exception) -> TraceError:
    """Explain why an opcode cannot be applied."""
    if isinstance(reason, OverLimitError):
        return OverLimitError(at, reason.problem, reason.remedy)
    if isinstance(reason, BrokenPickleError):
        return TraceError(
            at, f"{opcode}: {reason.problem}" if opcode else reason.problem, reason.remedy
        )
    return TraceError(at, f"{opcode} needs more entries on the stack than there are", _DAMAGED)


_RAISE = "If you trust its size, raise the limit."
_DAMAGED = "No pickler writes this: the file is damaged or was made by hand."


def _no_opcode(code: int) -> Effect:
    def effect(_machine: Machine, _argument: object) -> None:
        raise BrokenPickleError(
            f"byte 0x{code:02x} is no opcode", "This is no pickle, or it is damaged here."
        )

    return effect


_Row = tuple[str, Callable[[PickleReader, int], Read] | None, Effect]

_TABLE: list[_Row] = [("", None, _no_opcode(code)) for code in range(256)]
for _opcode in OPCODES.values():
    _TABLE[_opcode.code] = (_opcode.name, READERS.get(_opcode.argument), EFFECTS[_opcode.name])
