"""`.keras`: a zip with the architecture as JSON and the weights as HDF5, or as npz."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any, BinaryIO

from unpickled.weights.parsers.architecture import ARCHITECTURE, decode, lambdas, member_text
from unpickled.weights.parsers.found import Found
from unpickled.weights.parsers.of_archives import members, opened, start_of
from unpickled.weights.parsers.pickled import tell_pieces

__all__ = ["read"]

_NPZ = "model.weights.npz"  # Keras takes weights from it, too


def read(path: Path, found: Found) -> None:
    """Read the two JSON members, and the HDF5 inside where it stands uncompressed, as Keras writes it."""
    with path.open("rb") as file, opened(file) as archive:
        for member in members(archive):
            if member.filename in {ARCHITECTURE, "metadata.json"}:
                _json(archive, member, found)
            elif member.filename.endswith((".h5", ".hdf5")):
                _weights(file, member, found)
            elif member.filename == _NPZ:
                found.risk("closed", _NPZ, "Weights as npz: its arrays are not listed.")
            elif member.filename.endswith((".pkl", ".pickle", ".npz", ".npy", ".py")):
                found.risk("closed", member.filename, "A member that this format has no use for.")
    tell_pieces(path, found)


def _json(archive: zipfile.ZipFile, member: zipfile.ZipInfo, found: Found) -> None:
    value = decode(member_text(archive, member), member.filename)
    if member.filename == ARCHITECTURE:
        lambdas(value, member.filename, found)
    elif isinstance(value, dict):
        for name, entry in value.items():
            found.tell(name, entry)


def _weights(file: BinaryIO, member: zipfile.ZipInfo, found: Found) -> None:
    if member.compress_type != zipfile.ZIP_STORED:
        found.risk("closed", member.filename, "It is compressed, so its tensors are not listed.")
        return
    import h5py  # noqa: PLC0415 - not every model has weights

    from unpickled.weights.parsers.of_hdf5 import walk  # noqa: PLC0415 - it needs h5py

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
