"""HDF5, as Keras writes it: groups, datasets and attributes by h5py; no link is followed, no number is read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py

from unpickled.weights.parsers.architecture import decode, lambdas
from unpickled.weights.parsers.found import Found, RefusedError

__all__ = ["read", "walk"]

_OBJECTS = 200_000
_DEPTH = 60
_ATTRIBUTE = 16 << 20  # bytes


def read(path: Path, found: Found) -> None:
    """Walk the file from its root."""
    with h5py.File(path, "r") as file:
        walk(file, found)


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
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                text = f"A link into another file, {link.filename!r}; it was not followed."
                found.risk("external", place, text)
            if not isinstance(link, h5py.HardLink):
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
            elif isinstance(thing, h5py.Dataset):
                _dataset(thing, place, found)


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
    for name in group.attrs:
        label = f"{place}@{name}" if place else name
        if (
            h5py.h5a.open(group.id, name.encode("utf-8", "surrogateescape")).get_storage_size()
            > _ATTRIBUTE
        ):
            raise RefusedError(
                f"its attribute {label[:60]!r} is over the limit of {_ATTRIBUTE:,} bytes"
            )
        value = group.attrs[name]
        if isinstance(value, bytes):
            value = value.decode("utf-8", "replace")
        found.tell(label, value)
        if name in {"model_config", "layer_config"} and isinstance(value, str):
            lambdas(decode(value, name), label, found)
