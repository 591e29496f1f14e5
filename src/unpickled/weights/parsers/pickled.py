"""Pickles inside a file: what they import, told by our tracer; and the tensors that a PyTorch pickle describes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from mmap import mmap
from pathlib import Path
from typing import Any, NamedTuple

from unpickled.errors import TraceError
from unpickled.pickles import Call, Import, Limits, Tracing
from unpickled.pickles.values import Dict, List, Persistent, additions
from unpickled.weights.inside import Piece, inside
from unpickled.weights.parsers.found import Found, RefusedError, Storage

__all__ = ["Place", "tell_pickle", "tell_pieces"]

_LIMITS = Limits(opcodes=3_000_000, stack=200_000, memo=600_000, items=50_000, text=300)
_SHOWN = 12
_DEPTH = 40
_ENTRIES = 300_000
_NAME = 300  # characters
_WRAPPER = "joblib.numpy_pickle.NumpyArrayWrapper"
_TYPES = {  # names of storages, and of the element types that they hold
    "double": "float64",
    "float": "float32",
    "half": "float16",
    "long": "int64",
    "int": "int32",
    "short": "int16",
    "char": "int8",
    "byte": "uint8",
    "complexdouble": "complex128",
    "complexfloat": "complex64",
}
_BITS = re.compile(r"(?:b?float|u?int|complex)(\d+)")


def tell_pieces(path: Path, found: Found, *, whole: bool = False) -> int:
    """Look into a file and everything packed in it, and tell each pickle and what could not be opened.

    Args:
        path: the file.
        found: what is added to.
        whole: it is one pickle, plain or compressed, of which nothing may be amiss.

    Returns:
        Where the last pickle ends, in its own bytes.

    Raises:
        RefusedError: the file itself is a pickle that is damaged or over a limit, or cannot be unpacked.
    """
    end = 0
    for piece in inside(path):
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
        arrays: whether the numbers of arrays stand between its opcodes, as joblib writes them. It is read up to the
            first, and said so.
    """

    where: str
    start: int = 0
    most: int = 1
    arrays: bool = False


def tell_pickle(data: bytes | mmap, place: Place, found: Found) -> int:
    """Trace a pickle, tell what it imports, and list its tensors.

    Returns:
        The offset just after the last pickle that was read.

    Raises:
        RefusedError: it is damaged, ends too early or is over a limit.
    """
    where = place.where
    read = _Read()
    names = read.names
    try:
        _follow(Tracing(data, _LIMITS, place.start), place.most, read)
    except TraceError as error:
        if not place.arrays or _WRAPPER not in names:
            problem = f"its pickle breaks off at {error.place}: {error.problem}"
            raise RefusedError(problem) from error
        _first_array(read, len(data), found)
        text = "The numbers of an array follow; neither they nor what comes after them was read."
        found.risk("closed", f"{where} {error.place}".strip(), text)
    else:
        if len(read.roots) < place.most:
            raise RefusedError(
                f"it is cut off: {len(read.roots)} of {place.most} pickles are there"
            )
    for value in read.persistent:
        _note_storage(value, found)
    listed = _entries(read.roots[-1]) if read.roots else ()
    found.order = [key for _, key in listed if isinstance(key, str)]
    found.tell(f"{where} pickle protocol".strip(), read.protocol)
    shown = ", ".join(list(names)[:_SHOWN]) or "nothing"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    text = f"A pickle: loading it runs what it names. It imports {shown}{more}."
    found.risk("pickle", where, text)
    for root in read.roots:
        for name, tensor in _tensors(root, "", [_ENTRIES], _DEPTH):
            _tell(name, tensor, found)
    return read.end


@dataclass(slots=True)
class _Read:
    """What was gathered from a pickle's steps: imports, storages, finished objects, the stack's top, the end."""

    names: dict[str, int] = field(default_factory=dict)
    persistent: list[Persistent] = field(default_factory=list)
    roots: list[Any] = field(default_factory=list)
    top: Any = None
    protocol: int = 0
    end: int = 0


def _follow(tracing: Tracing, most: int, read: _Read) -> None:
    for step in tracing:
        read.end = step.end
        if step.imports:
            read.names.setdefault(step.imports.text, step.index)
        if step.opcode == "PROTO":
            read.protocol = max(read.protocol, step.arg)
        if step.opcode == "STOP":
            read.roots.append(read.top)
            if most and len(read.roots) >= most:
                return
        elif tracing.machine.stack:
            read.top = tracing.machine.stack[-1]
            if step.opcode in {"PERSID", "BINPERSID"} and type(read.top) is Persistent:
                read.persistent.append(read.top)


def _first_array(read: _Read, size: int, found: Found) -> None:
    """Add the array whose numbers come next, from what its wrapper was given.

    Raises:
        RefusedError: there are fewer numbers than it says.
    """
    state: dict[Any, Any] = {}
    if type(read.top) is Call:
        for _, values, _ in additions(read.top.log):
            for entry in values:
                if isinstance(entry, tuple) and entry[0] == "state":
                    state.update(_entries(entry[1]))
    shape, dtype = state.get("shape"), state.get("dtype")
    if not isinstance(shape, tuple) or not all(type(n) is int and 0 <= n < 1 << 40 for n in shape):
        raise RefusedError("it does not say what array follows")
    code = dtype.arguments[0] if type(dtype) is Call and dtype.arguments else ""
    digits = re.fullmatch(r"[a-zA-Z](\d{1,4})", code) if isinstance(code, str) else None
    wanted = math.prod(shape) * int(digits[1]) if digits else None
    found.tensor("(first array)", str(code), shape, wanted)
    if wanted is not None and read.end + wanted > size:
        raise RefusedError(
            f"it is cut off: {size - read.end:,} of {wanted:,} bytes of numbers are there"
        )


def _tensors(value: Any, name: str, left: list[int], depth: int) -> Iterator[tuple[str, Call]]:
    """Yield the tensors in nested dicts, lists, tuples and objects, with the keys that lead to them."""
    left[0] -= 1
    if left[0] < 0:
        raise RefusedError(f"it holds more than {_ENTRIES:,} objects, one in the other")
    if not depth:
        return
    if _is_call(value, "_rebuild_parameter") and value.arguments:
        yield from _tensors(value.arguments[0], name, left, depth - 1)
    elif _is_call(value, "_rebuild_tensor_v2", "_rebuild_tensor_v3", "_rebuild_tensor"):
        yield name, value
    else:
        for key, inner in _entries(value):
            yield from _tensors(
                inner, f"{name}.{key}"[:_NAME] if name else str(key)[:_NAME], left, depth - 1
            )


def _is_call(value: Any, *names: str) -> bool:
    if type(value) is not Call or type(value.function) is not Import:
        return False
    function = value.function
    known = function.module == "torch._utils" and function.name in names
    return known and isinstance(value.arguments, tuple) and not value.method


def _entries(value: Any) -> Iterator[tuple[object, Any]]:
    if type(value) is Dict:
        flat = [entry for _, values, _ in additions(value) for entry in values]
        yield from zip(flat[::2], flat[1::2], strict=False)
    elif type(value) is List:
        yield from enumerate(entry for _, values, _ in additions(value) for entry in values)
    elif type(value) is tuple:
        yield from enumerate(value)
    elif type(value) is Call:
        for _, values, _ in additions(value.log):
            for entry in values:
                if isinstance(entry, tuple) and len(entry) == 3 and entry[0] == "item":
                    yield entry[1], entry[2]
                elif isinstance(entry, tuple) and entry[0] == "state":
                    yield from _entries(entry[1])


def _tell(name: str, call: Call, found: Found) -> None:
    """Add a tensor as `_rebuild_tensor_v2(storage, offset, size, stride, …)` describes it."""
    arguments = call.arguments
    shape = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], tuple) else ()
    numbers = [n for n in shape if type(n) is int and 0 <= n < 1 << 40]
    if len(numbers) < len(shape):
        raise RefusedError(f"the shape of {name[:60]!r} is impossible")
    dtype = _dtype(arguments)
    bits = _BITS.match(dtype)
    width = int(bits[1]) // 8 if bits else int(dtype == "bool")
    found.tensor(name, dtype, numbers, math.prod(numbers) * width if width else None)


def _note_storage(storage: Persistent, found: Found) -> None:
    """Keep how many elements a storage has, and of what size: `("storage", type, key, location, elements)`.

    A storage that is named again may have another type then; PyTorch counts its elements by the first.
    """
    entry = storage.id
    if not isinstance(entry, tuple) or len(entry) < 5 or type(entry[1]) is not Import:
        return
    plain = entry[1].name.removesuffix("Storage").lower()
    bits = _BITS.match(_TYPES.get(plain, plain).removeprefix("q"))
    width = int(bits[1]) // 8 if bits else 1
    if type(entry[4]) is int and 0 <= entry[4] < 1 << 48:
        found.storages.setdefault(str(entry[2]), Storage(entry[4], width))


def _dtype(arguments: tuple[Any, ...]) -> str:
    """Return the element type: the class of the storage, `FloatStorage`, or a dtype that is named apart."""
    for value in arguments[6:]:
        if type(value) is Import and value.module == "torch":
            return value.name
    storage = arguments[0] if arguments else None
    if type(storage) is Persistent and isinstance(storage.id, tuple) and len(storage.id) > 1:
        kind = storage.id[1]
        if type(kind) is Import:
            plain = kind.name.removesuffix("Storage").lower()
            return _TYPES.get(plain, plain)
    return "unknown"
