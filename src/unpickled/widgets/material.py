"""What a learner gives the stepper, turned into one pickle's trace: raw bytes, a path, or an upload's bytes."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from unpickled.errors import CourseError
from unpickled.pickles import Limits, Trace, record
from unpickled.weights import Piece, inside, pieces

__all__ = ["BYTES_SHOWN", "LIMITS", "Shown", "from_bytes", "from_path"]

LIMITS = Limits(bytes=64 << 20, opcodes=50_000, stack=50_000, memo=50_000, items=50_000, text=400)
"""What the stepper records: a page with more steps than this would be slow to open, and nobody steps through it."""

BYTES_SHOWN = 1 << 18
"""Bytes sent along for the hex view; the steps themselves are not bound to them."""

_PIECES = 64
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
    """Trace the pickle in `data`, also if an archive is around it; data that is no pickle is traced to its first fault.

    Raises:
        CourseError: the data is a format that holds no pickle, so there is nothing to step through.
    """
    return _choose(pieces(data, name), name, data)


def from_path(path: str | os.PathLike[str]) -> Shown:
    """Trace the pickle in a file.

    Raises:
        CourseError: the file cannot be read, or is a format that holds no pickle.
    """
    name = Path(path).name
    with Path(path).open("rb") as file:
        head = file.read(BYTES_SHOWN)
    return _choose(inside(path), name, head)


def _choose(found: Iterable[Piece], name: str, raw: bytes) -> Shown:
    """The first pickle among the pieces, a PyTorch archive's `data.pkl` before all others."""
    pickled: dict[str, bytes] = {}
    other = ""
    for piece in islice(found, _PIECES):
        if piece.kind == "pickle":
            pickled[piece.where] = bytes(piece.data[piece.start :])
        else:
            other = piece.problem or (piece.format if piece.kind in {"array", "model"} else other)
    if pickled:
        main = [where for where in pickled if where.rpartition("/")[2] == _MAIN]
        where = (main or list(pickled))[0]
        return Shown(
            trace=_state(record(pickled[where], limits=LIMITS), name, where, pickled[where]),
            notice=_others(pickled, where),
        )
    if other:
        raise CourseError(
            name,
            f"there is no pickle in it ({other})",
            "There is nothing to step through, and nothing that loading would call.",
        )
    return Shown(trace=_state(record(raw, limits=LIMITS), name, "", raw))


def _others(pickled: dict[str, bytes], where: str) -> str:
    left = [other for other in pickled if other != where]
    if not left:
        return ""
    names = ", ".join(left[:3]) + (" and more" if len(left) > 3 else "")
    return f"The file holds {len(pickled)} pickles; this is {where}. Also in it: {names}."


def _state(trace: Trace, name: str, where: str, data: bytes) -> dict[str, Any]:
    facts = [where, _protocol(trace)]
    if trace.trailing:
        facts.append(f"{trace.trailing:,} bytes after it are no pickle")
    return {
        "name": name,
        "size": len(data),
        "label": " · ".join(fact for fact in facts if fact),
        "columns": trace.columns(),
        "bytes": base64.b64encode(data[: min(BYTES_SHOWN, _read(trace))]).decode("ascii"),
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
