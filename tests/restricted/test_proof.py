"""The proof sees every change, and is not given where it cannot be made; no torch in it."""

from __future__ import annotations

import io
import json
import struct
import zipfile
from contextlib import nullcontext, suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unpickled.pickles import assemble
from unpickled.restricted.contents import UnprovedError
from unpickled.restricted.proof import prove
from unpickled.specimens import torch_files
from unpickled.specimens.torch_files import stored

WEIGHT, BIAS = struct.pack("<6f", 1, 2, 3, 4, 5, 6), struct.pack("<2f", 0.5, -0.5)
GOOD = {"layer.weight": ("F32", [2, 3], WEIGHT), "layer.bias": ("F32", [2], BIAS)}


def safetensors(tensors=GOOD, metadata=None, *, change=lambda header: header, more=b""):
    """A safetensors file; `change` may spoil its header."""
    header, body = {"__metadata__": metadata or {"format": "pt"}}, b""
    for name, (dtype, shape, data) in tensors.items():
        header[name] = {
            "dtype": dtype,
            "shape": shape,
            "data_offsets": [len(body), len(body) + len(data)],
        }
        body += data
    text = change(json.dumps(header)).encode()
    return struct.pack("<Q", len(text)) + text + body + more


@pytest.fixture
def proved(tmp_path):
    def check(written=None, model=None):
        (tmp_path / "model").write_bytes(torch_files.torch_zip("") if model is None else model)
        (tmp_path / "draft").write_bytes(safetensors() if written is None else written)
        return prove(tmp_path / "model", tmp_path / "draft")

    return check


@pytest.mark.parametrize("model", [torch_files.torch_zip(""), torch_files.legacy("")])
def test_equal_is_proved(proved, model):
    """Both forms of a PyTorch file."""
    found = proved(model=model)
    assert (found.tensors, found.bytes, found.left, found.tied) == (2, 32, [], [])


def without(name):
    return {key: value for key, value in GOOD.items() if key != name}


ONE_BIT = bytes([WEIGHT[0] ^ 1]) + WEIGHT[1:]
SPOILED = {
    "a bit": (safetensors({**GOOD, "layer.weight": ("F32", [2, 3], ONE_BIT)}), "other numbers"),
    "the last bit": (
        safetensors({**GOOD, "layer.bias": ("F32", [2], BIAS[:-1] + b"\xbe")}),
        "other numbers",
    ),
    "rows": (
        safetensors({**GOOD, "layer.weight": ("F32", [2, 3], WEIGHT[12:] + WEIGHT[:12])}),
        "other numbers",
    ),
    "type": (
        safetensors({**GOOD, "layer.weight": ("I32", [2, 3], WEIGHT)}),
        "another type or shape",
    ),
    "shape": (
        safetensors({**GOOD, "layer.weight": ("F32", [3, 2], WEIGHT)}),
        "another type or shape",
    ),
    "flat": (safetensors({**GOOD, "layer.weight": ("F32", [6], WEIGHT)}), "another type or shape"),
    "one less": (safetensors(without("layer.bias")), "'layer.bias' was not written"),
    "one more": (
        safetensors({**GOOD, "x": ("F32", [0], b"")}),
        "'x' was written, and is not in the model",
    ),
    "names": (safetensors({"a": GOOD["layer.weight"], "b": GOOD["layer.bias"]}), "was not written"),
    "metadata": (safetensors(metadata={"format": "pt", "note": "x"}), "metadata"),
    "no metadata": (safetensors(metadata={"format": "tf"}), "metadata"),
    "tail": (safetensors(more=b"x"), "gaps"),
    "hole": (safetensors(change=lambda h: h.replace("[24, 32]", "[25, 33]"), more=b"x"), "gaps"),
    "overlap": (safetensors(change=lambda h: h.replace("[24, 32]", "[0, 8]")), "gaps"),
    "beyond": (
        safetensors(change=lambda h: h.replace("[24, 32]", "[24, 40]").replace("[2]", "[4]")),
        "disagree",
    ),
    "short": (safetensors(change=lambda h: h.replace("[2]", "[3]")), "disagree"),
    "negative": (
        safetensors(change=lambda h: h.replace("[2, 3]", "[-2, -3]")),
        "a number in its header",
    ),
    "half": (
        safetensors(change=lambda h: h.replace("[2, 3]", "[2.0, 3]")),
        "a number in its header",
    ),
    "dtype": (safetensors(change=lambda h: h.replace("F32", "F4")), "no sound safetensors"),
    "twice": (
        safetensors(change=lambda h: h.replace('"layer.bias"', '"layer.weight"')),
        "a key twice",
    ),
    "numbers": (safetensors(metadata={"format": 1}), "not text"),
    "list": (struct.pack("<Q", 2) + b"[]", "no sound safetensors"),
    "deep": (struct.pack("<Q", 90_000) + b"[" * 90_000, "no sound safetensors"),
    "long": (struct.pack("<Q", 1 << 63), "no sound safetensors"),
    "empty": (b"", "no sound safetensors"),
}


@pytest.mark.parametrize("name", SPOILED)
def test_every_change_is_seen(proved, name):
    """In the numbers, the types, the shapes, the names, and in the file around them."""
    written, reason = SPOILED[name]
    with pytest.raises(UnprovedError, match=reason):
        proved(written)


def model(*ops, storages=None, **members):
    data = assemble([("PROTO", 2), *ops, "STOP"])
    numbers = {f"a/data/{key}": value for key, value in (storages or {"0": WEIGHT}).items()}
    whole = {"a/data.pkl": data, "a/byteorder": b"little", **numbers, "a/version": b"3\n"}
    return stored({**whole, **{f"a/{key}": value for key, value in members.items()}})


def text(value):
    return ("BINUNICODE", value)


def number(value):
    return ("LONG1", value) if abs(value) >= 1 << 31 else ("BININT", value)


def sizes(*values):
    return ["MARK", *map(number, values), "TUPLE"]


def storage(count=6, kind="torch FloatStorage", key="0"):
    return [
        "MARK",
        text("storage"),
        ("GLOBAL", kind),
        text(key),
        text("cpu"),
        number(count),
        "TUPLE",
        "BINPERSID",
    ]


def tensor(shape=(2, 3), strides=(3, 1), offset=0, where=None, last=()):
    hooks = [("GLOBAL", "collections OrderedDict"), "EMPTY_TUPLE", "REDUCE"]
    given = [
        "MARK",
        *(where or storage()),
        number(offset),
        *sizes(*shape),
        *sizes(*strides),
        "NEWFALSE",
    ]
    return [("GLOBAL", "torch._utils _rebuild_tensor_v2"), *given, *hooks, *last, "TUPLE", "REDUCE"]


def entry(*ops):
    return ["EMPTY_DICT", text("w"), *ops, "SETITEM"]


ONE = safetensors({"w": ("F32", [2, 3], WEIGHT)})
ODD = {
    "cut": (model(*entry(*tensor()), storages={"0": WEIGHT[:-1]}), "cut off: 23 of 24"),
    "no storage": (model(*entry(*tensor()), storages={"1": WEIGHT}), "cut off: 0 of 24"),
    "beyond": (model(*entry(*tensor(offset=1))), "reaches beyond"),
    "far": (model(*entry(*tensor(strides=(1 << 40, 1)))), "reaches beyond"),
    "farther": (model(*entry(*tensor(strides=(1 << 62, 1)))), "does not say where"),
    "before": (model(*entry(*tensor(offset=-1))), "does not say where"),
    "strides": (model(*entry(*tensor(strides=(3,)))), "not as many strides"),
    "liar": (model(*entry(*tensor(where=storage(1 << 50)))), "does not say where"),
    "conj": (
        model(*entry(*tensor(last=["EMPTY_DICT", text("conj"), "NEWTRUE", "SETITEM"]))),
        "conjugated",
    ),
    "other type": (
        model(*entry(*tensor(where=storage(kind="os FloatStorage")))),
        "does not say where",
    ),
    "changed": (model(*entry(*tensor(), *sizes(1), "BUILD")), "changes it after"),
    "call": (model(*entry(("GLOBAL", "os getcwd"), "EMPTY_TUPLE", "REDUCE")), "made by os.getcwd"),
    "appended": (
        model(("GLOBAL", "collections OrderedDict"), "EMPTY_TUPLE", "REDUCE", *tensor(), "APPEND"),
        "in a way that none is",
    ),
    "big": (model(*entry(*tensor()), byteorder=b"big"), "big-endian"),
    "no pickle": (stored({"a/version": b"3\n"}), "data.pkl is missing"),
    "broken": (stored({"a/data.pkl": b"\x80\x02}", "a/version": b"3"}), "cannot be followed"),
    "no zip": (b"PK\x03\x04" + bytes(50), "cannot be read"),
    "nothing": (b"", "cannot be read"),
    "deep": (model(*["EMPTY_LIST"] * 5000, *["APPEND"] * 4999), "followed|nested too deep"),
    "legacy cut": (torch_files.legacy("")[:-1], "cut off: 7 of 8"),
    "legacy, cut before": (torch_files.legacy("")[:-17], "does not fit"),
    "magic": (torch_files.legacy("").replace(b"\xfc\x9c", b"\xfc\x9d"), "does not begin"),
    "big legacy": (torch_files.legacy("").replace(b"endian\x88", b"endian\x89"), "does not begin"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_cannot_be_followed_is_not_proved(proved, name):
    """Damaged, ambiguous, lying about lengths, or made in a way that no one makes it."""
    given, reason = ODD[name]
    written = safetensors() if given.startswith(b"\x80") else ONE
    with pytest.raises(UnprovedError, match=reason):
        proved(written, given)


def test_a_member_that_comes_twice_is_refused(proved):
    """Two readers may take two of them; upper case is no other name, since torch's reader may not see it."""
    for name in ("a/data/0", "a/DATA/0"):
        out = io.BytesIO(model(*entry(*tensor())))
        with (
            zipfile.ZipFile(out, "a") as archive,
            pytest.warns(UserWarning, match="Duplicate") if "data" in name else nullcontext(),
        ):
            archive.writestr(name, WEIGHT)
        with pytest.raises(UnprovedError, match="twice"):
            proved(ONE, out.getvalue())


def test_a_compressed_member_is_unpacked(proved):
    """torch reads such archives, and so does the proof."""
    members = {
        "a/data.pkl": assemble([("PROTO", 2), *entry(*tensor()), "STOP"]),
        "a/data/0": WEIGHT,
        "a/version": b"3",
    }
    assert proved(ONE, stored(members, compressed=True)).tensors == 1


def test_a_flipped_bit_is_noticed_by_its_sum(proved):
    """Torch looks at no sum. It can be told to write none, and then none is looked at."""
    flipped = model(*entry(*tensor())).replace(WEIGHT, WEIGHT[:-1] + b"\x41")
    changed = safetensors({"w": ("F32", [2, 3], WEIGHT[:-1] + b"\x41")})
    with pytest.raises(UnprovedError, match=r"'a/data/0' is damaged \(its CRC-32 does not fit\)"):
        proved(changed, flipped)
    with zipfile.ZipFile(io.BytesIO(flipped)) as archive:
        for member in archive.infolist():
            flipped = flipped.replace(struct.pack("<I", member.CRC), bytes(4))
    assert proved(changed, flipped).tensors == 1


def test_the_first_name_of_a_storage_counts(proved):
    """As for torch: what a later one says of its type and length does not."""
    later = tensor((2,), (1,), where=storage(2, "torch IntStorage"))
    ops = ["EMPTY_DICT", text("w"), *tensor(), "SETITEM", text("v"), *later, "SETITEM"]
    written = safetensors({"w": ("F32", [2, 3], WEIGHT), "v": ("F32", [2], WEIGHT[:8])})
    assert proved(written, model(*ops)).tensors == 2


def legacy(*ops):
    """A legacy file with another object in it; its storages are six numbers and two."""
    whole = torch_files.legacy("")
    start = whole.index(b"\x80\x02}X\x0c\x00\x00\x00layer.weight")
    end = whole.index(b"\x80\x02]", start)
    return whole[:start] + assemble([("PROTO", 2), *ops, "STOP"]) + whole[end:]


def test_a_legacy_storage_may_be_part_of_another(proved):
    """A view says where it begins and how long it is, in elements; a tensor may not reach beyond it."""

    def view(first, count):
        whole = ["MARK", text("storage"), ("GLOBAL", "torch FloatStorage"), text("0"), text("cpu")]
        return [
            *whole,
            number(6),
            "MARK",
            text("v"),
            number(first),
            number(count),
            "TUPLE",
            "TUPLE",
            "BINPERSID",
        ]

    other = [
        *entry(*tensor((2,), (1,), where=[*storage(2, key="1")[:-2], "NONE", "TUPLE", "BINPERSID"]))
    ]
    numbers = ("F32", [2], BIAS)
    given = legacy(*other, text("v"), *tensor((2,), (1,), 1, where=view(2, 3)), "SETITEM")
    assert proved(safetensors({"w": numbers, "v": ("F32", [2], WEIGHT[12:20])}), given).tensors == 2
    given = legacy(*other, text("v"), *tensor((2,), (1,), 2, where=view(2, 3)), "SETITEM")
    with pytest.raises(UnprovedError, match="reaches beyond"):
        proved(safetensors({"w": numbers, "v": ("F32", [2], WEIGHT[16:])}), given)
    given = legacy(*other, text("v"), *tensor((2,), (1,), 1, where=view(4, 3)), "SETITEM")
    with pytest.raises(UnprovedError, match="cut off"):
        proved(safetensors({"w": numbers, "v": ("F32", [2], WEIGHT[:8])}), given)


def test_the_last_of_two_equal_keys_counts(proved):
    """As in Python: and what was there before is not written."""
    ops = [*entry(*tensor((1,), (1,))), text("w"), *tensor(), "SETITEM"]
    assert proved(ONE, model(*ops)).tensors == 1


def test_large_tensors_are_compared_in_blocks(proved, monkeypatch):
    """Wherever the difference is, and however the strides lie."""
    monkeypatch.setattr("unpickled.restricted.proof._BLOCK", 5)
    data = bytes(range(240))
    ops = entry(*tensor((1, 5, 6), (1, 1, 10), where=storage(60, "torch FloatStorage")))
    flat = [
        struct.unpack_from("<4s", data, 4 * (row + 10 * column))[0]
        for row in range(5)
        for column in range(6)
    ]
    fine = b"".join(flat)
    given = model(*ops, storages={"0": data})
    assert proved(safetensors({"w": ("F32", [1, 5, 6], fine)}), given).tensors == 1
    for at in range(0, len(fine), 17):
        wrong = fine[:at] + bytes([fine[at] ^ 128]) + fine[at + 1 :]
        with pytest.raises(UnprovedError, match="other numbers"):
            proved(safetensors({"w": ("F32", [1, 5, 6], wrong)}), given)


EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.binary(max_size=6), st.integers(0, 6)),
    min_size=1,
    max_size=4,
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["zip", "packed", "legacy", "draft"]), EDITS)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_damage_of_any_kind_is_one_kind_of_error(proved, which, edits):
    """Bytes changed, put in, taken out of the model or the draft: equal where they do not count, or not proved."""
    members = {
        "a/data.pkl": assemble([("PROTO", 2), *entry(*tensor()), "STOP"]),
        "a/data/0": WEIGHT,
    }
    packed = stored({**members, "a/version": b"3"}, compressed=True)
    models = {"packed": packed, "legacy": torch_files.legacy("")}
    given_model, written = (
        models.get(which, torch_files.torch_zip("")),
        ONE if which == "packed" else safetensors(),
    )
    changed = bytearray(written if which == "draft" else given_model)
    for place, data, gone in edits:
        at = int(place * len(changed))
        changed[at : at + gone] = data
    with suppress(UnprovedError):
        proved(bytes(changed), given_model) if which == "draft" else proved(written, bytes(changed))


def test_names_of_any_kind_are_told_whole(proved):
    """A message of the proof is bounded, whatever a name holds."""
    name = "n" * 900 + "\x1b[2J"
    ops = ["EMPTY_DICT", text(name), *tensor(), "SETITEM"]
    with pytest.raises(UnprovedError) as error:
        proved(ONE, model(*ops))
    assert len(str(error.value)) < 200
