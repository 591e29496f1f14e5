"""Zip and tar files by their directory: which format, which members, at a bounded cost."""

from __future__ import annotations

import struct
import tarfile
import zipfile
from typing import BinaryIO

from unpickled.weights.directory import directory_of, name_bytes, require_one_reading

__all__ = ["MEMBERS", "ZIP_ERRORS", "is_tar", "open_zip", "tar_names", "zip_kind"]

MEMBERS = 20_000
_DIRECTORY = 16 << 20  # bytes of central directory; a torch file with 10,000 tensors has about 1 MB
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


def open_zip(file: BinaryIO) -> zipfile.ZipFile:
    """Open a zip whose directory is within the limits, and that can be read in one way only.

    Raises:
        zipfile.BadZipFile: it is not; the message is a reason for readers, as part of a sentence.
    """
    told = directory_of(file)
    if told.entries > MEMBERS or told.length > _DIRECTORY:
        raise zipfile.BadZipFile(f"its directory is over the limit of {MEMBERS:,} members")
    file.seek(0)
    try:
        archive = zipfile.ZipFile(file)
    except ZIP_ERRORS as error:
        raise zipfile.BadZipFile("its directory is damaged") from error
    try:
        _require_names_once(archive.infolist())
        require_one_reading(file, archive, told)
    except zipfile.BadZipFile:
        archive.close()
        raise
    return archive


def _require_names_once(members: list[zipfile.ZipInfo]) -> None:
    """Refuse an archive of two members of one name: of two, readers take different ones.

    Readers that know the flag for UTF-8 go by the name's letters, others by its bytes. Torch looks names up without
    regard to case, so that in its files two are one that differ in nothing else.
    """
    caseless = zip_kind([member.filename for member in members]) in {"torch-zip", "torchscript"}
    seen: dict[str | bytes, str] = {}
    for member in members:
        name, raw = member.filename, name_bytes(member)
        for key in (name.casefold(), raw.lower()) if caseless else (name, raw):
            if key in seen:
                also = "" if seen[key] == name else f", once as {seen[key][:60]!r}"
                raise zipfile.BadZipFile(f"it has the member {name[:60]!r} twice{also}")
            seen[key] = name


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
        if inner & {"version", ".data/version", ".format_version", "byteorder"} or any(
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
