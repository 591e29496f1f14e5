"""The proof: each tensor that the model's pickle describes was written, with its type, its shape and its bytes.

Neither torch nor the child that used it has a word in this. The pickle is followed by our tracer, the storages are read
where the archive keeps them, the written file is read by its header, and numpy lays strides over the bytes.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from unpickled.restricted.contents import SIZES, Contents, UnprovedError, open_model
from unpickled.restricted.described import Described, Single
from unpickled.restricted.naming import NamingError, Reader, Taken, take
from unpickled.restricted.tree import Entries
from unpickled.restricted.written import Written, WrittenTensor, open_written

__all__ = ["Proved", "prove", "tied_names"]

_BLOCK = 4 << 20  # elements that are compared at once
_LEFT = 200
_UNSIGNED = {1: np.uint8, 2: np.uint16, 4: np.uint32, 8: np.uint64}

_READER = Reader(
    is_tensor=lambda value: type(value) is Described,
    attributes=lambda value: getattr(value, "attributes", {}),
    kind=lambda value: value.kind if type(value) is Single else _container(value),
)


class Proved(NamedTuple):
    """What was compared and found equal.

    Attributes:
        tensors: how many.
        bytes: of their numbers together.
        part: the key of the model's part that was taken; empty for the whole.
        left: what the model holds beside tensors, or beside that part, as `name: type`; the first of it.
        left_total: how much of that there is.
        tied: pairs of names that are one tensor in the model and two in the file: the second, the first.
        tied_bytes: the room that their copies take.
    """

    tensors: int
    bytes: int
    part: str
    left: list[str]
    left_total: int
    tied: list[tuple[str, str]]
    tied_bytes: int


def prove(model: Path, written: Path, *, part: str = "", everything: bool = False) -> Proved:
    """Compare every tensor.

    Args:
        model: a PyTorch file, zip or legacy.
        written: the safetensors file that was made of it.
        part: as in `naming.take`.
        everything: as in `naming.take`.

    Raises:
        UnprovedError: they are not equal, or it cannot be told whether they are.
    """
    with open_model(model) as contents, open_written(written) as found:
        try:
            taken = take(contents.root, _READER, part=part, everything=everything)
        except NamingError as error:
            raise UnprovedError(str(error)) from error
        tied = tied_names(taken.tensors)
        _compare_names(taken, found, tied)
        for name, tensor in taken.tensors.items():
            _compare(name, tensor, found.tensors[name], contents)
        sizes = {name: len(one.data) for name, one in found.tensors.items()}
    return Proved(
        len(sizes),
        sum(sizes.values()),
        taken.part,
        taken.left[:_LEFT],
        len(taken.left),
        list(tied.items()),
        sum(sizes[name] for name in tied),
    )


def tied_names(tensors: dict[str, Described]) -> dict[str, str]:
    """Return the names of tensors that are the very same as one with an earlier name, and that name."""
    first: dict[Any, str] = {}
    tied: dict[str, str] = {}
    for name, one in tensors.items():
        if one.storage is not None and 0 not in one.shape:
            place = one.storage.start * SIZES[one.storage.dtype]
            place += one.offset * SIZES.get(one.dtype, 0)
            same = (one.storage.key, place, one.dtype, one.shape, one.strides)
            kept = first.setdefault(same, name)
            if kept != name:
                tied[name] = kept
    return tied


def _compare_names(taken: Taken, found: Written, tied: dict[str, str]) -> None:
    missing = [name for name in taken.tensors if name not in found.tensors]
    more = [name for name in found.tensors if name not in taken.tensors]
    for names, what in (
        (missing, "was not written"),
        (more, "was written, and is not in the model"),
    ):
        if names:
            raise UnprovedError(f"{names[0][:80]!r} {what} ({len(names)} such)")
    if found.metadata != {**tied, "format": "pt"}:
        raise UnprovedError("the metadata that was written is not what belongs there")


def _compare(name: str, tensor: Described, written: WrittenTensor, contents: Contents) -> None:
    if tensor.problem:
        raise UnprovedError(f"{name[:80]!r} cannot be followed: {tensor.problem}")
    if (tensor.dtype, tensor.shape) != (written.dtype, written.shape):
        raise UnprovedError(f"{name[:80]!r} is of another type or shape in what was written")
    if len(written.data) and not _same(_laid_out(tensor, contents), _flat(written, tensor.dtype)):
        raise UnprovedError(f"{name[:80]!r} has other numbers in what was written")


def _laid_out(tensor: Described, contents: Contents) -> Any:
    """Return the tensor's numbers as unsigned integers of the same width, with its strides over the storage."""
    width = SIZES[tensor.dtype]
    numbers = contents.numbers(tensor)
    last = tensor.offset + sum(
        (n - 1) * s for n, s in zip(tensor.shape, tensor.strides, strict=True)
    )
    if (last + 1) * width > len(numbers):
        raise UnprovedError("a tensor reaches beyond its storage")
    base = np.frombuffer(numbers, _UNSIGNED[width], count=len(numbers) // width)[tensor.offset :]
    strides = [stride * width for stride in tensor.strides]
    return np.lib.stride_tricks.as_strided(base, tensor.shape, strides, writeable=False)


def _flat(written: WrittenTensor, dtype: str) -> Any:
    return np.frombuffer(written.data, _UNSIGNED[SIZES[dtype]]).reshape(written.shape)


def _same(one: Any, other: Any) -> bool:
    """Compare in blocks, so that no copy is larger than a few of them."""
    if one.size <= _BLOCK:
        return bool(np.array_equal(one, other))
    if len(one) == 1:
        return _same(one[0], other[0])
    half = len(one) // 2
    return _same(one[:half], other[:half]) and _same(one[half:], other[half:])


def _container(value: object) -> str:
    return "dict" if type(value) is Entries else type(value).__name__
