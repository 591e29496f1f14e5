"""Zip and tar files by their directory alone: which format, which members, at a bounded cost."""

from __future__ import annotations

import struct
import tarfile
import zipfile
from typing import BinaryIO

__all__ = ["MEMBERS", "ZIP_ERRORS", "is_tar", "open_zip", "tar_names", "zip_kind", "zip_problem"]

MEMBERS = 20_000
_DIRECTORY = 16 << 20  # bytes of central directory; a torch file with 10,000 tensors has about 1 MB
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
ZIP_ERRORS = (
    zipfile.BadZipFile,
    NotImplementedError,  # a compression method that Python lacks
    RuntimeError,  # an encrypted member
    OSError,
    EOFError,
    ValueError,
    struct.error,
    KeyError,
    IndexError,
    OverflowError,
    MemoryError,
)


def zip_problem(file: BinaryIO) -> str:
    """Tell why a zip's directory is not worth reading (none, or too large); empty if it is."""
    try:
        entries, size = _directory(file)
    except (OSError, struct.error, ValueError):
        return "its directory is missing or damaged"
    if entries > MEMBERS or size > _DIRECTORY:
        return f"its directory is over the limit of {MEMBERS:,} members"
    return ""


def _directory(file: BinaryIO) -> tuple[int, int]:
    """Read the end record (and its 64-bit form): number of entries, size of the directory in bytes."""
    size = file.seek(0, 2)
    start = file.seek(max(0, size - 65_557))
    tail = file.read(65_557)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0:
        raise ValueError("no end record")
    _, _, _, _, entries, length, _, _ = _END.unpack_from(tail, at)
    locator = tail[max(0, at - 20) : at]
    if locator.startswith(b"PK\x06\x07") and len(locator) == 20:
        where = struct.unpack_from("<Q", locator, 8)[0]
        if where + _END64.size > start + at:
            raise ValueError("the 64-bit end record lies outside the file")
        file.seek(where)
        record = _END64.unpack(file.read(_END64.size))
        entries, length = max(entries if entries != 0xFFFF else 0, record[7]), record[8]
    return entries, length


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Open a zip whose directory is within the limits.

    Raises:
        zipfile.BadZipFile: if it is damaged or over the limit; the message is a reason for readers.
    """
    problem = zip_problem(file)
    if problem:
        raise zipfile.BadZipFile(problem)
    file.seek(0)
    return zipfile.ZipFile(file)


def zip_kind(names: list[str]) -> str:
    """Tell a zip's format from its member names (torch, TorchScript, npz, Keras, or just zip).

    Torch looks members up without regard to case; NumPy and Keras do not.
    """
    leaves = {tuple(name.lower().split("/", 1)) for name in names}
    roots = {pair[0] for pair in leaves if len(pair) == 2 and pair[1] == "data.pkl"}
    for root in sorted(roots):
        inner = {pair[1] for pair in leaves if len(pair) == 2 and pair[0] == root}
        if "constants.pkl" in inner:
            return "torchscript"
        if inner & {"version", ".format_version", "byteorder"} or any(
            name.startswith("data/") for name in inner
        ):
            return "torch-zip"
    whole = set(names)
    if "config.json" in whole and (
        "metadata.json" in whole or any(n.endswith((".weights.h5", ".weights.npz")) for n in whole)
    ):
        return "keras-zip"
    if names and all(name.endswith(".npy") for name in names):
        return "npz"
    return "zip"


def is_tar(head: bytes) -> bool:
    """Tell whether the first 512-byte block is a tar header: its checksum holds."""
    if len(head) < 512 or not head[0]:
        return False
    try:
        tarfile.TarInfo.frombuf(head[:512], "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return False
    return True


def tar_names(file: BinaryIO, limit: int = MEMBERS) -> list[str]:
    """List a tar's first `limit` member names; a damaged tar gives those before the damage."""
    names: list[str] = []
    file.seek(0)
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            for member in archive:
                names.append(member.name)
                if len(names) >= limit:
                    break
    except (tarfile.TarError, OSError, EOFError, ValueError, OverflowError, MemoryError):
        pass
    return names
