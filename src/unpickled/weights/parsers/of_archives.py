"""Zip and tar by their directories: members are listed and judged by name, and pickles in them told."""

from __future__ import annotations

import posixpath
import re
import stat
import struct
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from unpickled.weights.archives import MEMBERS, open_zip
from unpickled.weights.parsers.architecture import look_through
from unpickled.weights.parsers.found import Found, RefusedError
from unpickled.weights.parsers.pickled import tell_pieces

__all__ = ["members", "opened", "read", "start_of", "tar_members"]

_UNPACKED = 64 << 20  # bytes; below this nothing is called a bomb
_RATIO = 200  # weights never shrink like this


def read(path: Path, found: Found) -> None:
    """List an archive that is no known weight format, and tell what pickles are in it."""
    with path.open("rb") as file:
        if file.read(2) == b"PK":
            with opened(file) as archive:
                entries = [(member.filename, member.file_size) for member in members(archive)]
                look_through(archive, found)
        else:
            entries = [(member.name, member.size) for member in tar_members(file)]
    found.tell("members", len(entries))
    for name, size in entries[:500]:
        found.tell(name, f"{size:,} bytes")
    tell_pieces(path, found)


@contextmanager
def opened(file: BinaryIO) -> Iterator[zipfile.ZipFile]:
    """Open a zip within the limits.

    Raises:
        RefusedError: its directory is damaged, over the limit or ambiguous, or a member comes twice.
    """
    try:
        archive = open_zip(file)
    except zipfile.BadZipFile as error:
        raise RefusedError(str(error)) from error
    with archive:
        yield archive


def members(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Return the members of a zip.

    Raises:
        RefusedError: a name leads out of the archive, a member is a link, is encrypted, or unpacks to far more than
            it takes.
    """
    for member in archive.infolist():
        check_name(member.filename)
        if stat.S_ISLNK(member.external_attr >> 16):
            raise RefusedError(f"its member {member.filename[:60]!r} is a link")
        if member.flag_bits & 1:
            raise RefusedError(f"its member {member.filename[:60]!r} is encrypted")
        if member.file_size > max(_UNPACKED, member.compress_size * _RATIO):
            raise RefusedError(
                f"its member {member.filename[:60]!r} unpacks to {member.file_size:,} bytes "
                f"from {member.compress_size:,}"
            )
    return archive.infolist()


def check_name(name: str) -> None:
    """Refuse a member whose name leads out of the folder it is unpacked to.

    Raises:
        RefusedError: it does.
    """
    parts = re.split(r"[/\\]", name)
    if ".." in parts or name.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", name):
        raise RefusedError(f"the name of a member leads out of the archive: {name[:60]!r}")


def start_of(file: BinaryIO, member: zipfile.ZipInfo) -> int:
    """Return the offset of a stored member's bytes.

    Raises:
        RefusedError: its own header is not where the directory says.
    """
    file.seek(member.header_offset)
    head = file.read(30)
    if len(head) < 30 or head[:4] != b"PK\x03\x04":
        raise RefusedError(f"its member {member.filename[:60]!r} is not where its directory says")
    name, extra = struct.unpack_from("<2H", head, 26)
    return member.header_offset + 30 + int(name) + int(extra)


def tar_members(file: BinaryIO) -> Iterator[tarfile.TarInfo]:
    """Yield the members of a tar.

    Raises:
        RefusedError: a name leads out of the archive or comes twice, a member is a link, or it is cut off.
    """
    file.seek(0)
    end = 0
    size = Path(file.name).stat().st_size
    seen: set[str] = set()
    with tarfile.open(fileobj=file, mode="r:") as archive:
        for member in archive:
            check_name(member.name)
            if member.issym() or member.islnk():
                check_name(member.linkname)
                raise RefusedError(f"its member {member.name[:60]!r} is a link")
            if member.offset_data + member.size > size:
                raise RefusedError(f"it ends within its member {member.name[:60]!r}")
            name = posixpath.normpath(member.name)
            if name in seen and not member.isdir():
                raise RefusedError(f"it has the member {member.name[:60]!r} twice")
            seen.add(name)
            if len(seen) > MEMBERS:
                raise RefusedError(f"it has more than {MEMBERS:,} members")
            end = member.offset_data + -(-member.size // 512) * 512
            yield member
    file.seek(end)
    if file.read(512) != bytes(512):
        raise RefusedError("it is cut off: there is no mark of its end")
