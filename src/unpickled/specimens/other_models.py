"""Recipes for formats that hold no pickle: safetensors, GGUF, ONNX, HDF5, Keras; two with a Lambda layer.

A Lambda layer's code is inert text here, where a real one carries marshalled Python bytecode; or, where that is asked
for, the bytecode of `lambda x: x`, which does nothing even when it is run. Of the canary the others can carry a text
that names its call, and a path. Formats: the safetensors README, the GGUF specification of ggml, `onnx.proto`, and what
Keras 2 and 3 write.
"""

from __future__ import annotations

import io
import json
import struct

from unpickled.specimens.torch_files import stored

__all__ = ["gguf", "hdf5", "keras", "onnx", "safetensors"]

_WEIGHTS = struct.pack("<6f", 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
_INERT = "this text stands where a real Lambda layer has its bytecode"
_IDENTITY = (  # base64 of marshal.dumps of `lambda x: x`, compiled by CPython 3.11 in a file named model.py
    "4wEAAAAAAAAAAAAAAAEAAAADAAAA8wYAAACXAHwAUwApAU6pACkB2gF4cwEAAA"
    "Ag+ghtb2RlbC5wefoIPGxhbWJkYT5yBQAAAAEAAABzBgAAAIAAiCGAAPMAAAAA"
)


def safetensors(marker: str, *, note: bool = False) -> bytes:
    """One tensor: header length (8 bytes, little-endian), header as JSON, the numbers; the note names the call."""
    header: dict[str, object] = {"__metadata__": {"note": _call(marker)}} if note else {}
    header["layer.weight"] = {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, len(_WEIGHTS)]}
    text = json.dumps(header, separators=(",", ":")).encode("ascii")
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + _WEIGHTS


def gguf(marker: str, *, template: bool = False) -> bytes:
    """One tensor and one metadata entry, version 3; with a chat template, one that names the call, two."""

    def word(value: str) -> bytes:
        text = value.encode()
        return struct.pack("<Q", len(text)) + text

    entries = {"general.architecture": "llama"}
    if template:
        entries["tokenizer.chat_template"] = "{{ " + _call(marker) + " }}"
    head = b"GGUF" + struct.pack("<IQQ", 3, 1, len(entries))
    for name, value in entries.items():
        head += word(name) + struct.pack("<I", 8) + word(value)  # 8: a string
    head += word("layer.weight") + struct.pack(
        "<IQQIQ", 2, 3, 2, 0, 0
    )  # 2 dimensions, 3 by 2, float32, offset 0
    return head + bytes(-len(head) % 32) + _WEIGHTS


def onnx(marker: str, *, external: bool = False) -> bytes:  # noqa: ARG001 - every recipe is given the marker
    """A graph with one Identity node, as protobuf fields: number and wire type, length, content.

    With external data it has a tensor whose numbers are said to be in a file beside the model's folder.
    """

    def field(number: int, content: bytes) -> bytes:
        return bytes([number << 3 | 2, len(content)]) + content

    def value(name: bytes) -> bytes:
        shape = field(2, field(1, b"\x08\x01"))  # one dimension of size 1
        return field(1, name) + field(2, field(1, b"\x08\x01" + shape))  # element type 1: float

    node = field(1, b"x") + field(2, b"y") + field(4, b"Identity")
    graph = field(1, node) + field(2, b"g") + field(11, value(b"x")) + field(12, value(b"y"))
    if external:
        entry = field(1, b"location") + field(2, b"../weights.bin")
        graph = (  # dims [2], float, name, external_data, data_location EXTERNAL
            field(1, node)
            + field(2, b"g")
            + field(5, b"\x08\x02\x10\x01" + field(8, b"w") + field(13, entry) + b"\x70\x01")
            + field(11, value(b"x"))
            + field(12, value(b"y"))
        )
    return b"\x08\x08" + field(2, b"unpickled") + field(7, graph) + field(8, b"\x10\x11")


def hdf5(
    marker: str,  # noqa: ARG001
    *,
    layer: str = "Dense",
    nested: bool = False,
    bytecode: bool = False,
) -> bytes:
    """A Keras 2 model file: the architecture is JSON in the attribute `model_config`."""
    made = _architecture(layer, nested=nested, code=_IDENTITY if bytecode else _INERT)
    return _hdf5({"model_config": json.dumps(made), "keras_version": "2.15.0"})


def keras(
    marker: str,  # noqa: ARG001
    *,
    layer: str = "Dense",
    nested: bool = False,
    bytecode: bool = False,
) -> bytes:
    """A Keras 3 file: a zip of the architecture, metadata and weights."""
    made = _architecture(layer, nested=nested, code=_IDENTITY if bytecode else _INERT)
    members = {
        "metadata.json": json.dumps({"keras_version": "3.9.0"}).encode(),
        "config.json": json.dumps(made).encode(),
        "model.weights.h5": _hdf5({}),
    }
    return stored(members)


def _hdf5(attributes: dict[str, str]) -> bytes:
    import h5py  # noqa: PLC0415 - 0.1 s, for the Keras recipes only

    out = io.BytesIO()
    with h5py.File(out, "w", track_order=True) as file:
        file.attrs.update(attributes)
        file.create_dataset("weights", data=[1.0, 2.0, 3.0], track_times=False)
    return out.getvalue()


def _call(marker: str) -> str:
    """Return the canary's call as a text: Python, for a reader or a template engine; nothing here would run it."""
    return f"os.mkdir({marker!r})"


def _architecture(layer: str, *, nested: bool, code: str) -> dict[str, object]:
    settings: dict[str, object] = {"name": "last"}
    settings |= (
        {"function": [code, None, None], "function_type": "lambda"}
        if layer == "Lambda"
        else {"units": 3}
    )
    inner = {"class_name": layer, "config": settings}
    if nested:
        inner = {"class_name": "Sequential", "config": {"name": "inner", "layers": [inner]}}
    return {"class_name": "Sequential", "config": {"name": "model", "layers": [inner]}}
