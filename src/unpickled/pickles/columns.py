"""Writes a trace as columns of JSON, the form in which the stepper's JavaScript gets it.

The format is in `docs/pickle-machine.md`. Like the trace itself it is structural: one list for each
field of the steps, the stacks as one tree, each value once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from unpickled.pickles.opcodes import OPCODES, explain
from unpickled.pickles.render import text
from unpickled.pickles.values import (
    ATOMS,
    Buffer,
    Call,
    Cropped,
    Dict,
    Extension,
    Frozen,
    Import,
    List,
    Log,
    Mark,
    Persistent,
    ReadOnly,
    Set,
    additions,
)

if TYPE_CHECKING:
    from unpickled.pickles.recorder import Trace

__all__ = ["columns"]


def columns(trace: Trace) -> dict[str, Any]:
    """Return a trace as lists, dicts, text, numbers, booleans and None, fit for `json.dumps`."""
    steps, error = trace.steps, trace.error
    names = sorted({step.opcode for step in steps})
    number = {name: place for place, name in enumerate(names)}
    values = _Values()
    return {
        "names": names,
        "explain": [explain(name) for name in names],
        "code": [OPCODES[name].code for name in names],
        "callsCode": [OPCODES[name].calls_code for name in names],
        "steps": {
            "offset": [step.offset for step in steps],
            "size": [step.size for step in steps],
            "op": [number[step.opcode] for step in steps],
            "arg": [step.arg_text for step in steps],
            "stack": list(trace.nodes.after),
            "pickle": [step.pickle for step in steps],
            "imports": [step.imports and step.imports.text for step in steps],
            "calls": [step.calls and step.calls.text for step in steps],
        },
        "nodes": {
            "parent": list(trace.nodes.parent),
            "value": [-1, *map(values.number, trace.nodes.value[1:])],
        },
        "memo": {
            "step": [note.step for note in trace.notes],
            "index": [note.index for note in trace.notes],
            "value": [values.number(note.value) for note in trace.notes],
        },
        "values": values.rows(),
        "trailing": trace.trailing,
        "error": error
        and {"offset": error.offset, "problem": error.problem, "remedy": error.remedy},
    }


class _Values:
    """Numbers the values: equal atoms share a number, and so does an object that is met again."""

    def __init__(self) -> None:
        self._numbers: dict[object, int] = {}
        self._values: list[Any] = []

    def number(self, value: Any) -> int:
        """Return the value's number, a new one if it is met for the first time."""
        key = text(value, 0) if type(value) in ATOMS else id(value)
        found = self._numbers.setdefault(key, len(self._values))
        if found == len(self._values):
            self._values.append(value)  # which keeps it alive, and so its id its own
        return found

    def rows(self) -> list[list[Any]]:
        """Return a row for each value; the loop also reaches those that only others hold."""
        rows: list[list[Any]] = []
        while len(rows) < len(self._values):
            value = self._values[len(rows)]
            rows.append(_ROWS.get(type(value), _atom_row)(value, self.number))
        return rows


Number = Callable[[Any], int]


def _atom_row(value: Any, _: Number) -> list[Any]:
    return ["atom", text(value, 0)]


def _log(log: Log, number: Number) -> list[list[Any]]:
    return [[step, number(value)] for step, values, _ in additions(log) for value in values]


def _pair_log(log: Log, number: Number) -> list[list[Any]]:
    rows = _log(log, number)
    return [[step, key, item] for (step, key), (_, item) in zip(rows[::2], rows[1::2], strict=True)]


def _totals(log: list[Any], width: int = 1) -> list[list[int]]:
    """Return `[step, total]` where a log does not hold all that was added; normally it is empty."""
    kept = sum(len(values) for _, values, _ in additions(log))
    return [[step, total // width] for step, _, total in additions(log) if total > kept]


def _cropped(value: Cropped, number: Number) -> list[Any]:
    if value.kind != "tuple":
        return _atom_row(value, number)
    return ["tuple", [number(entry) for entry in value.kept], value.total]


def _result(call: Call, number: Number) -> list[Any]:
    log = [
        [step, kind, *map(number, rest)]
        for step, values, _ in additions(call.log)
        for kind, *rest in values
    ]
    return ["call", call.callable, call.args, log, _totals(call.log)]


_ROWS: dict[type, Callable[[Any, Number], list[Any]]] = {
    Mark: lambda _, __: ["mark"],
    tuple: lambda value, number: ["tuple", [number(entry) for entry in value], len(value)],
    Cropped: _cropped,
    Frozen: lambda value, number: [
        "frozenset",
        [number(entry) for entry in value.items],
        value.total,
    ],
    List: lambda value, number: ["list", _log(value, number), _totals(value)],
    Set: lambda value, number: ["set", _log(value, number), _totals(value)],
    Dict: lambda value, number: ["dict", _pair_log(value, number), _totals(value, 2)],
    Import: lambda value, _: ["global", value.module, value.name],
    Call: _result,
    Persistent: lambda value, number: ["persistent", number(value.id)],
    Extension: lambda value, _: ["ext", value.code],
    Buffer: lambda value, _: ["buffer", value.number],
    ReadOnly: lambda value, number: ["readonly", number(value.value)],
}
