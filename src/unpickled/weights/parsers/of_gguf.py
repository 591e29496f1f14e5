"""GGUF: metadata and tensor descriptions, read by the `gguf` package over a map of the file.

That reader has had advisories of its own, so it runs here with limits and nothing around it.
"""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from typing import Any

from unpickled.weights.parsers.found import Found, RefusedError

__all__ = ["read"]

_COUNT = 1_000_000  # tensors, or entries of metadata
_LEAST = (24, 13)  # bytes that a tensor or an entry takes, at least
_ITEMS = 8  # of an array, that are shown


def read(path: Path, found: Found) -> None:
    """Check the counts first: the reader would try as many as the header promises."""
    _check_counts(path)
    from gguf import GGUFReader  # noqa: PLC0415 - it takes longer to import than the check

    try:
        reader = GGUFReader(path)
    except KeyError as error:
        told = str(error.args[0]) if error.args else ""
        name = told.removeprefix("Duplicate ").partition(" already")[0]
        if told.startswith("Duplicate"):
            raise RefusedError(f"its header has the key {name[:60]!r} twice") from error
        raise
    except IndexError as error:
        raise RefusedError("it ends within its header, or a length in it is false") from error
    for name, field in reader.fields.items():
        if not name.startswith("GGUF."):
            found.tell(name, _value(field))
        if "chat_template" in name:
            found.risk("template", name, "A chat template: whoever runs the model executes it.")
    for tensor in reader.tensors:
        shape = [int(number) for number in tensor.shape]
        found.tensor(tensor.name, tensor.tensor_type.name, shape, int(tensor.n_bytes))


def _check_counts(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(24)
    if len(head) < 24:
        raise RefusedError("it ends within its header")
    order = "<" if struct.unpack_from("<I", head, 4)[0] & 0xFFFF else ">"
    size = path.stat().st_size
    counts = struct.unpack_from(f"{order}2Q", head, 8)
    for what, least, count in zip(("tensors", "entries"), _LEAST, counts, strict=True):
        if count > _COUNT:
            raise RefusedError(
                f"its header promises {count:,} {what}, over the limit of {_COUNT:,}"
            )
        if count * least > size:
            raise RefusedError(f"its header promises {count:,} {what}, for which it has no room")


def _value(field: Any) -> object:
    """Return a value; of an array its length and first items."""
    if field.types and field.types[0].name == "ARRAY":
        kind = field.types[1].name.lower() if len(field.types) > 1 else "nothing"
        first: object = []
        with contextlib.suppress(IndexError, ValueError, TypeError):
            first = field.contents(slice(0, _ITEMS)) if field.data else []
        return f"{len(field.data):,} of {kind}: {first}"
    return field.contents()
