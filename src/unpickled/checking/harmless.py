"""What a file would do if it were loaded, told from its opcodes: nothing but the harmless canary, or something else.

The canary is `os.mkdir` of one folder. Beside it only what tensors are rebuilt with may be called. Whatever cannot be
read to its end counts as something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from unpickled.checking.arrays import NAMES, rebuilds
from unpickled.errors import TraceError
from unpickled.pickles import Call, Import, Limits, Tracing
from unpickled.weights import pieces

__all__ = ["Deeds", "deeds", "first_pickle", "in_workspace", "rebuilds_data"]

_MKDIR = frozenset({("os", "mkdir"), ("posix", "mkdir"), ("nt", "mkdir")})
_ORDERED = ("collections", "OrderedDict")
_TENSOR = ("torch._utils", "_rebuild_tensor_v2")
_REBUILD = frozenset({_ORDERED, _TENSOR, ("torch._utils", "_rebuild_parameter")})
_STORAGE = re.compile(r"[A-Z][A-Za-z0-9]{2,20}Storage")
_FILLING = frozenset({"__setitem__", "__setstate__"})
_WORKSPACE = re.compile(r"unpickled-[\w-]+")
_SHAPELESS = {"unknown", "text"}
_LIMITS = Limits(opcodes=1_000_000, text=4_000)


@dataclass(frozen=True, slots=True)
class Deeds:
    """What loading would do.

    Attributes:
        folders: the folders that canaries would make, in order.
        tensors: how many tensors would be rebuilt.
        pickles: how many pickles were read, over all members; `pickle.load` reads the first of a file alone.
        problems: everything else that would happen or cannot be told, as parts of sentences.
    """

    folders: tuple[str, ...]
    tensors: int
    problems: tuple[str, ...]
    pickles: int

    @property
    def harmless(self) -> bool:
        """Whether nothing would happen but canaries and tensors."""
        return not self.problems


def deeds(data: bytes, name: str = "") -> Deeds:
    """Tell what every pickle inside a file would do. Nothing is loaded.

    Args:
        data: the file.
        name: what it is called.
    """
    found = _Found()
    for piece in pieces(data, name):
        if piece.kind == "closed":
            found.problems.append(f"{piece.where or 'it'} cannot be opened: {piece.problem}")
        if piece.kind == "nothing" and not piece.where and piece.format in _SHAPELESS:
            found.read(data, 0, 1)  # a loader that takes it for a pickle all the same
        if piece.kind == "pickle":
            found.read(bytes(piece.data), piece.start, piece.pickles)
    return found.told()


def first_pickle(data: bytes, start: int = 0, *, arrays: bool = False) -> Deeds:
    """Tell what one pickle would do: the one that `pickle.load` loads.

    Args:
        data: where it is.
        start: where it begins.
        arrays: whether NumPy's and joblib's own way of rebuilding arrays is harmless too.
    """
    found = _Found(arrays=arrays)
    found.read(data, start, 1)
    return found.told()


def in_workspace(folder: str) -> bool:
    """Tell whether a folder's path is one directly inside a workspace of the lab, judged by its text alone."""
    parts = [part for part in re.split(r"[/\\]", folder) if part]
    absolute = folder.startswith("/") or folder[1:3] in {":\\", ":/"}
    plain = ".." not in parts and "." not in parts
    return absolute and plain and len(parts) > 2 and bool(_WORKSPACE.fullmatch(parts[-2]))


def rebuilds_data(call: Call, *, arrays: bool = True) -> bool:
    """Tell whether a call has its part in rebuilding data alone: a tensor, an ordered dict, an array.

    What is not known to have has none.

    Args:
        call: the call, as it was traced.
        arrays: whether NumPy's and joblib's own way of rebuilding arrays counts.
    """
    function = call.function
    if arrays and rebuilds(call):
        return True
    if type(function) is Import and not call.method:
        return function in _REBUILD
    return _fills(function, call.method)


class _Found:
    def __init__(self, *, arrays: bool = False) -> None:
        self.arrays = arrays
        self.folders: list[str] = []
        self.tensors = 0
        self.pickles = 0
        self.problems: list[str] = []

    def told(self) -> Deeds:
        problems = tuple(dict.fromkeys(self.problems))
        return Deeds(tuple(self.folders), self.tensors, problems, self.pickles)

    def read(self, data: bytes, start: int, most: int) -> None:
        """Read the pickles from `start` on: `most` of them, or all for 0."""
        stops = 0
        tracing = Tracing(data, _LIMITS, start)
        try:
            for step in tracing:
                if step.imports and not (self.arrays and step.imports in NAMES):
                    self.problems += _stranger(step.imports)
                if step.calls:
                    self._call(step.calls)
                if step.opcode == "STOP":
                    stops += 1
                    self.pickles += 1
                    if stops == most:
                        return
        except TraceError as error:
            self.problems.append(f"it cannot be read to its end ({error.problem})")
        if tracing.trailing:
            self.problems.append(
                f"behind its last pickle it goes on, {tracing.trailing:,} bytes long"
            )

    def _call(self, call: Call) -> None:
        function = call.function
        named = type(function) is Import and not call.method
        if rebuilds_data(call, arrays=self.arrays):
            self.tensors += named and function == _TENSOR
        elif named and function in _MKDIR:
            self.problems += self._mkdir(call)
        else:
            self.problems.append(f"it would call {call.callable}")

    def _mkdir(self, call: Call) -> Iterator[str]:
        given = call.arguments
        if type(given) is tuple and len(given) == 1 and type(given[0]) is str and not call.keywords:
            self.folders.append(given[0])
        else:
            yield f"it would call {call.text}, with more than the path of one folder"


def _fills(function: Any, method: str) -> bool:
    """Tell whether a call only fills an OrderedDict that the pickle itself has made."""
    made = type(function) is Call and not function.method and function.function == _ORDERED
    return made and method in _FILLING


def _stranger(name: Import) -> Iterator[str]:
    storage = name.module == "torch" and _STORAGE.fullmatch(name.name)
    if tuple(name) not in _MKDIR | _REBUILD and not storage:
        yield f"it would import {name.text}"
