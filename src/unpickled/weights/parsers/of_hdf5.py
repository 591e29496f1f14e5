"""HDF5, as Keras writes it: groups, datasets and attributes by h5py; no link is followed, no number is read.

The format has no pickle, but PyTables, and with it `pandas.read_hdf`, unpickles attributes that look like one and the
items of an array of objects; so those are told.

Formats: https://docs.hdfgroup.org/hdf5/v1_14/_f_m_t3.html (superblock), PyTables' `attributeset.py` and `vlarray.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from unpickled.errors import TraceError
from unpickled.pickles import Limits, trace
from unpickled.weights.opening import opening
from unpickled.weights.parsers.architecture import decode, lambdas
from unpickled.weights.parsers.found import Found, RefusedError
from unpickled.weights.parsers.pickled import note_rest

__all__ = ["read", "walk"]

_OBJECTS = 200_000
_DEPTH = 60
_ATTRIBUTE = 16 << 20  # bytes
_OPCODES = 10_000  # what goes on for longer is a pickle anyway
_SUPERBLOCK = 96  # bytes, at least as long as any


def read(path: Path, found: Found) -> None:
    """Walk the file from its root."""
    with h5py.File(path, "r") as file:
        walk(file, found)
        start = int(file.userblock_size)
    with path.open("rb") as raw:
        if any(raw.read(start)):
            text = f"{start:,} bytes stand before it: HDF5 leaves them unread, and so it was here."
            found.risk("closed", "", text)
        note_rest(_end(raw.read(_SUPERBLOCK)), path.stat().st_size, "", found)


def _end(block: bytes) -> int:
    """Return where the file ends by its own word, the superblock's."""
    version = block[8]
    width, at = (block[13], 24 + 4 * version) if version < 2 else (block[9], 12)
    at += 2 * width  # the base address, and another one
    return int.from_bytes(block[at : at + width], "little")


def walk(file: Any, found: Found) -> None:
    """Tell attributes, datasets and links; hard links to what was seen are passed by."""
    _attributes(file, "", found)
    seen = {_address(file)}
    waiting = [(file, "", 0)]
    while waiting:
        group, where, depth = waiting.pop()
        if depth > _DEPTH:
            raise RefusedError("its groups are nested too deep")
        for name in group:
            place = f"{where}/{name}" if where else name
            if not _is_here(group.get(name, getlink=True), place, found):
                continue
            thing = group[name]
            address = _address(thing)
            if address in seen:
                continue
            seen.add(address)
            if len(seen) > _OBJECTS:
                raise RefusedError(f"it has more than {_OBJECTS:,} objects")
            if isinstance(thing, h5py.Group):
                _attributes(thing, place, found)
                waiting.append((thing, place, depth + 1))
                continue
            for label, value in _values(thing, place):
                _unpickled(label, value, found)
            if isinstance(thing, h5py.Dataset):
                _dataset(thing, place, found)


def _is_here(link: Any, place: str, found: Found) -> bool:
    if isinstance(link, h5py.ExternalLink):
        text = f"A link into another file, {link.filename!r}; it was not followed."
        found.risk("external", place, text)
    return isinstance(link, h5py.HardLink)


def _address(thing: Any) -> int:
    return int(h5py.h5o.get_info(thing.id).addr)


def _dataset(data: Any, place: str, found: Found) -> None:
    kind = "text" if h5py.check_string_dtype(data.dtype) else str(data.dtype)
    size = None if data.shape is None else int(data.size) * int(data.dtype.itemsize)
    found.tensor(place, kind, data.shape or (), size)
    for file, *_ in data.external or ():
        found.risk("external", place, f"Its numbers are in another file, {file!r}; not opened.")
    if data.is_virtual:
        for source in data.virtual_sources()[:10]:
            if source.file_name != ".":
                text = f"It is put together from another file, {source.file_name!r}; not opened."
                found.risk("external", place, text)


def _attributes(group: Any, place: str, found: Found) -> None:
    """Tell a group's attributes; the architecture of a Keras model is looked through for code."""
    for label, value in _values(group, place):
        _unpickled(label, value, found)
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        found.tell(label, text)
        name = label.rpartition("@")[2]
        if name in {"model_config", "layer_config"} and isinstance(text, str):
            lambdas(decode(text, name), label, found)


def _values(thing: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Yield the attributes of a group, a dataset or a named type."""
    for name in thing.attrs:
        label = f"{place}@{name}" if place else name
        attribute = h5py.h5a.open(thing.id, name.encode("utf-8", "surrogateescape"))
        if attribute.get_storage_size() > _ATTRIBUTE:
            raise RefusedError(
                f"its attribute {label[:60]!r} is over the limit of {_ATTRIBUTE:,} bytes"
            )
        yield label, thing.attrs[name]


def _unpickled(label: str, value: Any, found: Found) -> None:
    """Tell an attribute that PyTables unpickles, or that has it unpickle what it stands at."""
    data = _bytes(value)
    if label.endswith("PSEUDOATOM") and data.rstrip(b"\0") == b"object":
        text = "An array of Python objects: each item is a pickle, and PyTables runs it."
        found.risk("objects", label, text)
    elif opening(data, len(data)) or _imports(data):
        text = "A pickle in an attribute: PyTables, and pandas.read_hdf with it, runs it."
        found.risk("pickle", label, text)


def _imports(data: bytes) -> bool:
    """Whether PyTables, which tries whatever ends with a full stop, comes as far as a name, and be it nonsense then."""
    if not data.rstrip(b"\0").endswith(b"."):
        return False
    try:
        return any(step.imports for step in trace(data, limits=Limits(opcodes=_OPCODES)))
    except TraceError:
        return False


def _bytes(value: Any) -> bytes:
    if isinstance(value, str):
        return value.encode("utf-8", "surrogateescape")
    array = np.asarray(value)
    return array.tobytes() if array.dtype.kind in "SVbiu" else b""
