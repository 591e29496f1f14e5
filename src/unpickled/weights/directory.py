"""A zip's directory, held against the rest of the file: no reader may find another archive in the same bytes.

Readers of zips differ in where they look for the directory, and in what they believe where it is told twice. A file
on which they could differ is refused, whoever would be right: every byte has to belong to a member, to the directory
or to the end records, and what stands twice has to be the same. Of the members only the headers are read.

Source: PKWARE's APPNOTE 4.3 (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT).
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, BinaryIO, NamedTuple
from zipfile import ZIP_STORED, BadZipFile

if TYPE_CHECKING:
    from zipfile import ZipFile, ZipInfo

__all__ = ["Directory", "directory_of", "name_bytes", "require_one_reading"]

_LOCAL = struct.Struct("<4s5H3L2H")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_BEFORE = _END64.size + _LOCATOR.size  # bytes that the 64-bit form puts before the end record
_TAIL = _BEFORE + _END.size + 0xFFFF  # a comment may follow
_DESCRIPTORS = {struct.calcsize(form): form for form in ("<4x2L", "<4x2Q", "<8x2L", "<8x2Q")}
_ENCRYPTED, _DESCRIBED, _UTF8 = 1, 8, 0x800  # flags
_FOLDER = 0x10  # among the attributes, as DOS has it
_NONE16, _NONE32 = 0xFFFF, 0xFFFFFFFF  # in the place of a number that stands in its 64-bit form
_ID64 = 1  # the extra field with those forms
_ASIDE = "something stands before or behind the archive, or it is cut off"
_ENDS = "its end records contradict each other, so that readers find different directories"


class Directory(NamedTuple):
    """Where the end records say that the directory is.

    Attributes:
        entries: how many members it lists.
        length: its bytes.
        offset: its first byte in the file.
    """

    entries: int
    length: int
    offset: int


def directory_of(file: BinaryIO) -> Directory:
    """Read the end record and its 64-bit form; of the directory itself nothing is read.

    Raises:
        BadZipFile: there is none, or readers could take another place for it; the message is a reason for readers.
    """
    size = file.seek(0, 2)
    start = file.seek(max(0, size - _TAIL))
    tail = file.read(_TAIL)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + _END.size > len(tail):
        raise BadZipFile("its directory is missing or damaged")
    _, disk, first, here, entries, length, offset, comment = _END.unpack_from(tail, at)
    if start + at + _END.size + comment != size:
        raise BadZipFile(_ASIDE)
    if disk or first or here != entries:
        raise BadZipFile(_ENDS)
    told, end = Directory(entries, length, offset), start + at
    if tail[max(0, at - _LOCATOR.size) : at].startswith(b"PK\x06\x07"):
        end -= _BEFORE
        told = _end64(tail, at - _BEFORE, end, told)
    if told.offset + told.length != end:
        raise BadZipFile(_ASIDE)
    return told


def _end64(tail: bytes, at: int, place: int, short: Directory) -> Directory:
    """Read the 64-bit end record, `at` in the tail and at `place` in the file: where its locator has to point, too."""
    if at < 0:
        raise BadZipFile(_ENDS)
    signature, rest, _, _, disk, first, here, *values = _END64.unpack_from(tail, at)
    _, its_disk, where, disks = _LOCATOR.unpack_from(tail, at + _END64.size)
    alone = not (disk or first or its_disk) and disks <= 1
    whole = signature == b"PK\x06\x06" and rest == _END64.size - 12 and where == place
    told = Directory(*values)
    same = all(
        given in {value, none}
        for given, value, none in zip(short, told, (_NONE16, _NONE32, _NONE32), strict=True)
    )
    if not (alone and whole and same) or here != told.entries:
        raise BadZipFile(_ENDS)
    return told


def name_bytes(member: ZipInfo) -> bytes:
    """Return a member's name as it stands in the directory."""
    return member.orig_filename.encode("utf-8" if member.flag_bits & _UTF8 else "cp437")


def require_one_reading(file: BinaryIO, archive: ZipFile, told: Directory) -> None:
    """Hold an opened zip's members against their own headers, and look for bytes that nobody claims.

    Raises:
        BadZipFile: it could be read in two ways; the message is a reason for readers.
    """
    members = sorted(archive.infolist(), key=lambda member: member.header_offset)
    if len(members) != told.entries or archive.start_dir != told.offset:
        raise BadZipFile("its directory does not list as many members as it says")
    places = [*(member.header_offset for member in members), told.offset]
    if places[0]:
        raise BadZipFile(_ASIDE)
    for member, following in zip(members, places[1:], strict=True):
        _require_one_meaning(member)
        end = _end_of(file, member)
        if end > following:
            raise BadZipFile(f"two members claim the same bytes, {_shown(member)} among them")
        if end < following and not _is_descriptor(file, end, following, member):
            raise BadZipFile(f"behind its member {_shown(member)} there are bytes of no member")


def _require_one_meaning(member: ZipInfo) -> None:
    """Refuse what is not called as its bytes say, has sizes twice or ones that lie, or is a folder with bytes."""
    if member.filename != member.orig_filename or _ids(member.extra).count(_ID64) > 1:
        raise BadZipFile(f"its member {_shown(member)} has two names or sizes")
    folder = member.filename.endswith("/") or member.external_attr & _FOLDER
    if folder and member.file_size:  # miniz, with which torch reads, leaves its bytes unread
        raise BadZipFile(f"its member {_shown(member)} is a folder, and yet has bytes")
    stored = member.compress_type == ZIP_STORED and not member.flag_bits & _ENCRYPTED
    if stored and member.compress_size != member.file_size:
        raise BadZipFile(
            f"its member {_shown(member)} is only stored, and yet takes "
            f"{member.compress_size:,} bytes for {member.file_size:,}"
        )


def _end_of(file: BinaryIO, member: ZipInfo) -> int:
    """Return where a member's bytes end, once its own header says the same as the directory."""
    name = name_bytes(member)
    file.seek(member.header_offset)
    head = file.read(_LOCAL.size + len(name))
    if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
        raise BadZipFile(f"its member {_shown(member)} is not where its directory says")
    _, _, flags, method, _, _, _, packed, unpacked, length, more = _LOCAL.unpack_from(head)
    if length != len(name) or head[_LOCAL.size :] != name:
        raise BadZipFile(f"its member {_shown(member)} has another name in its own header")
    sizes = (unpacked, packed)
    if not flags & _DESCRIBED and _NONE32 in sizes:
        sizes = _sizes64(file.read(more), sizes)
    wanted = (member.file_size, member.compress_size)
    open_ends = {0, _NONE32} if flags & _DESCRIBED else set()
    same = all(size == want or size in open_ends for size, want in zip(sizes, wanted, strict=True))
    if not same or method != member.compress_type or (flags ^ member.flag_bits) & _ENCRYPTED:
        raise BadZipFile(f"its member {_shown(member)} has other sizes or flags in its own header")
    return member.header_offset + _LOCAL.size + len(name) + int(more) + member.compress_size


def _sizes64(extra: bytes, sizes: tuple[int, int]) -> tuple[int, int]:
    """Look the sizes of a local header up in its extra field; where they are not there, they stay."""
    at = 0
    while at + 4 <= len(extra):
        ident, length = struct.unpack_from("<2H", extra, at)
        if ident == _ID64 and length >= 16 and at + 20 <= len(extra):
            unpacked, packed = struct.unpack_from("<2Q", extra, at + 4)
            return unpacked, packed
        at += 4 + length
    return sizes


def _ids(extra: bytes) -> list[int]:
    found, at = [], 0
    while at + 4 <= len(extra):
        ident, length = struct.unpack_from("<2H", extra, at)
        found.append(int(ident))
        at += 4 + length
    return found


def _is_descriptor(file: BinaryIO, start: int, end: int, member: ZipInfo) -> bool:
    """Tell whether the bytes behind a member are its data descriptor: signature, sum, and the sizes once more."""
    form = _DESCRIPTORS.get(end - start)
    if form is None or not member.flag_bits & _DESCRIBED:
        return False
    file.seek(start)
    data = file.read(end - start)
    sizes = (member.compress_size, member.file_size)
    return len(data) == end - start and struct.unpack(form, data) == sizes


def _shown(member: ZipInfo) -> str:
    return repr(member.filename[:60])
