"""Pickles inside a file: what they import, told by our tracer; and the tensors that a PyTorch pickle describes."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from mmap import MAP_ANONYMOUS, MAP_PRIVATE, mmap
from pathlib import Path
from typing import Any, NamedTuple, cast

from unpickled.errors import TraceError
from unpickled.pickles import Limits, Tracing
from unpickled.pickles.values import Persistent
from unpickled.weights.inside import Piece, inside
from unpickled.weights.parsers.arrays import Arrays, UnreadError
from unpickled.weights.parsers.found import Found, RefusedError
from unpickled.weights.parsers.tensors import Walk, entries, note_storage

__all__ = [
    "Place",
    "Read",
    "names_told",
    "note_rest",
    "tell_pickle",
    "tell_pieces",
    "trace_pickles",
]

_MAPPED = (
    1 << 40
)  # bytes, most of them numbers; how many opcodes and how much time is what bounds a trace
_LIMITS = Limits(
    bytes=_MAPPED, opcodes=3_000_000, stack=200_000, memo=600_000, items=50_000, text=300
)
_SHOWN = 12


def tell_pieces(
    path: Path, found: Found, *, whole: bool = False, known: Collection[str] = ()
) -> int:
    """Look into a file and everything packed in it, and tell each pickle and what could not be opened.

    Args:
        path: the file.
        found: what is added to.
        whole: it is one pickle, plain or compressed, of which nothing may be amiss.
        known: members that were looked into already.

    Returns:
        Where the last pickle ends, in its own bytes.

    Raises:
        RefusedError: the file itself is a pickle that is damaged or over a limit, or cannot be unpacked.
    """
    end = 0
    for piece in inside(path, known=known):
        if piece.kind == "closed":
            if whole or not piece.where:
                raise RefusedError(piece.problem)
            found.risk("closed", piece.where, f"It was not looked into: {piece.problem}.")
        elif piece.kind == "pickle":
            end = _piece(piece, found, whole=whole)
    return end


def _piece(piece: Piece, found: Found, *, whole: bool) -> int:
    try:
        place = Place(piece.where, piece.start, piece.pickles, piece.format == "joblib")
        return tell_pickle(piece.data, place, found)
    except RefusedError as refused:
        if whole or not piece.where:
            raise
        found.risk("closed", piece.where, f"Its pickle was not read to its end: {refused}.")
        return 0


class Place(NamedTuple):
    """Where a pickle is.

    Attributes:
        where: the member that holds it; empty for the whole file.
        start: its offset there.
        most: how many pickles are read; 0 for all.
        arrays: whether the numbers of arrays stand between its opcodes, as joblib writes them.
        end: where the member ends, if its bytes are part of something larger.
    """

    where: str
    start: int = 0
    most: int = 1
    arrays: bool = False
    end: int | None = None


def tell_pickle(data: bytes | mmap, place: Place, found: Found) -> int:
    """Trace a pickle, tell what it imports, and list its tensors.

    Args:
        data: the bytes. With arrays in it, either bytes or a private map: that is written to.
        place: where the pickle is.
        found: what is added to.

    Returns:
        The offset just after the last pickle that was read.

    Raises:
        RefusedError: it is damaged, ends too early or is over a limit.
    """
    if place.arrays:
        read, arrays = _with_arrays(data, place, found)
    else:
        read, arrays = trace_pickles(data, place), None
    for value in read.persistent:
        note_storage(value, found)
    listed = entries(read.roots[-1]) if read.roots else ()
    found.order = [key for _, key in listed if isinstance(key, str)]
    found.tell(f"{place.where} pickle protocol".strip(), read.protocol)
    text = f"A pickle: loading it runs what it names. It imports {names_told(read)}."
    found.risk("pickle", place.where, text)
    if read.roots and place.most <= 1:
        note_rest(read.end, len(data) if place.end is None else place.end, place.where, found)
    walk = Walk(found, frozenset(arrays.found) if arrays else frozenset())
    walk.through(read.roots, place.where)
    for number, (step, array) in enumerate(arrays.found.items() if arrays else (), 1):
        found.tensor(walk.places.get(step, f"(array {number})"), *array)
    return read.end


def names_told(read: Read) -> str:
    """Return the first names that pickles import, and how many more there are."""
    names = list(read.names)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return (", ".join(names[:_SHOWN]) or "nothing") + more


def note_rest(at: int, end: int, where: str, found: Found) -> None:
    """Note that bytes follow what a loader reads."""
    if at < end:
        told = "1 byte follows" if end - at == 1 else f"{end - at:,} bytes follow"
        text = f"{told} its end: loaders leave that unread, and it was not read here."
        found.risk("closed", where, text)


def _with_arrays(data: bytes | mmap, place: Place, found: Found) -> tuple[Read, Arrays]:
    """Trace a pickle of joblib's over the numbers in it, as far as their lengths are known."""
    own = data
    if isinstance(data, bytes):
        own = mmap(-1, max(1, len(data)), flags=MAP_PRIVATE | MAP_ANONYMOUS)
        own[: len(data)] = data
    read = Read()

    def nested(at: int) -> int:
        inner = trace_pickles(own, Place(place.where, at))
        read.names.update(inner.names)
        return inner.end

    arrays = Arrays(cast("mmap", own), nested)
    try:
        _follow(Tracing(own, _LIMITS, place.start), place.most, read, arrays)
    except UnreadError as unread:
        found.risk("closed", f"{place.where} byte {read.end:,}".strip(), str(unread))
    except TraceError as error:
        raise _broken(error) from error
    return read, arrays


def trace_pickles(data: bytes | mmap, place: Place) -> Read:
    """Trace pickles without telling of them.

    Raises:
        RefusedError: they are damaged, end too early or are over a limit.
    """
    read = Read()
    try:
        _follow(Tracing(data, _LIMITS, place.start), place.most, read)
    except TraceError as error:
        raise _broken(error) from error
    if len(read.roots) < place.most:
        raise RefusedError(f"it is cut off: {len(read.roots)} of {place.most} pickles are there")
    if place.end is not None and read.end > place.end:
        raise RefusedError("its pickle goes on behind the end of its member")
    return read


def _broken(error: TraceError) -> RefusedError:
    return RefusedError(f"its pickle breaks off at {error.place}: {error.problem}")


@dataclass(slots=True)
class Read:
    """What was gathered from a pickle's steps: imports, storages, finished objects, the stack's top, the end."""

    names: dict[str, int] = field(default_factory=dict)
    persistent: list[Persistent] = field(default_factory=list)
    roots: list[Any] = field(default_factory=list)
    top: Any = None
    protocol: int = 0
    end: int = 0


def _follow(tracing: Tracing, most: int, read: Read, arrays: Arrays | None = None) -> None:
    for step in tracing:
        read.end = step.end
        if step.imports:
            read.names.setdefault(step.imports.text, step.index)
        if step.opcode == "PROTO":
            read.protocol = max(read.protocol, step.arg)
        if step.opcode == "FRAME" and arrays:
            arrays.framed = step.end + step.arg
        if step.opcode == "STOP":
            read.roots.append(read.top)
            if most and len(read.roots) >= most:
                return
        elif tracing.machine.stack:
            read.top = tracing.machine.stack[-1]
            if step.opcode in {"PERSID", "BINPERSID"} and type(read.top) is Persistent:
                read.persistent.append(read.top)
            elif arrays and step.opcode == "BUILD":
                arrays.built(read.top, step.end)
