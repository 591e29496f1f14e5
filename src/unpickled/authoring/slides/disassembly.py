"""A specimen's pickle as our own tracer reads it, cut down to what a slide can show, the reduce trick marked.

The trick is found by what it is, never by a line number: an opcode that calls something which no honest checkpoint
calls, and everything from the import of that name down to the call.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module

from unpickled.errors import ContentError, SpecimenError
from unpickled.pickles import Step, record
from unpickled.pickles.render import call_text, callable_text
from unpickled.specimens import specimen

__all__ = ["COLUMNS", "LINES", "Listing", "Row", "listing", "trick"]

LINES = 18
NAMES_WITHIN = 6  # steps, memo entries between the names included
MARKER = "/tmp/unpickled-canary"  # noqa: S108 - a text to show: fixed, so that the slide is the same on every machine
ORDINARY = frozenset(
    {
        "collections.OrderedDict",
        "torch._utils._rebuild_tensor_v2",
        "torch._utils._rebuild_parameter",
        "numpy.core.multiarray._reconstruct",
        "numpy._core.multiarray._reconstruct",
    }
)
"""What saved tensors and arrays call when they are rebuilt."""
CALLS = ("REDUCE", "NEWOBJ", "NEWOBJ_EX", "INST", "OBJ")
COLUMNS = 61  # characters of a line
OFFSET = 5  # of them for the offset
NARROW = 12  # of the column of names, at least


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line: an opcode, or, where `opcode` is empty, how many are left out."""

    offset: int
    opcode: str
    text: str
    calls: bool = False
    trick: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """A disassembly for a slide.

    Attributes:
        file: the specimen's file name.
        member: the pickle inside it, such as "archive/data.pkl"; empty for a bare pickle.
        rows: at most `LINES`.
        names: how wide the column of names is, in characters.
        total: how many opcodes there are in all.
        data: every byte of the pickle.
        start, end: the bytes of the trick; both 0 where nothing is marked.
        call: what the trick calls, such as "os.mkdir('/tmp/unpickled-canary')".
    """

    file: str
    member: str
    rows: tuple[Row, ...]
    names: int
    total: int
    data: bytes
    start: int
    end: int
    call: str

    @property
    def words(self) -> str:
        """The picture in words."""
        marked = f" Marked in red: the call of {self.call}." if self.call else ""
        return f"Disassembly of {self.file}, {self.total} opcodes.{marked}"


def listing(name: str, highlight: str, place: str) -> Listing:
    """Read a specimen and cut it to a slide.

    Args:
        name: the specimen's id.
        highlight: "reduce" to mark the trick, or empty.
        place: file and line to name in an error.

    Raises:
        ContentError: the specimen is unknown or holds no pickle, or there is no trick to mark in it.
    """
    file, member, data = _pickle(name, place)
    steps = record(data).steps
    if not steps:
        raise ContentError(place, f'"{name}" holds no pickle', "Choose another specimen.")
    marked = trick(steps) if highlight else range(0)
    if highlight not in ("", "reduce"):
        raise ContentError(place, f'cannot highlight "{highlight}"', 'Write highlight="reduce".')
    if highlight and not marked:
        remedy = "Choose a specimen that calls something, or leave highlight out."
        raise ContentError(place, f'"{name}" holds no reduce trick to highlight', remedy)
    last = steps[marked[-1]] if marked else None
    kept = sorted(_kept(steps, marked))
    names = max([NARROW, *(len(steps[index].opcode) + 1 for index in kept)])
    return Listing(
        file=file,
        member=member,
        rows=tuple(_rows(steps, marked, kept, names)),
        names=names,
        total=len(steps),
        data=data,
        start=steps[marked[0]].offset if marked else 0,
        end=last.end if last else 0,
        call=call_text(last.calls) if last and last.calls else "",
    )


def trick(steps: Sequence[Step]) -> range:
    """Return the steps from the import of an unusual callable to the opcode that calls it; empty if none does."""
    for step in steps:
        if step.calls and step.opcode in CALLS and _called(step) not in ORDINARY:
            name = _called(step)
            found = (s.index for s in reversed(steps[: step.index + 1]) if _imported(s) == name)
            return range(_named(steps, next(found, step.index)), step.index + 1)
    return range(0)


def _named(steps: Sequence[Step], start: int) -> int:
    """Return where the import at `start` begins: STACK_GLOBAL takes its two names from the steps before it."""
    if steps[start].opcode != "STACK_GLOBAL":
        return start
    near = range(start - 1, max(-1, start - 1 - NAMES_WITHIN), -1)
    names = [at for at in near if isinstance(steps[at].arg, str)]
    return names[1] if len(names) > 1 else start


def _called(step: Step) -> str:
    return callable_text(step.calls) if step.calls else ""


def _imported(step: Step) -> str:
    return f"{step.imports.module}.{step.imports.name}" if step.imports else ""


def _pickle(name: str, place: str) -> tuple[str, str, bytes]:
    """Return a specimen's file name, the member that is its pickle, and that pickle."""
    try:
        entry = specimen(name)
    except SpecimenError as error:
        raise ContentError(place, f'there is no specimen "{name}"', error.remedy) from error
    module, _, function = entry.recipe.rpartition(".")
    data: bytes = getattr(import_module(f"unpickled.specimens.{module}"), function)(
        MARKER, **entry.options
    )
    if not data.startswith(b"PK"):
        return entry.filename, "", data
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.namelist():
            if member.endswith(".pkl"):
                return entry.filename, member, archive.read(member)
    raise ContentError(place, f'"{name}" holds no pickle', "Choose another specimen.")


def _rows(steps: Sequence[Step], marked: range, kept: Sequence[int], names: int) -> Iterator[Row]:
    """Yield a line for each step that is kept, and one for each gap between them."""
    before = -1
    for index in kept:
        if index > before + 1:
            left_out = index - before - 1
            text = f"{left_out} more opcodes" if left_out > 1 else "1 more opcode"
            yield Row(offset=steps[before + 1].offset, opcode="", text=text)
        yield _row(steps[index], COLUMNS - OFFSET - names, trick=index in marked)
        before = index


def _kept(steps: Sequence[Step], marked: range) -> set[int]:
    """Choose what to show, the most telling first, until the lines are used up."""
    last = len(steps) - 1
    around = [i for i in (marked.start - 1, marked.stop, marked.stop + 1) if marked]
    calls = [s.index for s in steps if s.calls and _called(s) != "collections.OrderedDict"]
    pairs = [i for call in calls for i in (call, call + 1)]
    wishes = [*marked, *around, 0, last, 1, 2, 3, 4, *pairs, *range(5, last)]
    kept: set[int] = set()
    for index in wishes:
        if 0 <= index <= last and _height(kept | {index}) <= LINES:
            kept.add(index)
    return kept


def _height(kept: set[int]) -> int:
    """Count the lines: one for each step, and one for each gap."""
    ordered = sorted(kept)
    gaps = sum(after > before + 1 for before, after in zip([-1, *ordered], ordered, strict=False))
    return len(kept) + gaps


def _row(step: Step, room: int, *, trick: bool) -> Row:
    text = f"calls {call_text(step.calls)}" if step.calls else (step.arg_text or "")
    if len(text) > room:
        text = text[: room - 1] + "…"
    return Row(
        offset=step.offset,
        opcode=step.opcode,
        text=text,
        calls=step.calls is not None,
        trick=trick,
    )
