"""What a learner gives the stepper, turned into one pickle's trace: raw bytes, a path, or an upload's bytes."""

from __future__ import annotations

import base64
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unpickled.checking import rebuilds_data
from unpickled.pickles import Limits, OverLimitError, Trace, record
from unpickled.weights import Reading, read_pickle, read_pickle_in

__all__ = ["BYTES_SHOWN", "LIMITS", "MOST", "Shown", "from_bytes", "from_path", "from_reading"]

LIMITS = Limits(bytes=64 << 20, opcodes=50_000, stack=50_000, memo=50_000, items=50_000, text=400)
"""What the stepper records: a page with more steps than this would be slow to open, and nobody steps through it."""

BYTES_SHOWN = 1 << 18
"""Bytes sent along for the hex view; the steps themselves are not bound to them."""

MOST = LIMITS.bytes + 1
"""Bytes of a pickle to read: one more than the limit, so that the tracer tells that it is too large."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One pickle as the stepper shows it.

    Attributes:
        trace: the JSON-able state: name, size and label of the pickle, columns of its trace, its bytes in base64.
        notice: one or two sentences that the learner should know first; empty if there is nothing to say.
        end: how far the pickle was read, in bytes.
        rebuilding: the steps whose call has its part in rebuilding data alone.
        foreign: what all other steps call, each once, in order.
    """

    trace: dict[str, Any]
    notice: str = ""
    end: int = 0
    rebuilding: tuple[int, ...] = ()
    foreign: tuple[str, ...] = ()


def from_bytes(data: bytes, name: str) -> Shown:
    """Trace the pickle in `data`, also if an archive is around it.

    Bytes that are nothing known are traced all the same, up to the fault that makes them no pickle.

    Raises:
        CourseError: the data is a format that holds no pickle, so there is nothing to step through.
    """
    return from_reading(read_pickle_in(data, name, first=True, most=MOST), name)


def from_path(path: str | os.PathLike[str]) -> Shown:
    """Trace the pickle in a file, as `from_bytes` does for bytes.

    Raises:
        CourseError: the file cannot be read, or is a format that holds no pickle.
    """
    return from_reading(read_pickle(path, first=True, most=MOST), Path(path).name)


def from_reading(reading: Reading, name: str) -> Shown:
    """Trace a pickle that was read out of a file called `name`."""
    trace = record(reading.data, limits=LIMITS)
    end = trace.steps[-1].end if trace.steps else 0
    calls = {step.index: step.calls for step in trace.steps if step.calls}
    rebuilding = [index for index, call in calls.items() if rebuilds_data(call)]
    foreign = (call.callable for index, call in calls.items() if index not in rebuilding)
    return Shown(
        trace=_state(trace, reading, name),
        notice=_others(reading),
        end=end,
        rebuilding=tuple(rebuilding),
        foreign=tuple(dict.fromkeys(foreign)),
    )


def _others(reading: Reading) -> str:
    left = reading.others
    if not left:
        return ""
    names = ", ".join(left[:3]) + (" and more" if len(left) > 3 else "")
    count = len(left) + 1
    return f"The file holds {count} pickles; this is {reading.where}. Also in it: {names}."


def _state(trace: Trace, found: Reading, name: str) -> dict[str, Any]:
    facts = [found.where, _protocol(trace)]
    if trace.trailing:
        trailing = trace.trailing + found.size - len(found.data)
        facts.append(f"{trailing:,} bytes after it are no pickle")
    return {
        "name": name,
        "size": found.size,
        "label": " · ".join(fact for fact in facts if fact),
        "columns": _columns(trace),
        "bytes": base64.b64encode(found.data[: min(BYTES_SHOWN, _read(trace))]).decode("ascii"),
    }


def _columns(trace: Trace) -> dict[str, Any]:
    """The trace's columns; over a limit, with advice for a learner, who cannot raise it here."""
    columns = trace.columns()
    if isinstance(trace.error, OverLimitError):
        shown = f"Only the first {len(trace.steps):,} steps are shown here."
        remedy = f"{shown} In a terminal, `unpickled trace FILE` reads on."
        columns["error"] = {**columns["error"], "remedy": remedy}
    return columns


def _protocol(trace: Trace) -> str:
    stated = next((step.arg for step in trace.steps[:1] if step.opcode == "PROTO"), None)
    if stated is not None:
        return f"protocol {stated}"
    return "protocol 0 or 1" if trace.steps and trace.error is None else ""


def _read(trace: Trace) -> int:
    """Bytes worth showing: up to the end of the last step, and a line more where reading failed."""
    if trace.error is not None:
        return trace.error.offset + 32
    return trace.steps[-1].end if trace.steps else 0
