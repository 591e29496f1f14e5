"""Holds a trace against what the reference says of the same bytes.

Two questions. `disagreement`: is all the same? For pickles that are sound. `missed`: does the trace go
at least as far as the reference, with every import and call of it? For any bytes: a trace that stops
where a real unpickler goes on would hide what comes after.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from unpickled.errors import TraceError
from unpickled.pickles import OverLimitError, Step

Pickles = list[dict[str, Any]]


def events_of(step: Step) -> list[list[Any]]:
    """What a step imports and calls, in the words of the reference (without texts)."""
    events: list[list[Any]] = []
    if step.imports:
        events.append(["import", step.imports.module, step.imports.name])
    if step.calls:
        given = step.calls.arguments
        count = len(given) if type(given) is tuple else getattr(given, "total", None)
        known = type(given) is tuple or getattr(given, "kind", "") == "tuple"
        events.append(["call", step.opcode, step.calls.method, count if known else None])
    return events


def plain(events: list[list[Any]]) -> list[list[Any]]:
    return [event[:4] for event in events]


def disagreement(reference: Pickles, steps: Sequence[Step], error: TraceError | None) -> str | None:
    """Say where a trace differs from the reference in opcode, place, depth, import or call."""
    for pickle in reference:
        if pickle["error"]:
            return f"the reference could not read it: {pickle['error']}"
    if error:
        return f"the trace ended: {error}"
    theirs = [step for pickle in reference for step in pickle["steps"]]
    if len(theirs) != len(steps):
        return f"{len(steps)} steps, and the reference has {len(theirs)}"
    return next(filter(None, map(_difference, theirs, steps)), None)


def missed(
    data: bytes, reference: Pickles, steps: Sequence[Step], error: TraceError | None
) -> str | None:
    """Say what of the reference's steps, imports and calls the trace lacks."""
    rest = iter(steps)
    for number, pickle in enumerate(reference):
        if number and not _matters(pickle):
            return None
        for step in pickle["steps"]:
            if not step["done"] and not step["events"]:
                return None  # the reference ends here
            ours = next(rest, None)
            if ours is None:
                return _too_short(data, step, error)
            problem = _difference(step, ours) if step["done"] else _lacking(step, ours)
            if problem:
                return problem
    return None


def _too_short(data: bytes, step: dict[str, Any], error: TraceError | None) -> str | None:
    """Say which step the trace has not reached, unless it says that there is more than it may read."""
    if isinstance(error, OverLimitError):
        return None
    if step["end"] >= len(data) and not step["events"] and step["opcode"] != "STOP":
        return None  # the reference makes do with fewer bytes than announced, and has none left
    return f"the reference goes on to {step['opcode']} {plain(step['events'])}, and the trace ended: {error}"


def _lacking(step: dict[str, Any], ours: Step) -> str | None:
    """Say what a step did before it failed, and the trace does not tell.

    The number of arguments is not asked for: the reference stopped among them.
    """
    told = [event[:3] for event in events_of(ours)]
    lacking = [event for event in plain(step["events"]) if event[:3] not in told]
    return f"{ours!r} lacks {lacking}" if lacking else None


def _matters(pickle: dict[str, Any]) -> bool:
    """Tell whether what follows a STOP is more than padding: it ends well, or it does something."""
    acts = (event for step in pickle["steps"] for event in step["events"])
    return not pickle["error"] or any(
        event[0] == "call" or ".".join(event[1:]).isprintable() for event in acts
    )


def _difference(theirs: dict[str, Any], ours: Step) -> str | None:
    events = events_of(ours)
    pairs = [
        ("opcode", theirs["opcode"], ours.opcode),
        ("end", theirs["end"], ours.end),
        ("depth", theirs["depth"], ours.depth),
        ("events", plain(theirs["events"]), events),
    ]
    texts = [event[4:] for event in theirs["events"] if event[0] == "call" and len(event) > 4]
    if texts and ours.calls:
        pairs.append(("call", texts[0], [ours.calls.callable, ours.calls.text]))
    for what, expected, found in pairs:
        if expected != found:
            return (
                f"step {ours.index} {ours.opcode}: {what} is {found}, the reference says {expected}"
            )
    return None
