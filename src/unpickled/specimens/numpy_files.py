"""Recipes for NumPy and joblib files: arrays of numbers, arrays of Python objects, compressed pickles.

The npy header follows NEP 1; the object array and the joblib wrapper are what numpy 2.2 and joblib 1.6 write, and
a test reads the benign ones with those libraries.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
import zlib

from unpickled.pickles import assemble
from unpickled.specimens.pickled import Op, call, canary, global_name, inert_call, plain, text
from unpickled.specimens.torch_files import stored

__all__ = ["joblib_arrays", "npy", "npz", "squeezed"]

_NUMBERS = (3, 1, 4, 1, 5)
# Magic; version 1 with independent blocks; blocks of 64 KiB; the checksum of the two bytes before it. One stored block
# and the end mark follow, which need no compressor.
_LZ4_START = b"\x04\x22\x4d\x18\x60\x40\x82"


def npy(marker: str, *, content: str = "numbers") -> bytes:
    """An array of numbers, of harmless objects, or of objects among which the call stands."""
    if content == "numbers":
        return _header("<i8", len(_NUMBERS)) + struct.pack("<5q", *_NUMBERS)
    items: dict[str, list[Op]] = {
        "canary": call("os", "mkdir", marker, 4),
        "unlisted": inert_call(4),
        "objects": [text("a text", 4)],
    }
    return _header("|O", 1) + _object_array(items[content])


def npz(marker: str, *, content: str = "numbers", compressed: bool = False) -> bytes:
    """A zip of two arrays; the second holds numbers, objects or the call."""
    members = {"weights.npy": npy(marker), "labels.npy": npy(marker, content=content)}
    return stored(members, compressed=compressed)


def squeezed(marker: str, *, method: str, harmful: bool = True) -> bytes:
    """A compressed pickle, which is what `joblib.dump(…, compress=…)` writes."""
    data = canary(marker) if harmful else plain(marker)
    if method == "gzip":
        return gzip.compress(data, mtime=0)
    if method == "bz2":
        return bz2.compress(data)
    if method in {"lzma", "xz"}:
        return lzma.compress(data, format=lzma.FORMAT_ALONE if method == "lzma" else lzma.FORMAT_XZ)
    if method == "lz4":
        return _LZ4_START + struct.pack("<I", len(data) | 1 << 31) + data + bytes(4)
    return zlib.compress(data)


def joblib_arrays(marker: str, *, harmful: bool = False) -> bytes:
    """An array as joblib stores it: the raw numbers stand in the middle of the pickle, after the wrapper's BUILD."""
    start: list[Op] = [("PROTO", 4), "EMPTY_DICT"]
    if harmful:
        start += [text("notes", 4), *call("os", "mkdir", marker, 4), "SETITEM"]
    start += [
        text("array", 4),
        *global_name("joblib.numpy_pickle", "NumpyArrayWrapper", 4),
        "EMPTY_TUPLE",
        "NEWOBJ",
    ]
    start += ["EMPTY_DICT", text("subclass", 4), *global_name("numpy", "ndarray", 4), "SETITEM"]
    start += [
        text("shape", 4),
        ("BININT1", len(_NUMBERS)),
        "TUPLE1",
        "SETITEM",
        text("order", 4),
        text("C", 4),
    ]
    start += [
        "SETITEM",
        text("dtype", 4),
        *_dtype("i8", "<"),
        "SETITEM",
        text("allow_mmap", 4),
        "NEWTRUE",
    ]
    start += [
        "SETITEM",
        text("numpy_array_alignment_bytes", 4),
        ("BININT1", 16),
        "SETITEM",
        "BUILD",
    ]
    head = assemble(start)
    padding = 16 - (len(head) + 1) % 16
    numbers = struct.pack("<5q", *_NUMBERS)
    return head + bytes([padding]) + b"\xff" * padding + numbers + assemble(["SETITEM", "STOP"])


def _header(descr: str, count: int) -> bytes:
    """Version 1.0: magic, header length, a dict as text, padded so that the data starts at a multiple of 64."""
    fields = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({count},), }}"
    padded = fields.ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(padded)) + padded.encode("ascii")


def _object_array(item: list[Op]) -> bytes:
    """`numpy._core.multiarray._reconstruct(ndarray, (0,), b'b')` with the state of a one-item object array."""
    return assemble(
        [
            ("PROTO", 4),
            *global_name("numpy._core.multiarray", "_reconstruct", 4),
            *global_name("numpy", "ndarray", 4),
            ("BININT1", 0),
            "TUPLE1",
            ("SHORT_BINBYTES", b"b"),
            "TUPLE3",
            "REDUCE",
            "MARK",
            ("BININT1", 1),
            ("BININT1", 1),
            "TUPLE1",
            *_dtype("O8", "|"),
            "NEWFALSE",
            "EMPTY_LIST",
            *item,
            "APPEND",
            "TUPLE",
            "BUILD",
            "STOP",
        ]
    )


def _dtype(code: str, order: str) -> list[Op]:
    """`numpy.dtype(code, False, True)` with its state; 63 are the flags of a dtype that holds objects."""
    flags = 63 if code.startswith("O") else 0
    state: list[Op] = ["MARK", ("BININT1", 3), text(order, 4), "NONE", "NONE", "NONE"]
    state += [("BININT", -1), ("BININT", -1), ("BININT1", flags), "TUPLE", "BUILD"]
    return [
        *global_name("numpy", "dtype", 4),
        text(code, 4),
        "NEWFALSE",
        "NEWTRUE",
        "TUPLE3",
        "REDUCE",
        *state,
    ]
