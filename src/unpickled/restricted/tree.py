"""What a PyTorch pickle describes, read from our tracer's steps: dicts, lists, and where each tensor's numbers lie.

The same object that `torch.load` would return, without torch and without loading: tensors are `Described`, other values
are `Single`.
"""

from __future__ import annotations

from mmap import mmap
from typing import Any, NamedTuple

from unpickled.errors import TraceError
from unpickled.pickles import Call, Import, Limits, Tracing
from unpickled.pickles.values import ATOMS, Cropped, Dict, List, Set, additions
from unpickled.restricted.described import Described, Rebuilding, Single, Storage, note_storage

__all__ = [
    "Described",
    "Entries",
    "Pickles",
    "Single",
    "Storage",
    "describe",
    "items",
    "read_pickles",
]

_LIMITS = Limits(opcodes=3_000_000, stack=200_000, memo=600_000, items=3_000_000, text=2_000)
_PLAIN_CALLS = {
    "torch.Size": "Size",
    "torch.device": "device",
    "torch.serialization._get_layout": "layout",
    "_codecs.encode": "bytes",
    "builtins.complex": "complex",
    "builtins.bytearray": "bytearray",
    "__builtin__.complex": "complex",
    "__builtin__.bytearray": "bytearray",
}
"""Calls that make values without tensors, and the types of these; torch's unpickler lets them pass."""


class Entries(dict[Any, Any]):
    """A dict, with what is kept on it beside its entries: a state dict has its layers' versions there."""

    attributes: dict[str, Any]


class Pickles(NamedTuple):
    """What several pickles in a row leave on the stack, as stand-ins.

    Attributes:
        tops: one for each pickle.
        storages: the runs of numbers that they name, by key.
        end: the offset behind the last.
    """

    tops: list[Any]
    storages: dict[str, Storage]
    end: int


def read_pickles(data: bytes | mmap, count: int) -> Pickles:
    """Read the first pickles in `data`.

    Raises:
        TraceError: they are damaged, or over a limit.
    """
    tracing, found, top = Tracing(data, _LIMITS), Pickles([], {}, 0), None
    for step in tracing:
        if step.opcode == "BINPERSID":
            note_storage(tracing.machine.stack[-1], found.storages)
        elif step.opcode == "STOP":
            found.tops.append(top)
            if len(found.tops) == count:
                return found._replace(end=step.end)
        top = tracing.machine.stack[-1] if tracing.machine.stack else None
    raise TraceError(0, f"only {len(found.tops)} of {count} pickles are there")


def describe(top: Any, storages: dict[str, Storage]) -> Any:
    """Turn the stand-in of an object into dicts, lists, `Described` tensors and `Single` values.

    Raises:
        TraceError: a container in it is made in a way that none is.
        RecursionError: it is nested too deep.
    """
    return _Tree(storages).value(top)


def items(given: Any) -> list[Any]:
    """Return the entries of a list or tuple as they stand in the pickle.

    Raises:
        TraceError: it is neither.
    """
    if type(given) is tuple:
        return list(given)
    if type(given) is not List:
        raise TraceError(0, "something in it is made of what is no list")
    return [one for _, values, _ in additions(given) for one in values]


class _Tree:
    """Turns stand-ins into dicts, lists, tensors and single values; each once, however often it is used."""

    def __init__(self, storages: dict[str, Storage]) -> None:
        self._tensors = Rebuilding(storages, self.value)
        self._made: dict[int, Any] = {}

    def value(self, given: Any) -> Any:
        if type(given) in ATOMS:
            return Single(type(given).__name__)
        if id(given) not in self._made:
            self._build(given)
        return self._made[id(given)]

    def _build(self, given: Any) -> None:
        """Make a container before its entries, which may hold it."""
        if type(given) is Dict:
            made = self._made[id(given)] = Entries()
            made.attributes = {}
            flat = [one for _, values, _ in additions(given) for one in values]
            self._fill(made, zip(flat[::2], flat[1::2], strict=True))
        elif type(given) is List:
            entries: list[Any] = []
            self._made[id(given)] = entries
            entries += map(self.value, items(given))
        elif type(given) is tuple:
            self._made[id(given)] = tuple(map(self.value, given))
        elif type(given) is Call:
            self._call(given)
        elif type(given) is Import and given.module == "torch":
            self._made[id(given)] = Single(given.name)
        elif type(given) is Cropped or given == Set():
            self._made[id(given)] = Single(given.kind if type(given) is Cropped else "set")
        else:
            kind = type(given).__name__.lower()
            self._made[id(given)] = Described(problem=f"the pickle has a {kind} there")

    def _fill(self, made: Entries, pairs: Any) -> None:
        for key, one in pairs:
            try:
                made[key] = self.value(one)
            except TypeError:  # what stands for a list cannot be a key, and neither can a list
                made[_NoKey(len(made))] = self.value(one)

    def _call(self, call: Call) -> None:
        name = call.function.text if type(call.function) is Import and not call.method else ""
        arguments = call.arguments if type(call.arguments) is tuple else ()
        if name == "collections.OrderedDict" and call.opcode == "REDUCE":
            made = self._made[id(call)] = Entries()
            self._ordered(made, call, arguments)
        elif name in _PLAIN_CALLS and not call.log:
            self._made[id(call)] = Single(_PLAIN_CALLS[name])
        elif name == "collections.Counter" and len(arguments) == 1 and not call.log:
            self._made[id(call)] = self.value(arguments[0])
        elif name in {"builtins.set", "__builtin__.set"} and len(arguments) == 1 and not call.log:
            self._made[id(call)] = self._members(arguments[0])
        elif call.log:
            self._made[id(call)] = Described(problem="the pickle changes it after it was made")
        else:
            self._made[id(call)] = self._tensors.tensor(name, arguments)

    def _ordered(self, made: Entries, call: Call, arguments: tuple[Any, ...]) -> None:
        """Fill an ordered dict: from a list of pairs, as Python 2 wrote it, and from what is stored in it."""
        made.attributes = {}
        for pair in items(arguments[0]) if arguments else ():
            self._fill(made, [items(pair)])
        for _, values, _ in additions(call.log):
            for what, *given in values:
                if what == "item":
                    self._fill(made, [given])
                elif what == "state" and isinstance(state := self.value(given[0]), dict):
                    made.attributes |= {str(key): one for key, one in state.items()}
                else:
                    raise TraceError(0, "a dict in it is changed in a way that none is")

    def _members(self, given: Any) -> Any:
        plain = all(type(self.value(one)) is Single for one in items(given))
        return Single("set") if plain else Described(problem="it is a set of tensors")


class _NoKey(NamedTuple):
    """A key that is none of ours: a tensor below it has no name."""

    number: int
