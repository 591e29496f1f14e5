"""`.keras`: a zip with the architecture as JSON and the weights as HDF5; and what in an architecture is code."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

from unpickled.weights.parsers.found import Found, RefusedError
from unpickled.weights.parsers.of_archives import members, opened, start_of

__all__ = ["lambdas", "read"]

_JSON = 16 << 20
_CODE = frozenset({"Lambda", "__lambda__", "TFOpLambda", "SlicingOpLambda"})


def read(path: Path, found: Found) -> None:
    """Read the two JSON members, and the HDF5 inside where it stands uncompressed, as Keras writes it."""
    with path.open("rb") as file, opened(file) as archive:
        for member in members(archive):
            if member.filename in {"config.json", "metadata.json"}:
                _json(archive, member, found)
            elif member.filename.endswith((".h5", ".hdf5")):
                _weights(file, member, found)
            elif member.filename.endswith((".pkl", ".pickle", ".npz", ".npy", ".py")):
                found.risk("closed", member.filename, "A member that this format has no use for.")


def _json(archive: zipfile.ZipFile, member: zipfile.ZipInfo, found: Found) -> None:
    with archive.open(member) as stream:
        text = stream.read(_JSON + 1)
    if len(text) > _JSON:
        raise RefusedError(f"its {member.filename} is over the limit of {_JSON:,} bytes")
    value = json.loads(text)
    if member.filename == "config.json":
        lambdas(value, member.filename, found)
    elif isinstance(value, dict):
        for name, entry in value.items():
            found.tell(name, entry)


def lambdas(value: Any, where: str, found: Found) -> None:
    """Look through an architecture for layers that carry Python code."""
    waiting = [value]
    while waiting:
        this = waiting.pop()
        if isinstance(this, list):
            waiting += this
        if not isinstance(this, dict):
            continue
        waiting += this.values()
        name = this.get("class_name")
        if isinstance(name, str) and name in _CODE:
            inner = this.get("config")
            layer = inner.get("name", "") if isinstance(inner, dict) else ""
            text = (
                f"A {name} layer {layer!r}: it may carry Python code, which loading brings to life."
            )
            found.risk("lambda", where, text)


def _weights(file: BinaryIO, member: zipfile.ZipInfo, found: Found) -> None:
    if member.compress_type != zipfile.ZIP_STORED:
        found.risk("closed", member.filename, "It is compressed, so its tensors are not listed.")
        return
    import h5py  # noqa: PLC0415 - not every model has weights

    from unpickled.weights.parsers.of_hdf5 import walk  # noqa: PLC0415 - the two know each other

    with h5py.File(_Window(file, start_of(file, member), member.file_size), "r") as inner:
        walk(inner, found)


class _Window(io.RawIOBase):
    """A stretch of a file, as a file of its own."""

    def __init__(self, file: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._file, self._start, self._size, self._at = file, start, size, 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move, as every file does."""
        self._at = max(0, (0, self._at, self._size)[whence] + offset)
        return self._at

    def tell(self) -> int:
        """Return where it stands."""
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer as far as the stretch goes."""
        self._file.seek(self._start + self._at)
        data = self._file.read(max(0, min(len(buffer), self._size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
