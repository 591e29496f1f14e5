"""Runs the pickle machine over bytes and yields a `Step` for each opcode: the core of `pickles`."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from mmap import mmap
from typing import Any, NamedTuple

from unpickled.errors import TraceError
from unpickled.pickles.calls import Happened
from unpickled.pickles.effects import EFFECTS, NEW, Effect, Inline
from unpickled.pickles.limits import CutShortError, Limits, OverLimitError
from unpickled.pickles.machine import LOOK, MADE_UP, RAISE_LIMIT, Machine
from unpickled.pickles.opcodes import OPCODES, Opcode
from unpickled.pickles.reader import FIXED, READERS, BrokenPickleError, PickleReader
from unpickled.pickles.render import text
from unpickled.pickles.steps import Step
from unpickled.pickles.values import MARK, Import

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

    def __init__(
        self,
        data: Input,
        limits: Limits,
        start: int = 0,
        earlier: dict[int, Any] | None = None,
    ) -> None:
        whole = data if isinstance(data, bytes | mmap) else bytes(data)
        self.trailing = 0
        self._disagreement: TraceError | None = None
        self._misread = False  # whether some reader may have gone on elsewhere than this one
        self.machine = Machine(limits, earlier)
        self._limits = limits
        self._reader = PickleReader(whole, limits)
        self._steps = self._run(start)

    def __iter__(self) -> Iterator[Step]:
        return self._steps

    def __next__(self) -> Step:
        return next(self._steps)

    def stack(self, top: int | None = None) -> tuple[str, ...]:
        """Return the texts of the stack now, bottom first; only the `top` uppermost if given."""
        entries = self.machine.stack
        shown = entries if top is None else entries[max(len(entries) - top, 0) :]
        return tuple(text(value, self.machine.now) for value in shown)

    def memo(self) -> dict[int, str]:
        """Return the texts of the memo now, by number."""
        noted = {**dict(enumerate(self.machine.memo)), **self.machine.far_memo}
        return {index: text(value, self.machine.now) for index, value in noted.items()}

    def _run(self, at: int) -> Iterator[Step]:  # noqa: C901, PLR0912, PLR0915 - a call more per opcode costs a tenth
        """Read an opcode and its argument, apply it, yield it; and so on to the end."""
        reader, machine, pickle = self._reader, self.machine, 0
        data, stack, memo, note = reader.data, machine.stack, machine.memo, _NOTE
        fences, get, find, end = machine.fences, _GET, data.find, reader.end
        new, pair, mark = Inline.NEW, Inline.PAIR, Inline.MARK
        depth = frame = 0  # entries on the stack; where the frame ends, if there is one
        watch = at  # where to look up from the opcodes, at limits and frames: at first, at once
        arg: Any
        happened: Happened = None  # but in the steps that import, call, or have to be looked at
        table = _TABLE
        for index in range(self._limits.opcodes):
            if at >= watch:
                frame = self._left_frame(at, frame)
                watch = self._next_watch(at, frame)
            name, takes, size, unpack, read, effect = table[data[at]]
            try:
                if size == 1:
                    arg, after = None, at + 1
                elif size == 2:
                    arg, after = data[at + 1], at + 2
                elif size > 2:
                    arg, after = unpack(data, at + 1)[0], at + size
                elif size:  # a memo index on a line, as every third opcode of protocol 0 has
                    after = find(b"\n", at, at + LINE) + 1
                    try:
                        arg = int(data[at + 1 : after])
                    except ValueError:  # a long line, or an odd one
                        after = end + 1
                    if after > end:
                        arg, after = read(reader, at + 1)
                else:
                    arg, after = read(reader, at + 1)
                if takes and depth - takes < fences[-1]:
                    raise BrokenPickleError(_too_few(takes, depth - fences[-1]), MADE_UP)
                if effect is None:
                    stack.append(arg)
                    depth += 1
                elif effect is note and (arg is None or arg == len(memo)):
                    memo.append(stack[-1])  # this and the next are a third of all: spared the call
                elif effect is get and 0 <= arg < len(memo):
                    stack.append(memo[arg])
                    depth += 1
                elif effect is new:
                    stack.append(read())
                    depth += 1
                elif effect is pair:
                    above = stack.pop()
                    stack[-1] = (stack[-1], above)
                    depth -= 1
                elif effect is mark:
                    stack.append(MARK)
                    depth += 1
                    fences.append(depth)
                else:
                    machine.now = index
                    happened = effect(machine, arg)
                    depth = len(stack)
            except (TraceError, BrokenPickleError, ValueError, IndexError, struct.error) as reason:
                self._failed_in_frame(at, frame)
                raise self._explained(at, name, reason) from None
            if happened is None:
                yield Step((index, at, after, name, arg, depth, pickle, None, None))
            else:
                imports, calls = happened
                yield Step((index, at, after, name, arg, depth, pickle, imports, calls))
                if happened is LOOK:
                    watch = after
                    if name == "FRAME":
                        frame = self._entered_frame(at, after + arg, frame)
                    elif name == "STOP":
                        frame = self._left_frame(after, frame, stopped=True)
                        if after == len(data):
                            return self._end(after)
                        noted = machine.noted()
                        if len(noted) > self._limits.memo:
                            raise OverLimitError(after, _memo_full(self._limits), RAISE_LIMIT)
                        if not self._goes_on(after, noted):
                            return self._end(after)
                        pickle += 1
                        machine = self.machine = Machine(self._limits, noted)
                        stack, memo, fences = machine.stack, machine.memo, machine.fences
                        note, depth = _NOTE, 0
                    else:  # a note was made out of turn: the next number is no longer the memo's length
                        note = None
                happened = None
            at = after
        raise OverLimitError(at, f"there are more than {self._limits.opcodes} opcodes", RAISE_LIMIT)

    def _next_watch(self, at: int, frame: int) -> int:
        """Check the limits, and return the offset up to which none of them can be broken.

        An opcode takes a byte at least, and adds one entry to the stack or the memo at most. So however
        many of them there is room for, so many bytes need no watching.
        """
        machine, limits, end = self.machine, self._limits, self._reader.end
        stack_room = limits.stack - len(machine.stack)
        memo_room = limits.memo - len(machine.memo) - len(machine.far_memo)
        if stack_room < 0:
            raise OverLimitError(
                at, f"the stack holds more than {limits.stack} entries", RAISE_LIMIT
            )
        if memo_room < 0:
            raise OverLimitError(at, _memo_full(limits), RAISE_LIMIT)
        if at >= end:
            raise (self._misread and self._disagreement) or self._ran_out(at)
        return min(end, frame or end, at + 1 + min(stack_room, memo_room))

    def _goes_on(self, at: int, noted: dict[int, Any]) -> bool:
        """Tell whether what follows a STOP is one more pickle, which may GET what was `noted` before.

        It is one if it runs to a STOP of its own, or imports or calls something before it breaks: so
        nothing that could do harm is passed over as padding. Anything else (the raw numbers after the
        pickles of an old PyTorch file, say) is only counted.
        """
        if at >= self._reader.end < len(self._reader.data):
            return True  # nobody knows: the next step says so
        if at < self._reader.end:
            ahead = Tracing(self._reader.data, self._limits, at, noted)
            try:
                for step in ahead:
                    if step.opcode == "STOP" or step.calls or _is_name(step.imports):
                        return True
            except OverLimitError:
                return True
            except TraceError:
                return ahead._misread
        return False

    def _end(self, at: int) -> None:
        """Count what follows the last pickle."""
        self.trailing = len(self._reader.data) - at
        if self._disagreement:
            raise self._disagreement

    def _entered_frame(self, at: int, end: int, inside: int) -> int:
        """Check a frame that was announced; return where it ends."""
        there = len(self._reader.data)
        if inside:
            self._misread = True
            self._disagree(at, "a FRAME begins inside another")
        elif end > there:
            self._disagree(at, f"a FRAME promises {end - there} bytes more than there are")
        return min(end, self._reader.end)

    def _left_frame(self, at: int, frame: int, *, stopped: bool = False) -> int:
        """Check that a frame ends where an opcode does, and not after its pickle; return what is left of it."""
        if not frame or (at < frame and not stopped):
            return frame
        if at != frame:
            self._misread = True
            self._disagree(frame, "a FRAME does not end where its opcodes do")
        return 0

    def _failed_in_frame(self, at: int, frame: int) -> None:
        """Check whether the opcode that makes no sense is one that the end of its frame cuts in two."""
        if at < frame < len(self._reader.data):
            _, _, size, _, read, _ = _TABLE[self._reader.data[at]]
            try:
                after = at + size if size > 0 else read(self._reader, at + 1)[1]
            except (TraceError, BrokenPickleError, ValueError, IndexError, struct.error):
                after = frame + 1  # for all we know
            if after > frame:
                self._left_frame(after, frame)

    def _disagree(self, at: int, problem: str) -> None:
        """Note that readers would disagree on what the input says; it is told of at the very end.

        CPython's C reader, the same one on a file, and its Python reader each do something else with
        such a frame: refuse it, ignore it, or skip bytes of the opcode it cuts in two.
        """
        remedy = "Different programs read different things in such a file: do not load it."
        self._disagreement = self._disagreement or TraceError(at, problem, remedy)

    def _ran_out(self, at: int, opcode: str = "") -> TraceError:
        """Explain why there are no more bytes."""
        if self._reader.end < len(self._reader.data):
            return OverLimitError(at, f"there are more than {self._reader.end} bytes", RAISE_LIMIT)
        if not self._reader.data:
            return TraceError(0, "there is nothing to read", "Choose a file that is not empty.")
        where = f"inside {opcode}" if opcode else "before a STOP"
        remedy = "The file is cut short: get a whole copy."
        return CutShortError(at, f"the bytes end {where}", remedy)

    def _explained(self, at: int, opcode: str, reason: Exception) -> TraceError:
        """Turn what went wrong with an opcode into words."""
        if self._misread and self._disagreement and not isinstance(reason, OverLimitError):
            return self._disagreement
        if isinstance(reason, IndexError | struct.error):
            return self._ran_out(at, opcode)
        if isinstance(reason, OverLimitError):
            return OverLimitError(at, reason.problem, reason.remedy)
        if isinstance(reason, BrokenPickleError):
            named = not opcode or reason.problem.startswith(opcode)
            problem = reason.problem if named else f"{opcode}: {reason.problem}"
            return TraceError(at, problem, reason.remedy)
        what = "text" if isinstance(reason, UnicodeError) else "number"
        return TraceError(at, f"{opcode}: its argument is no valid {what}", MADE_UP)


def _is_name(imported: Import | None) -> bool:
    """Tell whether something is imported, under a name that no random bytes make up."""
    return imported is not None and imported.text.isprintable()


def _memo_full(limits: Limits) -> str:
    return f"the memo holds more than {limits.memo} entries"


def _too_few(takes: int, there: int) -> str:
    return f"it takes {takes} from the stack, and above the last mark there {'is' if there == 1 else 'are'} {there}"


def _no_opcode(code: int) -> Effect:
    def effect(_machine: Machine, _argument: object) -> None:
        raise BrokenPickleError(
            f"byte 0x{code:02x} is no opcode", "This is no pickle, or it is damaged here."
        )

    return effect


INLINE = -1
"""The size of an opcode that the loop reads itself where it is short."""
LINE = 12
"""Bytes of such an opcode at most, its byte and the newline counted."""


class _Row(NamedTuple):
    """What to do at one byte: the opcode, entries it takes, bytes if fixed (0 if not), and how to read and apply it."""

    name: str
    takes: int
    size: int
    unpack: Callable[[Any, int], tuple[Any, ...]] | None
    read: Any
    effect: Effect | Inline | None


def _row(opcode: Opcode) -> _Row:
    layout = FIXED.get(opcode.argument)
    unpack = struct.Struct(layout).unpack_from if layout else None
    size = 0 if opcode.argument in READERS else 1 + struct.calcsize(layout or "")
    size = INLINE if opcode.argument == "index" else size
    if opcode.name in NEW:  # there is nothing to read
        return _Row(opcode.name, 0, 1, None, NEW[opcode.name], Inline.NEW)
    return _Row(
        opcode.name, opcode.takes, size, unpack, READERS.get(opcode.argument), EFFECTS[opcode.name]
    )


_NOTE = EFFECTS["MEMOIZE"]  # and of all the PUTs
_GET = EFFECTS["GET"]

_TABLE = [tuple(_Row("", 0, 1, None, None, _no_opcode(code))) for code in range(256)]
for _opcode in OPCODES.values():
    _TABLE[_opcode.code] = tuple(_row(_opcode))
