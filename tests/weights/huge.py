"""Files of 2 GB that take no room on the disk: one tensor of zeros in each format whose header is read by a library."""

from __future__ import annotations

import io
import json
import os
import struct

import h5py
import numpy as np

GB = 1 << 30


def huge(folder):
    """Yield files of 2 GB that take no room, each with one tensor."""
    count = GB // 2
    text = json.dumps({"w": {"dtype": "F32", "shape": [count], "data_offsets": [0, 2 * GB]}})
    header = struct.pack("<Q", len(text)) + text.encode()
    (folder / "a.safetensors").write_bytes(header)
    npy = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        npy, {"descr": "<f4", "fortran_order": False, "shape": (count,)}
    )
    (folder / "a.npy").write_bytes(npy.getvalue())
    name = struct.pack("<Q", 1) + b"w"
    gguf = b"GGUF" + struct.pack("<IQQ", 3, 1, 0) + name + struct.pack("<IQIQ", 1, count, 0, 0)
    (folder / "a.gguf").write_bytes(gguf + bytes(-len(gguf) % 32))

    def field(number, content, more=0):
        length, out = len(content) + more, bytearray([number << 3 | 2])
        while length > 0x7F:
            out.append(length & 0x7F | 0x80)
            length >>= 7
        return bytes([*out, length]) + content

    tensor = b"\x08\x80\x80\x80\x80\x02\x10\x01" + field(8, b"w") + field(9, b"", 2 * GB)
    inner = field(2, b"g") + field(5, tensor, 2 * GB)
    (folder / "a.onnx").write_bytes(b"\x08\x08" + field(8, b"\x10\x11") + field(7, inner, 2 * GB))
    for path in sorted(folder.iterdir()):
        os.truncate(path, path.stat().st_size + 2 * GB)
        yield path
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("w", (count,), "f4")[-1] = 1
    yield folder / "a.h5"
