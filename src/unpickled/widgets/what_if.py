"""The what-if editor: one opcode or argument of a pickle is changed, and the new trace stands beside the old one.

The changed bytes are made, traced and forgotten. They are never loaded, never sent to the browser and never kept, so
nothing here hands anybody a file: what stays is the trace.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, ClassVar

import traitlets

from unpickled.errors import CourseError, TraceError
from unpickled.pickles import KINDS, OPCODES, Limits, argument_text, record, replace_opcode
from unpickled.weights import read_pickle, read_pickle_in

from .base import CourseWidget, json_trait
from .outcome import ending, outcome

__all__ = ["WhatIf"]

MOST_BYTES = 16 << 10
MOST_OPCODES = 500
_LIMITS = Limits(bytes=4 * MOST_BYTES, opcodes=2 * MOST_OPCODES, text=400)
_PAST = 50  # changes that can be undone

Change = dict[str, Any]
"""What the learner asked for: `index` of the row, `opcode`, `argument` as typed. Empty for none."""


class WhatIf(CourseWidget, module="whatif"):
    """Show a pickle's opcodes, and let a learner change one of them at a time. Nothing is ever loaded.

    A second change replaces the first, so that what is seen has one cause.

    Args:
        source: the pickle's bytes, or the path of a file that is or holds one.
        name: what to call it; a path's own name by default.

    Raises:
        CourseError: the file cannot be read, holds no pickle, or holds one too long to be changed here.
    """

    limits: ClassVar[tuple[int, int]] = (MOST_BYTES, MOST_OPCODES)

    trace = json_trait({})
    arguments = json_trait([])
    opcodes = json_trait([])
    kinds = json_trait({})
    now = json_trait({})
    undoable = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        source: bytes | bytearray | memoryview | str | os.PathLike[str],
        *,
        name: str = "",
        **kwargs: Any,
    ) -> None:
        self._data, name = _read(source, name)
        self._before = record(self._data, limits=_LIMITS)
        if len(self._before) > MOST_OPCODES:
            raise _too_long(name, f"more than {MOST_OPCODES} opcodes")
        self._past: list[Change] = []
        columns = self._before.columns()
        shown = {"name": name, "size": len(self._data), "columns": columns}
        super().__init__(
            trace={**shown, "end": ending(self._before)},
            arguments=[argument_text(step) for step in self._before.steps],
            opcodes=_opcodes(),
            kinds={name: {"hint": one.hint, "example": one.example} for name, one in KINDS.items()},
            **kwargs,
        )
        self.on_msg(self._on_message)

    def change(self, index: int, opcode: str, argument: str = "") -> None:
        """Put an opcode in the place of row `index`, counted from 0, and show what the trace is then.

        Args:
            index: the row.
            opcode: the opcode's name.
            argument: its argument, as pickletools prints it.

        Raises:
            TraceError: it is no argument of that opcode, or there is no such row or opcode.
        """
        asked = {"index": index, "opcode": opcode, "argument": argument}
        shown = self._look(asked)
        self._past = [*self._past, self._asked][-_PAST:]
        self._show(shown)

    def undo(self) -> None:
        """Go back to the change before, or to the pickle as it was."""
        if self._past:
            self._show(self._look(self._past.pop()))

    def reset(self) -> None:
        """Go back to the pickle as it was, and forget the changes."""
        self._past = []
        self._show({})

    @property
    def _asked(self) -> Change:
        return {key: self.now[key] for key in ("index", "opcode", "argument") if self.now}

    def _look(self, asked: Change) -> dict[str, Any]:
        """Return a change with its trace and what it did."""
        if not asked:
            return {}
        before = self._before
        edited = replace_opcode(self._data, before, **asked)
        after = record(edited.data, limits=_LIMITS)
        return {
            **asked,
            "columns": after.columns(),
            **outcome(before, after, asked["index"], edited.frames),
        }

    def _show(self, shown: dict[str, Any]) -> None:
        with self.hold_sync():
            self.now, self.undoable = shown, bool(self._past)

    def _on_message(self, _widget: Any, content: dict[str, Any], _buffers: list[Any]) -> None:
        """Answer the browser; of what it sends nothing is taken for granted."""
        kind = content.get("type")
        if kind == "change":
            index = content.get("index")
            row = index if type(index) is int else -1
            try:
                self.change(row, *(str(content.get(key, "")) for key in ("opcode", "argument")))
            except TraceError as error:
                said = f"{error.problem[:1].upper()}{error.problem[1:]}. {error.remedy}".strip()
                self.send({"type": "refused", "text": said})
                return
        elif kind in ("undo", "reset"):
            getattr(self, kind)()
        else:
            return
        self.send({"type": "heard"})


def _read(
    source: bytes | bytearray | memoryview | str | os.PathLike[str], name: str
) -> tuple[bytes, str]:
    """Return the pickle's bytes and its name."""
    if isinstance(source, bytes | bytearray | memoryview):
        name = name or "pickle"
        found = read_pickle_in(bytes(source), name, first=True, most=MOST_BYTES + 1)
    else:
        name = name or Path(source).name
        found = read_pickle(source, first=True, most=MOST_BYTES + 1)
    if found.size > MOST_BYTES:
        raise _too_long(name, f"{found.size:,} bytes")
    return bytes(found.data), name


def _too_long(name: str, size: str) -> CourseError:
    problem = f"its pickle has {size}: too long to be changed here"
    remedy = (
        f"Take one of at most {MOST_BYTES:,} bytes and {MOST_OPCODES} opcodes. "
        "`lab.stepper` steps through longer ones."
    )
    return CourseError(name, problem, remedy)


def _opcodes() -> list[dict[str, Any]]:
    return [
        {
            "name": one.name,
            "kind": one.argument,
            "takes": one.takes,
            "toMark": one.to_mark,
            "explain": one.text,
        }
        for one in OPCODES.values()
    ]
