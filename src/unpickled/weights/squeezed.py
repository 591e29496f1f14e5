"""Compressed data, opened a bounded bit at a time: a bomb costs no more than the bytes asked for."""

from __future__ import annotations

import bz2
import lzma
import zlib
from typing import Any

from unpickled.weights import lz4

__all__ = ["compression", "unsqueeze"]

_MAGIC = (
    (b"\x1f\x8b\x08", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x5d\x00\x00", "lzma"),
    (lz4.MAGIC, "lz4"),
)
_CHUNK = 1 << 16
_LZ4_BYTES = 1 << 25  # decoded in Python, at 3 MB a second
_LZMA_MEMORY = 1 << 27  # a header may ask for gigabytes of dictionary


def compression(head: bytes) -> str:
    """Name the compression that the first bytes announce: gzip, bz2, xz, lzma, lz4 or zlib; empty if none."""
    for magic, name in _MAGIC:
        if head.startswith(magic):
            return name
    if (
        len(head) >= 2
        and head[0] & 0x0F == 8
        and head[0] >> 4 <= 7
        and (head[0] << 8 | head[1]) % 31 == 0
    ):
        return (
            "zlib" if not head[1] & 0x20 else ""
        )  # bit 5: a preset dictionary, which no file format uses
    return ""


def unsqueeze(data: Any, name: str, limit: int) -> tuple[bytes, str]:
    """Decompress at most `limit` bytes of `data` (anything sliceable into bytes).

    Returns:
        The bytes, and the problem: empty, or why this is not the whole (damaged, cut off, over the limit).
    """
    limit = min(limit, _LZ4_BYTES) if name == "lz4" else limit
    out = bytearray()
    at = 0
    try:
        while at < len(data) and len(out) < limit:
            machine = _machine(name)
            while not machine.eof and len(out) < limit:
                piece, used = _step(machine, data, at, limit - len(out))
                out += piece
                at += used
                if not used and not piece:
                    return bytes(out), "the compressed data is cut off"
            at -= len(machine.unused_data)
            if name == "zlib" or not _again(data, at, name):
                break
    except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError, MemoryError):
        return bytes(out), "the compressed data is damaged"
    if len(out) >= limit:
        return bytes(out), f"it unpacks to {limit:,} bytes or more"
    return bytes(out), ""


def _again(data: Any, at: int, name: str) -> bool:
    """Tell whether another compressed member follows, as gzip, bz2, xz and lz4 allow."""
    return compression(bytes(data[at : at + 6])) == name


def _machine(name: str) -> Any:
    if name in {"zlib", "gzip"}:
        return zlib.decompressobj(31 if name == "gzip" else 15)
    if name == "bz2":
        return bz2.BZ2Decompressor()
    if name == "lz4":
        return lz4.Lz4Decompressor()
    return lzma.LZMADecompressor(memlimit=_LZMA_MEMORY)


def _step(machine: Any, data: Any, at: int, room: int) -> tuple[bytes, int]:
    """Feed one chunk, or drain what the machine still holds; returns the output and the bytes newly taken."""
    if hasattr(machine, "unconsumed_tail"):
        left = machine.unconsumed_tail
        chunk = left or bytes(data[at : at + _CHUNK])
        return machine.decompress(chunk, room), 0 if left else len(chunk)
    chunk = bytes(data[at : at + _CHUNK]) if machine.needs_input else b""
    return machine.decompress(chunk, room), len(chunk)
