"""Hidden check: conversion and proof on tensors that were not given, and a canary that the loader must refuse."""

import io
import json
import struct
import zipfile

from unpickled.checking import File, Tally
from unpickled.errors import StudentError
from unpickled.pickles import assemble

_NOWHERE = "/tmp/unpickled-held/no-such-folder/canary"
_NUMBERS = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)


def _file(numbers=_NUMBERS, *, name="layer", more=()):
    """A 3 by 2 tensor that lies transposed in its storage, as torch.save would write it."""
    ops = [
        ("PROTO", 2), "EMPTY_DICT", ("BINUNICODE", name),
        ("GLOBAL", "torch._utils _rebuild_tensor_v2"), "MARK", "MARK", ("BINUNICODE", "storage"),
        ("GLOBAL", "torch FloatStorage"), ("BINUNICODE", "0"), ("BINUNICODE", "cpu"), ("BININT1", 6),
        "TUPLE", "BINPERSID", ("BININT1", 0), ("BININT1", 3), ("BININT1", 2), "TUPLE2",
        ("BININT1", 1), ("BININT1", 3), "TUPLE2", "NEWFALSE", ("GLOBAL", "collections OrderedDict"),
        "EMPTY_TUPLE", "REDUCE", "TUPLE", "REDUCE", "SETITEM", *more, "STOP",
    ]  # fmt: skip
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for member, data in (
            ("held/data.pkl", assemble(ops)),
            ("held/byteorder", b"little"),
            ("held/data/0", struct.pack("<6f", *numbers)),
            ("held/version", b"3\n"),
        ):
            archive.writestr(zipfile.ZipInfo(member), data)
    return File("held.bin", out.getvalue())


def _safetensors(dtype="F32", layout="<6f", numbers=(1.0, 4.0, 2.0, 5.0, 3.0, 6.0), name="layer"):
    data = struct.pack(layout, *numbers)
    header = {name: {"dtype": dtype, "shape": [3, 2], "data_offsets": [0, len(data)]}}
    text = json.dumps(header).encode()
    return File("held.safetensors", struct.pack("<Q", len(text)) + text + data)


def check(student):
    """Nothing is loaded on this side: the result is read as a header and numbers."""
    tally = Tally(3)

    def converts():
        student.call("to_safetensors", _file(), "held-out.safetensors")
        data = student.file("held-out.safetensors")
        size = int.from_bytes(data[:8], "little")
        try:
            header = json.loads(data[8 : 8 + size]) if size < 10_000 else {}
        except ValueError:
            return False
        entry = header.get("layer", {}) if isinstance(header, dict) else {}
        kept = entry.get("dtype") == "F32" and entry.get("shape") == [3, 2]
        return kept and data[8 + size :] == _safetensors().data[-24:]

    def refuses():
        canary = [("BINUNICODE", "x"), ("GLOBAL", "os mkdir"), ("BINUNICODE", _NOWHERE), "TUPLE1"]
        try:
            # Were it run, the call would fail: the folder around the marker does not exist.
            student.call(
                "to_safetensors", _file(more=[*canary, "REDUCE", "SETITEM"]), "no.safetensors"
            )
        except StudentError as error:
            if not error.raised:
                raise
            return error.raised not in {"", "FileNotFoundError"}
        return False

    def told(source, target):
        return student.call("same_tensors", source, target)

    tally.part(
        1, converts,
        "to_safetensors should work for any dict of tensors, also for one that does not lie in one piece in memory.",
    )  # fmt: skip
    tally.part(
        1, refuses,
        "to_safetensors has let a canary run, or swallowed the loader's refusal. Load with weights_only=True.",
    )  # fmt: skip
    tally.part(
        1, lambda: told(_file(), _safetensors()) is True
        and told(_file((1.0, 2.0, 3.0, 4.0, 5.0, 7.0)), _safetensors()) is False
        and told(_file(), _safetensors("F64", "<6d")) is False
        and told(_file(name="other"), _safetensors()) is False,
        "same_tensors should be True for equal tensors, and False for another number, dtype or name.",
    )  # fmt: skip
    return tally.outcome()
