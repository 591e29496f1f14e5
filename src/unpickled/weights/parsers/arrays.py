"""The numbers that joblib writes between the opcodes of a pickle: measured, and covered so that the trace goes on.

Form: `joblib.numpy_pickle.NumpyArrayWrapper` of joblib 1.6. After the BUILD that gives a wrapper its state, joblib
reads the array: perhaps a byte that counts the padding, the padding, the numbers; of an array of objects, a pickle.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Callable
from mmap import mmap
from typing import Any, NamedTuple

from unpickled.pickles import Call, Import
from unpickled.pickles.values import additions
from unpickled.weights.parsers.found import RefusedError
from unpickled.weights.parsers.tensors import entries

__all__ = ["Array", "Arrays", "UnreadError"]

_WRAPPER = Import("joblib.numpy_pickle", "NumpyArrayWrapper")
_REBUILT = (Import("copyreg", "_reconstructor"), Import("copy_reg", "_reconstructor"))
_CODE = re.compile(r"(?:[fiuc]\d{1,2}|b1)")
_STATE = (None, None, None, -1, -1, 0)  # of a plain dtype, behind its version and byte order
_SKIP = struct.Struct("<cQ")  # BINBYTES8


class UnreadError(Exception):
    """An array follows whose length cannot be told, so nothing behind it can be read; the message is a sentence."""


class Array(NamedTuple):
    """An array in a stream of joblib's."""

    dtype: str
    shape: tuple[int, ...]
    bytes: int | None


class Arrays:
    """Watches a trace for arrays, and covers the numbers of each before the trace reaches them.

    Args:
        data: the stream, in memory of its own: it is written to.
        nested: traces a pickle in it from an offset on, and returns where it ends.

    Attributes:
        found: the arrays, by the step of the call that stands for each.
        framed: the offset up to which the current FRAME reaches.
    """

    def __init__(self, data: mmap, nested: Callable[[int], int]) -> None:
        self._data, self._nested = data, nested
        self.found: dict[int, Array] = {}
        self.framed = 0

    def built(self, top: Any, at: int) -> None:
        """Take note of a BUILD, of which `top` is the result, and whose opcode ends at offset `at`.

        Raises:
            UnreadError: an array of unknown length follows.
            RefusedError: there are fewer numbers than it says.
        """
        if type(top) is not Call or not _is_wrapper(top):
            return
        if top.step in self.found:
            raise UnreadError("An array is changed after it was made; what follows was not read.")
        if self.framed > at:
            raise UnreadError("An array stands inside a FRAME; what follows was not read.")
        state = _state(top)
        shape, dtype = state.get("shape"), state.get("dtype")
        if not isinstance(shape, tuple) or not all(
            type(n) is int and 0 <= n < 1 << 40 for n in shape
        ):
            raise RefusedError("it does not say what array follows")
        code = _code(dtype)
        if code == "O8":
            self.found[top.step] = Array("object", shape, None)
            end = self._nested(at)
        elif not _CODE.fullmatch(code) or not _is_plain(dtype):
            self.found[top.step] = Array(code or "unknown", shape, None)
            raise UnreadError(
                "An array of unknown length follows; neither it nor what comes after it was read."
            )
        else:
            wanted = math.prod(shape) * int(code[1:])
            self.found[top.step] = Array(code, shape, wanted)
            start = at + self._padding(state.get("numpy_array_alignment_bytes"), at)
            end = start + wanted
            if end > len(self._data):
                there = max(0, len(self._data) - start)
                raise RefusedError(
                    f"it is cut off: {there:,} of {wanted:,} bytes of numbers are there"
                )
        self._cover(at, end)

    def _padding(self, aligned: Any, at: int) -> int:
        return 0 if aligned is None else 1 + int.from_bytes(self._data[at : at + 1], "little")

    def _cover(self, start: int, end: int) -> None:
        """Write opcodes over a stretch that put something on the stack and take it off again."""
        length = end - start
        if length == 1:
            raise UnreadError("An array of one byte follows; what comes after it was not read.")
        if length > _SKIP.size:
            self._data[start : start + _SKIP.size] = _SKIP.pack(b"\x8e", length - _SKIP.size - 1)
            self._data[end - 1 : end] = b"0"
        elif length:
            odd = b"K\x000" if length % 2 else b""
            self._data[start:end] = odd + b"N0" * ((length - len(odd)) // 2)


def _state(made: Call) -> dict[str, Any]:
    """Return what an object was given by BUILD."""
    state: dict[str, Any] = {}
    for _, values, _ in additions(made.log):
        for entry in values:
            if isinstance(entry, tuple) and entry[0] == "state":
                state.update((k, v) for k, v in entries(entry[1]) if isinstance(k, str))
    return state


def _is_wrapper(call: Call) -> bool:
    """Tell whether a call makes a wrapper: by its class, or as protocols 0 and 1 make an object."""
    if call.function in _REBUILT and type(call.arguments) is tuple:
        return call.arguments[:1] == (_WRAPPER,)
    return bool(call.function == _WRAPPER)


def _code(dtype: Any) -> str:
    if type(dtype) is not Call or dtype.function != Import("numpy", "dtype"):
        return ""
    given = dtype.arguments
    return given[0] if type(given) is tuple and given and isinstance(given[0], str) else ""


def _is_plain(dtype: Any) -> bool:
    """Tell whether a dtype has the state of a number's: another one could change what is read for an element."""
    states = [entry for _, values, _ in additions(dtype.log) for entry in values]
    return all(
        isinstance(entry, tuple)
        and entry[0] == "state"
        and type(entry[1]) is tuple
        and entry[1][2:] == _STATE
        for entry in states
    )
