"""PyTorch and other pickles: the zip's directory, the pickle by our tracer, and no byte of any tensor."""

from __future__ import annotations

import mmap
from pathlib import Path
from typing import BinaryIO

from unpickled.weights.parsers.architecture import look_through
from unpickled.weights.parsers.found import Found, RefusedError
from unpickled.weights.parsers.of_archives import members, opened
from unpickled.weights.parsers.pickled import Place, note_rest, tell_pickle, tell_pieces

__all__ = ["read_joblib", "read_legacy", "read_pickles", "read_zip"]

_PICKLE = 64 << 20  # bytes; 100,000 tensors have about 20 MB
_SMALL = 200
_COUNT = 8  # bytes before the numbers of each storage of a legacy file


def read_zip(path: Path, found: Found) -> None:
    """Read `data.pkl`, `constants.pkl` and the code of a TorchScript program, and whatever else opens as a pickle.

    Torch finds members by their names without regard to case, so this does too; `open_zip` refuses what comes twice.
    """
    sizes: dict[str, int] = {}
    known: set[str] = set()
    with path.open("rb") as file, opened(file) as archive:
        for member in members(archive):
            name = member.filename.lower()
            sizes[name] = member.file_size
            leaf = name.rpartition("/")[2]
            if leaf in {"version", "byteorder", ".format_version"} and member.file_size < _SMALL:
                value = archive.read(member).decode("ascii", "replace").strip()
                found.tell(leaf.lstrip("."), value)
            elif "/code/" in name and leaf.endswith(".py"):
                text = "A TorchScript program: loading the file makes it ready to run."
                place = member.filename[: name.index("/code/") + len("/code")]
                found.risk("code", place, text)
            elif leaf.endswith(".pkl"):
                if member.file_size > _PICKLE:
                    raise RefusedError(f"its {leaf} is over the limit of {_PICKLE:,} bytes")
                with archive.open(member) as stream:
                    data = stream.read(_PICKLE + 1)
                tell_pickle(data, Place(member.filename), found)
                known.add(member.filename)
        look_through(archive, found)
    _require_storages(sizes, found)
    tell_pieces(path, found, known=known)


def _require_storages(sizes: dict[str, int], found: Found) -> None:
    """Hold the storages that the pickles name against the members.

    Raises:
        RefusedError: one is missing or too short.
    """
    root = next((name.removesuffix("data.pkl") for name in sizes if name.endswith("/data.pkl")), "")
    for key, storage in found.storages.items():
        wanted = storage.bytes
        there = sizes.get(f"{root}data/{key}".lower(), -1)
        if there < wanted:
            told = "is not there" if there < 0 else f"has {there:,} of {wanted:,} bytes"
            raise RefusedError(f"its member 'data/{key[:40]}', which its tensors need, {told}")


def read_pickles(path: Path, found: Found) -> None:
    """Read a raw pickle, several in a row, or a compressed one."""
    tell_pieces(path, found, whole=True)


def read_joblib(path: Path, found: Found) -> None:
    """Read a pickle with the numbers of arrays between its opcodes; of the map no byte reaches the file."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY) as view:
        tell_pickle(view, Place("", most=1, arrays=True), found)


def read_legacy(path: Path, found: Found) -> None:
    """Read the pickles at the start; the numbers follow, and are only measured."""
    end = tell_pieces(path, found, whole=True)
    if len(found.order) < len(found.storages):
        raise RefusedError(
            f"it lists {len(found.order):,} storages, and its tensors need {len(found.storages):,}"
        )
    size = path.stat().st_size
    with path.open("rb") as file:
        for key in found.order:
            end = _past_storage(file, end, size, key, found)
    note_rest(end, size, "", found)


def _past_storage(file: BinaryIO, at: int, size: int, key: str, found: Found) -> int:
    """Step over one storage: how many elements (8 bytes), then their numbers (`torch.serialization._legacy_save`).

    Returns:
        The offset of the next one.

    Raises:
        RefusedError: it is not whole, or not what the pickle says.
    """
    storage = found.storages.get(key)
    if storage is None:
        raise RefusedError(f"it lists a storage {key[:40]!r}, and no tensor has it")
    wanted = _COUNT + storage.bytes
    if at + wanted > size:
        place = f"storage {found.order.index(key) + 1:,} of {len(found.order):,}"
        raise RefusedError(
            f"it is cut off in {place}: {max(0, size - at):,} of {wanted:,} bytes are there"
        )
    file.seek(at)
    count = int.from_bytes(file.read(_COUNT), "little")
    if count != storage.elements:
        told = f"says that it has {count:,} elements, and its pickle {storage.elements:,}"
        raise RefusedError(f"its storage {key[:40]!r} {told}")
    return at + wanted
