"""Tensors and arrays as a pickle describes them: names by the keys that lead there, shapes and types from the calls."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from unpickled.pickles import Call, Import
from unpickled.pickles.values import Dict, List, Persistent, additions
from unpickled.weights.parsers.found import Found, RefusedError, Storage

__all__ = ["TYPES", "Walk", "entries", "note_storage", "width_of"]

_DEPTH = 40
_ENTRIES = 300_000
_NAME = 300  # characters
_PLAIN = frozenset({"_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3"})
_WITH_STORAGE = _PLAIN | {"_rebuild_qtensor"}  # storage, offset, size, stride, …
_AROUND = frozenset({"_rebuild_parameter", "_rebuild_parameter_with_state"})  # of a tensor
_SPARSE = {2: ("indices", "values"), 3: ("compressed_indices", "plain_indices", "values")}
_MAKERS = frozenset({"torch._utils", "torch._tensor", "torch.nn.parameter"})
_MADE = re.compile(r"_rebuild_\w+|Uninitialized\w+")
TYPES = {  # names of storages, and of the element types that they hold
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
_BITS = re.compile(r"q?(?:b?float|u?int|complex)(\d+)")


class Walk:
    """Goes through what pickles leave on the stack, and adds the tensors to what is found.

    Args:
        found: what is added to; of its `kept`, the tensors that the file describes apart from the pickle.
        arrays: the steps of calls that stand for arrays of joblib's.

    Attributes:
        places: of these, by their step, the names that lead to them.
    """

    def __init__(self, found: Found, arrays: frozenset[int] = frozenset()) -> None:
        self._found, self._arrays = found, arrays
        self._left = _ENTRIES
        self._unlisted: Counter[str] = Counter()
        self.places: dict[int, str] = {}

    def through(self, roots: list[Any], where: str) -> None:
        """Add the tensors of some objects; those that cannot be described are counted.

        Raises:
            RefusedError: there is too much in them, or a tensor that there cannot be.
        """
        for root in roots:
            self._value(root, "", _DEPTH)
        if self._unlisted:
            count = sum(self._unlisted.values())
            noun = "tensor is" if count == 1 else "tensors are"
            made = ", ".join(list(self._unlisted)[:5])
            text = f"{count:,} {noun} not listed; made by {made}, which is not read here."
            self._found.risk("closed", where, text)
            self._unlisted.clear()

    def _value(self, value: Any, name: str, depth: int) -> None:
        """Look at dicts, lists, tuples and objects, one in the other."""
        self._left -= 1
        if self._left < 0:
            raise RefusedError(f"it holds more than {_ENTRIES:,} objects, one in the other")
        if not depth:
            return
        if type(value) is Persistent and str(value.id)[:_NAME] in self._found.kept:
            self._found.tensor(name, *self._found.kept[str(value.id)[:_NAME]])
        elif type(value) is Call and value.step in self._arrays:
            self.places.setdefault(value.step, name)
        elif type(value) is Call and _makes_tensors(value):
            self._made(value.function, value.arguments, name, depth)
        else:
            for key, inner in entries(value):
                self._value(inner, _below(name, str(key)), depth - 1)

    def _made(self, function: Import, given: tuple[Any, ...], name: str, depth: int) -> None:
        """Read a call of torch's that makes a tensor, by the function's own name."""
        if not depth:
            return
        own = function.name
        if own in _WITH_STORAGE:
            self._found.tensor(name, *_described(given, name))
        elif own in _AROUND and given:
            self._value(given[0], name, depth - 1)
        elif own == "_rebuild_from_type_v2" and len(given) == 4 and _is_maker(given[0]):
            inner = given[2] if type(given[2]) is tuple else ()
            self._made(given[0], inner, name, depth - 1)
        elif own == "_rebuild_sparse_tensor" and len(given) == 2 and type(given[1]) is tuple:
            parts = [part for part in given[1] if type(part) is Call and _makes_tensors(part)]
            for label, part in zip(_SPARSE.get(len(parts), ()), parts, strict=False):
                self._value(part, _below(name, label), depth - 1)
            if len(parts) not in _SPARSE:
                self._unlisted[function.text] += 1
        else:
            self._unlisted[function.text[:_NAME]] += 1


def _below(name: str, key: str) -> str:
    return f"{name}.{key}"[:_NAME] if name else key[:_NAME]


def _is_maker(function: Any) -> bool:
    known = type(function) is Import and function.module in _MAKERS
    return known and _MADE.fullmatch(function.name) is not None


def _makes_tensors(call: Call) -> bool:
    return _is_maker(call.function) and isinstance(call.arguments, tuple) and not call.method


def entries(value: Any) -> Iterator[tuple[object, Any]]:
    """Yield what is in a stand-in, with its keys: a dict's, a list's, a tuple's, or an object's items and state."""
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
                    yield from entries(entry[1])


def _described(arguments: tuple[Any, ...], name: str) -> tuple[str, list[int], int | None]:
    """Return type, shape and bytes as `_rebuild_tensor_v2(storage, offset, size, stride, …)` has them."""
    shape = arguments[2] if len(arguments) > 2 and isinstance(arguments[2], tuple) else ()
    numbers = [n for n in shape if type(n) is int and 0 <= n < 1 << 40]
    if len(numbers) < len(shape):
        raise RefusedError(f"the shape of {name[:60]!r} is impossible")
    dtype = _dtype(arguments)
    width = width_of(dtype)
    return dtype, numbers, math.prod(numbers) * width if width else None


def width_of(dtype: str) -> int:
    """Return the bytes of an element; 0 where that is not known."""
    bits = _BITS.match(dtype)
    return int(bits[1]) // 8 if bits else int(dtype == "bool")


def note_storage(storage: Persistent, found: Found) -> None:
    """Keep how many elements a storage has, and of what size: `("storage", type, key, location, elements)`.

    A storage that is named again may have another type then; PyTorch counts its elements by the first.
    """
    entry = storage.id
    if not isinstance(entry, tuple) or len(entry) < 5 or type(entry[1]) is not Import:
        return
    width = max(1, width_of(_plain(entry[1].name)))
    if type(entry[4]) is int and 0 <= entry[4] < 1 << 48:
        found.storages.setdefault(str(entry[2]), Storage(entry[4], width))


def _plain(storage: str) -> str:
    """Return the element type of a storage class: `FloatStorage` holds float32."""
    plain = storage.removesuffix("Storage").lower()
    return TYPES.get(plain, plain)


def _dtype(arguments: tuple[Any, ...]) -> str:
    """Return the element type: the class of the storage, `FloatStorage`, or a dtype that is named apart."""
    for value in arguments[6:]:
        if type(value) is Import and value.module == "torch":
            return value.name
    storage = arguments[0] if arguments else None
    if type(storage) is Persistent and isinstance(storage.id, tuple) and len(storage.id) > 1:
        kind = storage.id[1]
        if type(kind) is Import:
            return _plain(kind.name)
    return "unknown"
