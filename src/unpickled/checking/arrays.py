"""What NumPy and joblib rebuild arrays with, held to the letter; and joblib's numbers, cut out of its stream.

A dtype or an array that is given another state than the libraries write could make NumPy take numbers for pointers, so
nothing is taken that only resembles it. Forms: `numpy.lib.format` (NEP 1), `ndarray.__reduce__` and `dtype.__reduce__`
of numpy 2.2, `joblib.numpy_pickle.NumpyArrayWrapper` of joblib 1.6.
"""

from __future__ import annotations

import math
import re
from typing import Any

from unpickled.errors import TraceError
from unpickled.pickles import Call, Import, Limits, Tracing
from unpickled.pickles.values import Dict, List, additions

__all__ = ["NAMES", "objects_at", "rebuilds", "without_numbers"]

_NDARRAY = Import("numpy", "ndarray")
_DTYPE = Import("numpy", "dtype")
_RECONSTRUCT = (
    Import("numpy._core.multiarray", "_reconstruct"),
    Import("numpy.core.multiarray", "_reconstruct"),
)
_WRAPPER = Import("joblib.numpy_pickle", "NumpyArrayWrapper")
NAMES = frozenset({_NDARRAY, _DTYPE, *_RECONSTRUCT, _WRAPPER})
"""What they import."""

_CODE = re.compile(r"[fiu](?:1|2|4|8)|b1|O8")
_HEADER = re.compile(
    rb"\{'descr': '(?:[<|][fiub][1248]|(?P<objects>\|O))', 'fortran_order': (?:True|False), "
    rb"'shape': \((?:\d{1,9}, ?)*(?:\d{1,9})?\), \} *\n"
)
_WRAPPED = ("subclass", "shape", "order", "dtype", "allow_mmap")
_ALIGNED = "numpy_array_alignment_bytes"  # since joblib 1.2
_ARRAYS = 64  # of one stream
_LIMITS = Limits(opcodes=1_000_000, text=4_000)


def objects_at(data: bytes) -> int | None:
    """Return where the pickle of an npy of objects begins, 0 for an npy of numbers, None for any other header."""
    if not data.startswith(b"\x93NUMPY\x01\x00"):
        return None
    start = 10 + int.from_bytes(data[8:10], "little")
    header = _HEADER.fullmatch(data[10:start])
    if header is None:
        return None
    return start if header["objects"] else 0


def rebuilds(call: Call) -> bool:
    """Tell whether a call does no more than rebuild an array, in the one form in which the libraries write it."""
    made, given = call.function, call.arguments
    if call.keywords is not None:
        return False
    if type(made) is Import:
        return _makes(made, call.method, given)
    if call.method != "__setstate__" or type(made) is not Call or type(given) is not tuple:
        return False
    states = {_DTYPE: _dtype_state, **dict.fromkeys(_RECONSTRUCT, _array_state)}
    if made.function == _WRAPPER and made.method == "__new__":
        return _numbers(call) >= 0
    check = states.get(made.function) if type(made.function) is Import else None
    return check is not None and not made.method and len(given) == 1 and check(made, given[0])


def _makes(function: Import, method: str, given: Any) -> bool:
    if function == _WRAPPER:
        return method == "__new__" and given == ()
    if method:
        return False
    if function == _DTYPE:
        return _same(given, (_code(given), False, True)) and bool(_code(given))
    return function in _RECONSTRUCT and _same(given, (_NDARRAY, (0,), b"b"))


def _code(given: Any) -> str:
    """Return the code of a dtype's arguments, `i8` say; empty if it is none that arrays of numbers or objects have."""
    code = given[0] if type(given) is tuple and given else ""
    return code if type(code) is str and _CODE.fullmatch(code) else ""


def _same(given: Any, wanted: tuple[Any, ...]) -> bool:
    """Tell whether two tuples are equal, types and all: `True` is no 1."""
    if type(given) is not tuple or len(given) != len(wanted):
        return False
    pairs = zip(given, wanted, strict=True)
    return all(
        _same(one, other) if type(other) is tuple else type(one) is type(other) and one == other
        for one, other in pairs
    )


def _dtype_state(made: Call, state: Any) -> bool:
    code = _code(made.arguments)
    order, flags = ("|", 63) if code == "O8" else ("|" if code[-1:] == "1" else "<", 0)
    return _same(state, (3, order, None, None, None, -1, -1, flags))


def _array_state(_made: Call, state: Any) -> bool:
    """Check version, shape, dtype, order and content: as many objects or bytes as the shape says."""
    if type(state) is not tuple or len(state) != 5 or type(state[3]) is not bool:
        return False
    version, shape, dtype, _, content = state
    if version != 1 or not _is_shape(shape) or not _is_dtype(dtype):
        return False
    code, count = _code(dtype.arguments), math.prod(shape)
    if code == "O8":
        return type(content) is List and (content[-1] if content else 0) == count
    return type(content) is bytes and len(content) == count * int(code[1:])


def _is_shape(shape: Any) -> bool:
    return (
        type(shape) is tuple
        and len(shape) <= 8
        and all(type(side) is int and 0 <= side < 1 << 31 for side in shape)
    )


def _is_dtype(dtype: Any) -> bool:
    return type(dtype) is Call and dtype.function == _DTYPE and bool(_code(dtype.arguments))


def _numbers(call: Call) -> int:
    """Return how many bytes of numbers follow the BUILD of joblib's wrapper, padding left out; -1 if it may not be.

    Arrays of objects may not: another pickle follows those.
    """
    state = _wrapped(call.arguments)
    if set(state) not in ({*_WRAPPED}, {*_WRAPPED, _ALIGNED}):
        return -1
    dtype, shape = state["dtype"], state["shape"]
    plain = state["subclass"] == _NDARRAY and state["order"] in ("C", "F")
    if not plain or not _is_shape(shape) or not _is_dtype(dtype):
        return -1
    code = _code(dtype.arguments)
    padded = type(state.get(_ALIGNED)) in (int, type(None))
    if code == "O8" or type(state["allow_mmap"]) is not bool or not padded:
        return -1
    return int(math.prod(shape)) * int(code[1:])


def _wrapped(given: Any) -> dict[Any, Any]:
    """Return the state of a wrapper; empty if it is no dict of texts, or has a key twice."""
    if type(given) is not tuple or len(given) != 1 or type(given[0]) is not Dict:
        return {}
    flat = [entry for _, values, _ in additions(given[0]) for entry in values]
    keys = flat[::2]
    if len(flat) % 2 or not all(type(key) is str for key in keys) or len({*keys}) != len(keys):
        return {}
    return dict(zip(keys, flat[1::2], strict=True))


def without_numbers(data: bytes) -> bytes:
    """Return a joblib stream without the raw numbers between its opcodes: a pickle that can be read to its end.

    Where an array is not as joblib writes it, the stream stays as it is from there on, and whoever reads it stops. It
    ends behind an array inside a FRAME: joblib reads the numbers behind the frame, and then goes on in it.
    """
    for index in range(_ARRAYS):
        gap = _gap(data, index)
        if gap is None:
            break
        data = data[: gap[0]] + data[gap[1] :]
    return data


def _gap(data: bytes, index: int) -> tuple[int, int] | None:
    """Return from where to where the numbers of the wrapper with that number stand; None if there is no such one."""
    seen = framed = 0
    try:
        for step in Tracing(data, _LIMITS):
            call = step.calls
            if step.opcode == "FRAME":
                framed = step.end + step.arg
            if step.opcode == "STOP":
                return None
            if call is None or step.opcode != "BUILD" or not _is_wrapper(call.function):
                continue
            size = _numbers(call)
            if size < 0:
                return None
            if framed > step.end:
                return step.end, len(data)
            if seen == index:
                aligned = _wrapped(call.arguments).get(_ALIGNED) is not None
                padding = 1 + data[step.end] if aligned and step.end < len(data) else 0
                end = step.end + padding + size
                return (step.end, end) if end <= len(data) else None
            seen += 1
    except TraceError:
        pass
    return None


def _is_wrapper(made: Any) -> bool:
    return type(made) is Call and made.function == _WRAPPER
