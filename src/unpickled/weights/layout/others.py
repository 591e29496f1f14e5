"""The stretches of HDF5, ONNX, tar and compressed files, as far as their headers tell them apart.

Formats: the HDF5 file format specification (superblock), `onnx.proto`, POSIX ustar, RFC 1950 and 1952 (zlib, gzip),
the xz file format, the LZ4 frame format.
"""

from __future__ import annotations

from unpickled.weights.layout.survey import BrokenError, Survey

__all__ = ["lay_out_hdf5", "lay_out_onnx", "lay_out_squeezed", "lay_out_tar"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ONNX = {
    1: "ir_version", 2: "producer_name", 3: "producer_version", 4: "domain", 5: "model_version", 6: "doc_string",
    7: "graph", 8: "opset_import", 14: "metadata_props", 20: "training_info", 25: "functions", 26: "configuration",
}  # fmt: skip
_MEMBERS = 150
_BLOCK = 512
_SQUEEZED: dict[str, tuple[bytes, tuple[tuple[str, int], ...], int]] = {
    # magic, fields of the header behind it, bytes at the end; what begins with none of them is zlib's
    "gzip": (
        b"\x1f\x8b",
        (("method", 1), ("flags", 1), ("time", 4), ("level", 1), ("system", 1)),
        8,
    ),
    "bz2": (b"BZh", (("block size", 1),), 0),
    "xz": (b"\xfd7zXZ\x00", (("flags", 2), ("CRC-32", 4)), 12),
    "lzma": (b"\x5d", (("size of the dictionary", 4), ("size unpacked", 8)), 0),
    "lz4": (b"\x04\x22\x4d\x18", (("flags", 1), ("largest block", 1)), 0),
}


def lay_out_hdf5(survey: Survey) -> None:
    """Note the signature and the first numbers of the superblock; the objects are linked, not in a row."""
    start = 0
    while survey.peek(8) != _HDF5 and start < survey.size:
        start = start * 2 or 512
        survey.gap(start, "user block")
    survey.magic("signature", 8)
    old = survey.number("version of the superblock", 1) < 2
    names = ("free space", "root group", "reserved", "shared headers") if old else ()
    for name in (*names, "size of offsets", "size of lengths"):
        survey.number(name, 1)
    survey.close("superblock")
    survey.whole("data", "objects, attributes and numbers", survey.size - survey.at)


def lay_out_onnx(survey: Survey) -> None:
    """Note the fields of the ModelProto, one after the other."""
    while survey.at < survey.size and not survey.full:
        tag, width = _varint(survey.peek(10))
        name = _ONNX.get(tag >> 3, f"field {tag >> 3}")
        survey.field("number", "tag: which field", width, name)
        value, width = _varint(survey.peek(10))
        if not width or tag & 7 not in {0, 2}:
            raise BrokenError("it goes on as no protobuf message does")
        if tag & 7 == 0:
            survey.field("number", name, width, f"{value:,}")
        else:
            survey.field("number", "length", width, f"{value:,}")
            words = 0 < value <= 200 and survey.peek(value).isascii() and name != "opset_import"
            if words and name != "graph":
                survey.text(name, value)
            else:
                survey.field("data", name, value, f"a message of {value:,} bytes")
        survey.close(name, "data" if name == "graph" else "number")


def _varint(data: bytes) -> tuple[int, int]:
    """Read a protobuf number: value, and bytes used (0 for none)."""
    value = 0
    for place, byte in enumerate(data):
        value |= (byte & 0x7F) << (7 * place)
        if byte < 0x80:
            return value, place + 1
    return 0, 0


def lay_out_tar(survey: Survey) -> None:
    """Note a header block before each member, the member, and what fills its last block."""
    for _ in range(_MEMBERS):
        if survey.at + _BLOCK > survey.size or not survey.peek(1).strip(b"\0"):
            break
        name, length = _tar_header(survey)
        survey.whole("data", f"{name}: as it is", length, name)
        survey.gap(survey.at + -survey.at % _BLOCK, "filled up to a block of 512")
    survey.gap(survey.size, "empty blocks at the end")


def _tar_header(survey: Survey) -> tuple[str, int]:
    block = survey.peek(_BLOCK)
    name = block[:100].split(b"\0")[0].decode("utf-8", "replace")
    try:
        length = int(block[124:136].strip(b" \0") or b"0", 8)
    except ValueError as error:
        raise BrokenError("a member's size is no number") from error
    survey.field("text", "name", 100, name)
    survey.field("number", "mode, owner, group", 24)
    survey.field("number", "size, in octal", 12, f"{length:,}")
    survey.field("number", "time", 12)
    survey.field("number", "checksum", 8)
    survey.field("number", "type, and where a link leads", 101)
    survey.magic("signature", 8)
    survey.field("rest", "owner's name, and the rest", _BLOCK - 265)
    survey.close(f"{name}: header", where=name)
    return name, length


def lay_out_squeezed(survey: Survey) -> None:
    """Note the header of compressed data; what is compressed says nothing until it is unpacked."""
    head = survey.peek(6)
    known = (name for name in _SQUEEZED if head.startswith(_SQUEEZED[name][0]))
    name = next(known, "zlib")
    magic, fields, tail = _SQUEEZED.get(name, (b"  ", (), 4))
    survey.magic(f"magic, {name}", len(magic))
    for label, length in fields:
        survey.number(label, length)
    survey.close("header", "magic")
    survey.whole("data", "compressed", max(0, survey.size - survey.at - tail))
    if survey.at < survey.size:
        survey.field("number", "check of the content", survey.size - survey.at)
        survey.close("end")
