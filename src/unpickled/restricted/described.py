"""Tensors as a PyTorch pickle describes them: which storage, and how shape and strides lie over its numbers.

`torch._utils._rebuild_tensor_v2` and its kin of torch 2.13, read from the stand-ins of our tracer. What cannot be told
for certain is a `Described` with a problem, so that it is never passed over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from unpickled.pickles import Import
from unpickled.pickles.values import Persistent

__all__ = ["Described", "Rebuilding", "Single", "Storage", "note_storage"]

_TYPES = {
    "Double": "float64", "Float": "float32", "Half": "float16", "BFloat16": "bfloat16",
    "Long": "int64", "Int": "int32", "Short": "int16", "Char": "int8", "Byte": "uint8", "Bool": "bool",
    "ComplexFloat": "complex64", "ComplexDouble": "complex128", "Untyped": "uint8",
}  # fmt: skip
_CLASSES = {"torch.Tensor", "torch.nn.parameter.Parameter"}


class Storage(NamedTuple):
    """A run of numbers outside the pickle, as it is first named.

    Attributes:
        key: under which the file keeps it.
        dtype: the type of its elements; torch gives it to tensors that name none.
        elements: how many there are.
        start: where in the file's storage it begins, in elements; only legacy files have views.
    """

    key: str
    dtype: str
    elements: int
    start: int = 0


@dataclass(slots=True)
class Described:
    """A tensor as the pickle describes it; offset and strides in elements.

    Attributes:
        problem: why it cannot be told what it is; empty if it can.
        attributes: what is kept on it beside its numbers.
    """

    storage: Storage | None = None
    dtype: str = ""
    offset: int = 0
    shape: tuple[int, ...] = ()
    strides: tuple[int, ...] = ()
    problem: str = ""
    attributes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Single:
    """A value that is no tensor and holds none; `kind` is the name of its type."""

    kind: str


def note_storage(found: Persistent, storages: dict[str, Storage]) -> None:
    """Keep a storage when it is first named: torch makes it then, and what later names say of it does not count."""
    told = found.id
    if type(told) is not tuple or len(told) not in {5, 6} or told[0] != "storage":
        return
    kind, key, elements = told[1], told[2], told[4]
    known = type(kind) is Import and kind.module in {"torch", "torch.storage"}
    dtype = _TYPES.get(kind.name.removesuffix("Storage")) if known else None
    if dtype and type(key) is str and type(elements) is int and 0 <= elements < 1 << 48:
        storages.setdefault(key, Storage(key, dtype, elements))


class Rebuilding:
    """Reads the calls of torch's that make tensors.

    Args:
        storages: the storages by key, as they are first named.
        value: turns any other stand-in into what it stands for.
    """

    def __init__(self, storages: dict[str, Storage], value: Callable[[Any], Any]) -> None:
        self._storages, self._value = storages, value

    def tensor(self, name: str, arguments: tuple[Any, ...]) -> Described:
        """Read a call of torch's that makes a tensor."""
        if name == "torch._utils._rebuild_parameter" and len(arguments) == 3:
            return self._inner(arguments[0])
        if name == "torch._utils._rebuild_parameter_with_state" and len(arguments) == 4:
            return self._inner(arguments[0], arguments[3])
        if name == "torch._tensor._rebuild_from_type_v2" and len(arguments) == 4:
            function, kind, inner, state = arguments
            plain = type(kind) is Import and kind.text in _CLASSES
            if plain and type(function) is Import and type(inner) is tuple:
                return _with(self.tensor(function.text, inner), self._value(state))
        return self._rebuilt(name, arguments)

    def _rebuilt(self, name: str, arguments: tuple[Any, ...]) -> Described:
        if name == "torch._utils._rebuild_tensor_v2" and 6 <= len(arguments) <= 7:
            return self._plain(arguments[:4], None, arguments[6:])
        if name == "torch._utils._rebuild_tensor_v3" and 7 <= len(arguments) <= 8:
            return self._plain(arguments[:4], arguments[6], arguments[7:])
        if name == "torch._utils._rebuild_tensor" and len(arguments) == 4:
            return self._plain(arguments, None, ())
        return Described(problem=f"it is made by {name or 'something unknown'}")

    def _inner(self, given: Any, state: Any = None) -> Described:
        found = self._value(given)
        if type(found) is not Described:
            return Described(problem="it is a parameter without a tensor")
        return _with(found, {} if state is None else self._value(state))

    def _plain(self, where: tuple[Any, ...], dtype: Any, rest: tuple[Any, ...]) -> Described:
        given, offset, shape, strides = where
        bits = self._value(rest[0]) if rest else None
        if rest and bits != {} and bits != Single("NoneType"):
            return Described(problem="it is a conjugated or negated view")
        storage = self._storage(given)
        numbers = [offset, *shape, *strides] if type(shape) is type(strides) is tuple else [None]
        if any(type(n) is not int or not 0 <= n < 1 << 48 for n in numbers) or storage is None:
            return Described(problem="the pickle does not say where its numbers are")
        if len(shape) != len(strides):
            return Described(problem="it has not as many strides as dimensions")
        named = dtype.name if type(dtype) is Import and dtype.module == "torch" else ""
        if dtype is not None and not named:
            return Described(problem="the pickle does not say what its type is")
        return Described(storage, named or storage.dtype, offset, shape, strides)

    def _storage(self, given: Any) -> Storage | None:
        if type(given) is not Persistent or type(given.id) is not tuple or len(given.id) < 5:
            return None
        key, view = given.id[2], given.id[5] if len(given.id) == 6 else None
        storage = self._storages.get(key) if type(key) is str else None
        if storage is None or view is None:
            return storage
        numbers = view[1:] if type(view) is tuple and len(view) == 3 else ()
        if len(numbers) != 2 or any(type(n) is not int or n < 0 for n in numbers):
            return None
        return storage._replace(start=numbers[0], elements=numbers[1])


def _with(found: Described, state: Any) -> Described:
    """Return a tensor with the attributes that a state gives it."""
    if isinstance(state, dict):
        attributes = {str(key): one for key, one in state.items()}
        return replace(found, attributes=attributes)
    return found if isinstance(state, Single) else Described(problem="its state is no dict")
