"""What a learner gives the stepper, turned into one pickle's trace: raw bytes, a path, or an upload's bytes."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from unpickled.errors import CourseError
from unpickled.pickles import Limits, Trace, record
from unpickled.weights import Piece, inside, pieces

__all__ = ["BYTES_SHOWN", "LIMITS", "Shown", "from_bytes", "from_path"]

LIMITS = Limits(bytes=64 << 20, opcodes=50_000, stack=50_000, memo=50_000, items=50_000, text=400)
"""What the stepper records: a page with more steps than this would be slow to open, and nobody steps through it."""

BYTES_SHOWN = 1 << 18
"""Bytes sent along for the hex view; the steps themselves are not bound to them."""

_PIECES = 64
_SHAPELESS = frozenset(
    {"unknown", "text", "empty"}
)  # anything else has a format that is not pickle's
_MAIN = "data.pkl"  # the object itself in a PyTorch archive; the other members are raw numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One pickle as the stepper shows it.

    Attributes:
        trace: the JSON-able state: name, size and label of the pickle, columns of its trace, its bytes in base64.
        notice: one or two sentences that the learner should know first; empty if there is nothing to say.
    """

    trace: dict[str, Any]
    notice: str = ""


def from_bytes(data: bytes, name: str) -> Shown:
    """Trace the pickle in `data`, also if an archive is around it.

    Bytes that are nothing known are traced all the same, up to the fault that makes them no pickle.

    Raises:
        CourseError: the data is a format that holds no pickle, so there is nothing to step through.
    """
    return _choose(pieces(data, name), name, lambda: data)


def from_path(path: str | os.PathLike[str]) -> Shown:
    """Trace the pickle in a file, as `from_bytes` does for bytes.

    Raises:
        CourseError: the file cannot be read, or is a format that holds no pickle.
    """

    def start() -> bytes:
        with Path(path).open("rb") as file:
            return file.read(LIMITS.bytes)

    return _choose(inside(path), Path(path).name, start)


class _Found(NamedTuple):
    """A pickle's bytes, at most one more than are read, and how many there are in truth."""

    data: bytes
    size: int


def _choose(found: Iterable[Piece], name: str, raw: Callable[[], bytes]) -> Shown:
    """The first pickle among the pieces, a PyTorch archive's `data.pkl` before all others."""
    pickled: dict[str, _Found] = {}
    others: list[Piece] = []
    for piece in islice(found, _PIECES):
        if piece.kind == "pickle":
            stop = piece.start + LIMITS.bytes + 1
            data = bytes(piece.data[piece.start : stop])
            pickled[piece.where] = _Found(data, len(piece.data) - piece.start)
        else:
            others.append(piece)
    if pickled:
        main = [where for where in pickled if where.rpartition("/")[2] == _MAIN]
        where = (main or list(pickled))[0]
        return Shown(trace=_state(pickled[where], name, where), notice=_others(pickled, where))
    if all(piece.format in _SHAPELESS and not piece.where for piece in others):
        data = raw()
        return Shown(trace=_state(_Found(data, len(data)), name, ""))
    raise _no_pickle(name, others)


def _no_pickle(name: str, others: list[Piece]) -> CourseError:
    reasons = [piece.problem for piece in others if piece.problem] or [others[0].format]
    remedy = "There is nothing to step through, and nothing that loading would call."
    return CourseError(name, f"there is no pickle in it ({reasons[0]})", remedy)


def _others(pickled: Mapping[str, _Found], where: str) -> str:
    left = [other for other in pickled if other != where]
    if not left:
        return ""
    names = ", ".join(left[:3]) + (" and more" if len(left) > 3 else "")
    return f"The file holds {len(pickled)} pickles; this is {where}. Also in it: {names}."


def _state(found: _Found, name: str, where: str) -> dict[str, Any]:
    trace = record(found.data, limits=LIMITS)
    facts = [where, _protocol(trace)]
    if trace.trailing:
        trailing = trace.trailing + found.size - len(found.data)
        facts.append(f"{trailing:,} bytes after it are no pickle")
    return {
        "name": name,
        "size": found.size,
        "label": " · ".join(fact for fact in facts if fact),
        "columns": trace.columns(),
        "bytes": base64.b64encode(found.data[: min(BYTES_SHOWN, _read(trace))]).decode("ascii"),
    }


def _protocol(trace: Trace) -> str:
    stated = next((step.arg for step in trace.steps[:1] if step.opcode == "PROTO"), None)
    if stated is not None:
        return f"protocol {stated}"
    return "protocol 0 or 1" if trace.steps and trace.error is None else ""


def _read(trace: Trace) -> int:
    """Bytes worth showing: up to the end of the last step, and a line more where reading failed."""
    if trace.error is not None:
        return trace.error.offset + 32
    return sum(trace.steps[-1][1:3]) if trace.steps else 0
