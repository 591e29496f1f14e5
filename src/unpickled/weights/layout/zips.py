"""The stretches of a zip archive: a local header before each member, the member, and the directory at the end.

Source: PKWARE's APPNOTE 4.3 (https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT).
"""

from __future__ import annotations

import zipfile
from datetime import date

from unpickled.weights.archives import ZIP_ERRORS, open_zip
from unpickled.weights.layout.regions import Role
from unpickled.weights.layout.survey import BrokenError, Survey

__all__ = ["lay_out"]

_LOCAL, _ENTRY, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_END64, _LOCATOR = b"PK\x06\x06", b"PK\x06\x07"
_METHODS = {0: "stored as it is", 8: "deflated", 12: "bzip2", 14: "LZMA"}
_MEMBERS = 150  # told apart; the rest of the members is one region


def lay_out(survey: Survey) -> None:
    """Note the members in the order of the file, then the directory.

    Raises:
        BrokenError: the directory cannot be read; the members up to the first fault are noted.
    """
    try:
        with open_zip(survey.file) as archive:
            members, directory = archive.infolist(), archive.start_dir
    except ZIP_ERRORS as error:
        _without_directory(survey)
        raise BrokenError(str(error)) from error
    members.sort(key=lambda member: member.header_offset)
    for member in members[:_MEMBERS]:
        survey.gap(min(member.header_offset, directory), "between the members")
        _member(survey, member)
    if len(members) > _MEMBERS:
        survey.whole(
            "data", f"{len(members) - _MEMBERS:,} more members", max(0, directory - survey.at)
        )
    survey.gap(directory, "between the members and the directory")
    _directory(survey)


def _member(survey: Survey, member: zipfile.ZipInfo) -> None:
    _local_header(survey)
    how = _METHODS.get(member.compress_type, f"method {member.compress_type}")
    role: Role = "text" if not member.compress_type and _is_words(survey.peek(64)) else "data"
    label = f"{member.filename}: {how}"
    survey.whole(role, label, member.compress_size, member.filename)
    if member.flag_bits & 8:
        _descriptor(survey, member.filename)


def _is_words(head: bytes) -> bool:
    return bool(head) and all(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)


def _local_header(survey: Survey) -> int:
    """Note a local header; returns the size that it tells."""
    if survey.peek(4) != _LOCAL:
        raise BrokenError("there is no local header where the directory says that a member begins")
    survey.magic("signature", 4)
    survey.number("version needed", 2)
    survey.number("flags", 2)
    survey.number("method", 2)
    survey.field("number", "time and date", 4, _date(int.from_bytes(survey.peek(4), "little")))
    survey.field("number", "CRC-32", 4, f"{int.from_bytes(survey.peek(4), 'little'):08x}")
    size = survey.number("size in the archive", 4)
    survey.number("size unpacked", 4)
    named, extra = survey.number("length of the name", 2), survey.number("length of the extra", 2)
    name = survey.text("name", named)
    survey.field("rest", "extra field", extra)
    survey.close(f"{name}: local header", where=name)
    return size


def _date(packed: int) -> str:
    """Read MS-DOS time and date, of which the date is the upper half; empty where it is no date, as PyTorch's 0 is."""
    days = packed >> 16
    try:
        return date(1980 + (days >> 9), days >> 5 & 15, days & 31).isoformat()
    except ValueError:
        return ""


def _descriptor(survey: Survey, name: str) -> None:
    """Note the sizes that a writer puts behind a member when it did not know them before."""
    if survey.peek(4) != b"PK\x07\x08":
        return
    survey.magic("signature", 4)
    survey.field("number", "CRC-32", 4, f"{int.from_bytes(survey.peek(4), 'little'):08x}")
    # 4 or 8 bytes each: a signature follows either way
    width = 4 if survey.peek(10)[8:10] == b"PK" or survey.at + 8 >= survey.size else 8
    survey.number("size in the archive", width)
    survey.number("size unpacked", width)
    survey.close(f"{name}: data descriptor", where=name)


def _directory(survey: Survey) -> None:
    seen = 0
    while survey.peek(4) == _ENTRY and not survey.full:
        _entry(survey)
        seen += 1
    if survey.peek(4) == _END64:
        survey.magic("signature", 4)
        length = survey.number("length of this record", 8)
        survey.field("number", "versions, disks, counts and places", length)
        survey.close("end of the directory, 64 bit")
    if survey.peek(4) == _LOCATOR:
        survey.magic("signature", 4)
        survey.field("number", "where the 64-bit record is", 16)
        survey.close("locator of the 64-bit record")
    if survey.peek(4) == _END:
        _end(survey)


def _entry(survey: Survey) -> None:
    survey.magic("signature", 4)
    survey.field("number", "versions, flags, method, time", 12)
    survey.field("number", "CRC-32", 4, f"{int.from_bytes(survey.peek(4), 'little'):08x}")
    survey.number("size in the archive", 4)
    survey.number("size unpacked", 4)
    lengths = [survey.number(f"length of the {what}", 2) for what in ("name", "extra", "comment")]
    survey.field("number", "disk and attributes", 8)
    survey.number("where the local header is", 4)
    name = survey.text("name", lengths[0])
    survey.field("rest", "extra field", lengths[1])
    survey.field("text", "comment", lengths[2])
    survey.close(f"{name}: entry of the directory", where=name)


def _end(survey: Survey) -> None:
    survey.magic("signature", 4)
    survey.field("number", "disks", 4)
    survey.number("members on this disk", 2)
    survey.number("members", 2)
    survey.number("size of the directory", 4)
    survey.number("where the directory is", 4)
    survey.text("comment", survey.number("length of the comment", 2))
    survey.close("end of the directory")


def _without_directory(survey: Survey) -> None:
    for _ in range(_MEMBERS):
        if survey.peek(4) != _LOCAL:
            return
        size = _local_header(survey)
        if not size:
            return
        survey.whole("data", "a member", min(size, survey.size - survey.at))
