"""Recipes for the files that PyTorch writes: zip, legacy, tar.

Layouts follow what torch 2.13 writes (`torch.serialization`); a test reads the benign ones with
`torch.load(weights_only=True)`.
"""

from __future__ import annotations

import io
import struct
import tarfile
import zipfile
from collections.abc import Mapping

from unpickled.pickles import assemble
from unpickled.specimens.pickled import Op, call, inert_call, numbered_call, plain, text

__all__ = ["legacy", "old_tar", "stored", "torch_zip"]

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_BIAS, _WEIGHT = (0.5, -0.5), (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)


def stored(members: Mapping[str, bytes], *, compressed: bool = False) -> bytes:
    """Return a zip of these members with a fixed date, so that the bytes are the same each time."""
    out = io.BytesIO()
    with zipfile.ZipFile(
        out, "w", zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    ) as archive:
        for name, data in members.items():
            archive.writestr(
                zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, archive.compression
            )
    return out.getvalue()


def torch_zip(marker: str, *, content: str = "tensors") -> bytes:
    """A state dict as `torch.save` writes it today; `canary`, `unlisted` and `number` put a call among its values."""
    return stored(
        {
            "archive/data.pkl": _state_dict(marker, content=content, legacy=False),
            "archive/.format_version": b"1",
            "archive/.storage_alignment": b"64",
            "archive/byteorder": b"little",
            "archive/data/0": struct.pack("<6f", *_WEIGHT),
            "archive/data/1": struct.pack("<2f", *_BIAS),
            "archive/version": b"3\n",
            "archive/.data/serialization_id": b"0" * 40,
        }
    )


def legacy(marker: str, *, content: str = "tensors") -> bytes:
    """The form before torch 1.6: five pickles in a row, then the numbers. The call is in the fourth."""
    system: list[Op] = ["EMPTY_DICT", text("protocol_version"), ("BININT2", _PROTOCOL), "SETITEM"]
    system += [text("little_endian"), "NEWTRUE", "SETITEM", text("type_sizes"), "EMPTY_DICT"]
    for name, size in (("short", 2), ("int", 4), ("long", 4)):
        system += [text(name), ("BININT1", size), "SETITEM"]
    return b"".join(
        [
            assemble([("PROTO", 2), ("LONG1", _MAGIC), "STOP"]),
            assemble([("PROTO", 2), ("BININT2", _PROTOCOL), "STOP"]),
            assemble([("PROTO", 2), *system, "SETITEM", "STOP"]),
            _state_dict(marker, content=content, legacy=True),
            assemble(
                [("PROTO", 2), "EMPTY_LIST", text("0"), "APPEND", text("1"), "APPEND", "STOP"]
            ),
            struct.pack("<q6f", len(_WEIGHT), *_WEIGHT),
            struct.pack("<q2f", len(_BIAS), *_BIAS),
        ]
    )


def old_tar(marker: str, *, harmful: bool = True) -> bytes:
    """The form before torch 0.1.10: a tar whose member `pickle` is the pickle. Here that is only the call, or data."""
    none = assemble([("PROTO", 2), ("BININT1", 0), "STOP"])
    members = {
        "storages": none + assemble([("PROTO", 2), "EMPTY_LIST", "STOP"]),
        "tensors": none,
        "pickle": assemble([("PROTO", 2), *call("os", "mkdir", marker, 2), "STOP"])
        if harmful
        else plain(marker, protocol=2),
    }
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, data in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return out.getvalue()


def _extra(marker: str, content: str) -> list[Op]:
    if content == "number":
        return numbered_call(marker)
    return call("os", "mkdir", marker, 2) if content == "canary" else inert_call(2)


def _state_dict(marker: str, *, content: str, legacy: bool) -> bytes:
    ops: list[Op] = [("PROTO", 2), "EMPTY_DICT"]
    ops += [text("layer.weight"), *_tensor("0", (2, 3), (3, 1), legacy=legacy), "SETITEM"]
    ops += [text("layer.bias"), *_tensor("1", (2,), (1,), legacy=legacy), "SETITEM"]
    if content != "tensors":
        ops += [text("notes"), *_extra(marker, content), "SETITEM"]
    return assemble([*ops, "STOP"])


def _tensor(
    key: str, shape: tuple[int, ...], strides: tuple[int, ...], *, legacy: bool
) -> list[Op]:
    """`torch._utils._rebuild_tensor_v2(storage, offset, shape, strides, requires_grad, hooks)`."""
    count = 1
    for side in shape:
        count *= side
    storage: list[Op] = [
        "MARK",
        text("storage"),
        ("GLOBAL", "torch FloatStorage"),
        text(key),
        text("cpu"),
    ]
    storage += [("BININT1", count), *(["NONE"] if legacy else []), "TUPLE", "BINPERSID"]
    return [
        ("GLOBAL", "torch._utils _rebuild_tensor_v2"),
        "MARK",
        *storage,
        ("BININT1", 0),
        *_numbers(shape),
        *_numbers(strides),
        "NEWFALSE",
        ("GLOBAL", "collections OrderedDict"),
        "EMPTY_TUPLE",
        "REDUCE",
        "TUPLE",
        "REDUCE",
    ]


def _numbers(values: tuple[int, ...]) -> list[Op]:
    return ["MARK", *(("BININT1", value) for value in values), "TUPLE"]
