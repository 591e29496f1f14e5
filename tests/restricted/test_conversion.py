"""Every tensor of a state dict arrives as it was, or is told by name; nothing is lost unsaid."""

from __future__ import annotations

import collections
import warnings
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors import safe_open

from unpickled.pickles import assemble
from unpickled.restricted import naming
from unpickled.restricted.contents import UnprovedError
from unpickled.restricted.written import DTYPES

CLASSIC = ["float64", "float32", "float16", "bfloat16", "complex64", "int64", "int32", "int16"]
CLASSIC += ["int8", "uint8", "bool"]


def same(torch, one, other):
    """Whether type, shape and every bit agree: NaN equals NaN, and -0.0 is not 0.0."""
    if (one.dtype, one.shape) != (other.dtype, other.shape):
        return False
    return bytes_of(torch, one) == bytes_of(torch, other)


def bytes_of(torch, tensor):
    flat = torch.empty(tensor.numel(), dtype=tensor.dtype).copy_(tensor.detach().reshape(-1))
    return flat.view(torch.uint8).numpy().tobytes() if flat.numel() else b""


def filled(torch, dtype, *shape):
    """A tensor of any type with bits of all kinds, NaN and infinities among them."""
    width = getattr(torch, dtype).itemsize
    count = torch.Size(shape).numel()
    if dtype == "bool":
        return torch.randint(0, 2, shape).bool()
    raw = torch.randint(0, 256, (count * width,), dtype=torch.uint8)
    return raw.view(getattr(torch, dtype)).reshape(shape)


def test_every_type_arrives(bench):
    """All types that torch and safetensors share, bit by bit."""
    made = {dtype: filled(bench.torch, dtype, 3, 5) for dtype in DTYPES}
    proved, loaded = bench.both(made)
    assert proved.tensors == len(DTYPES) == 18
    assert loaded.keys() == made.keys()
    assert all(same(bench.torch, loaded[name], made[name]) for name in made)


def layouts(torch):
    base = torch.randn(6, 8)
    return {
        "transposed": base.t(),
        "every second": base[:, ::2],
        "slice": base[2:4],
        "row": base[3],
        "scalar": torch.tensor(3.5),
        "no rows": torch.empty(0, 3),
        "no columns": torch.empty(2, 0),
        "expanded": torch.arange(3).expand(4, 3),
        "channels last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "permuted": torch.randn(2, 3, 4).permute(2, 0, 1),
        "parameter": torch.nn.Parameter(base[1:]),
        "ones": torch.randn(1, 1, 1),
    }


@pytest.mark.parametrize("legacy", [False, True])
def test_every_layout_arrives(bench, legacy):
    """Views of all kinds, in both forms of a PyTorch file."""
    made = layouts(bench.torch)
    proved, loaded = bench.both(made, legacy=legacy)
    assert proved.tensors == len(made)
    assert all(same(bench.torch, loaded[name], made[name]) for name in made)


SHAPES = st.lists(st.integers(0, 4), max_size=4)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
VIEWS = st.sampled_from(["whole", "transposed", "every second", "expanded", "later", "parameter"])
FORMS = ["read", "mapped", "legacy"]
ENTRY = st.tuples(NAMES, st.sampled_from(CLASSIC), SHAPES, VIEWS, st.booleans())


def viewed(torch, tensor, view):
    if view == "transposed" and tensor.dim() > 1:
        return tensor.transpose(0, -1)
    if view == "every second" and tensor.dim():
        return tensor[..., ::2]
    if view == "expanded":
        return tensor.expand(2, *tensor.shape)
    if view == "later" and tensor.dim():
        return tensor[1:]
    if view == "parameter" and tensor.is_floating_point():
        return torch.nn.Parameter(tensor)
    return tensor


@settings(max_examples=60)
@given(st.lists(ENTRY, min_size=1, max_size=6), st.sampled_from(FORMS), st.integers(0, 2))
def test_any_state_dict_arrives(bench, entries, form, depth):
    """Types, shapes, views, names, shared memory, nesting: made at random, each bit compared by torch as well."""
    torch, made, earlier = bench.torch, {}, None
    bench.map_from(0 if form == "mapped" else 16 << 20)
    for name, dtype, shape, view, again in entries:
        tensor = earlier if again and earlier is not None else filled(torch, dtype, *shape)
        made[name], earlier = viewed(torch, tensor, view), tensor
    whole = made
    for _ in range(depth):
        whole = {"outer": whole}
    if "__metadata__" in made and not depth:
        return
    proved, loaded = bench.both(whole, legacy=form == "legacy")
    expected = {"outer." * depth + name: tensor for name, tensor in made.items()}
    assert loaded.keys() == expected.keys()
    assert all(same(torch, loaded[name], tensor) for name, tensor in expected.items())
    assert (proved.part, proved.left) == ("", [])


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_a_compressed_archive_is_read_and_not_mapped(bench):
    """Mapped, torch would take compressed bytes for numbers."""
    made = {"w": bench.torch.zeros(100)}
    bench.save(made)
    packed = bench.folder / "packed.pt"
    with (
        zipfile.ZipFile(bench.model) as old,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for member in old.infolist():
            new.writestr(member.filename, old.read(member))
    packed.replace(bench.model)
    bench.map_from(0)
    assert bench.convert() == {"outcome": "written"}
    assert bench.prove().tensors == 1
    bench.model.write_bytes(
        b"\x80" + bench.model.read_bytes()
    )  # it does not begin as an archive, and ends as one
    assert bench.convert()["outcome"] != "written"
    bench.map_from(16 << 20)


def test_tied_tensors_are_under_each_of_their_names(bench):
    """As `save_model` the metadata tells which was kept; unlike it, the file gives every name."""
    weight = bench.torch.randn(10, 4)
    made = {
        "a": weight,
        "b": weight,
        "head": weight[:5],
        "format": weight,
        "c": bench.torch.nn.Parameter(weight),
    }
    proved, loaded = bench.both(collections.OrderedDict(made))
    assert all(same(bench.torch, loaded[name], made[name]) for name in made)
    assert (proved.tied, proved.tied_bytes) == ([("b", "a"), ("format", "a"), ("c", "a")], 480)
    with safe_open(bench.draft, framework="np") as file:
        assert file.metadata() == {"format": "pt", "b": "a", "c": "a"}


def checkpoint(torch):
    model = torch.nn.Sequential(torch.nn.Linear(3, 4), torch.nn.BatchNorm1d(4))
    state = {
        n: {"exp_avg": p, "exp_avg_sq": p * p, "step": p[0]}
        for n, p in enumerate(model.parameters())
    }
    optimizer = {"state": state, "param_groups": [{"lr": 0.1, "params": [0, 1, 2, 3]}]}
    given = {"state_dict": model.state_dict(), "epoch": 3, "config": {"name": "n" * 3000}}
    return model, {**given, "optimizer": optimizer, "none": None}


@pytest.mark.parametrize("legacy", [False, True])
def test_of_a_checkpoint_the_state_dict_is_taken(bench, legacy):
    """The model loads it strictly; everything else is told, the optimizer with its tensors."""
    model, given = checkpoint(bench.torch)
    proved, loaded = bench.both(given, legacy=legacy)
    assert proved.part == "state_dict"
    assert set(loaded) == set(model.state_dict())
    model.load_state_dict(loaded, strict=True)
    told = ["(attribute _metadata): dict", "epoch: int", "config: dict"]
    assert proved.left == [*told, "optimizer: dict with 12 tensors", "none: NoneType"]


def test_all_and_part_take_what_they_say(bench):
    """--all writes every tensor with dots, --part another entry; an entry that is not there is named."""
    _, given = checkpoint(bench.torch)
    proved, loaded = bench.both(given, everything=True)
    assert len(loaded) == proved.tensors == 7 + 12
    assert {"state_dict.0.weight", "optimizer.state.0.exp_avg"} <= set(loaded)
    assert "optimizer.param_groups.0.lr: float" in proved.left
    _, loaded = bench.both(given, part="optimizer")
    assert "state.0.exp_avg" in loaded
    assert bench.convert(part="ema") == {
        "outcome": "unnamed",
        "message": "it has no part 'ema'; it has state_dict, epoch, config, optimizer, none",
    }
    assert "no tensor in 'config'" in bench.convert(part="config")["message"]


def test_the_first_known_key_is_the_state_dict(bench):
    """In the order of the table; a dict with tensors of its own is none, and neither is an entry without."""
    tensor = bench.torch.ones(1)
    inner = {"w": tensor}
    assert bench.both({"module": inner, "model": inner})[0].part == "model"
    assert bench.both({"model": {"deep": inner}, "module": inner})[0].part == "module"
    assert bench.both({"model": inner, "w": tensor})[0].part == ""
    assert bench.both({"generator": inner})[0].part == ""


def test_an_object_without_keys_gets_names(bench):
    """A tensor alone is `tensor`; lists are numbered; numbers are keys as well."""
    torch = bench.torch
    assert set(bench.both(torch.ones(2))[1]) == {"tensor"}
    assert set(bench.both([torch.ones(2), (torch.ones(1), {"x": torch.ones(1)})])[1]) == {
        "0",
        "1.0",
        "1.1.x",
    }
    proved, loaded = bench.both({1: torch.ones(2), (1, 2): "text", 2.5: b"bytes", "z": 1j})
    assert set(loaded) == {"1"}
    assert proved.left == ["(1, 2): str", "2.5: bytes", "z: complex"]


def test_plain_values_of_all_kinds_are_told(bench):
    """With their types, and what is kept on a parameter or a dict beside its entries."""
    torch = bench.torch
    parameter = torch.nn.Parameter(torch.ones(2))
    parameter.frozen = True
    given = {"w": parameter, "s": {1, 2}, "size": torch.Size([1]), "dtype": torch.float16, "z": 1j}
    proved, _ = bench.both(
        {**given, "counts": collections.Counter("aab"), "cpu": torch.device("cpu")}
    )
    told = ["w.(attribute frozen): bool", "s: set", "size: Size", "dtype: float16", "z: complex"]
    assert proved.left == [*told, "counts.a: int", "counts.b: int", "cpu: device"]


def odd_ones(torch):
    eye, z = torch.eye(3), torch.randn(3, dtype=torch.complex64)
    yield eye.to_sparse(), "sparse, sparse_coo"
    yield eye.to_sparse_csr(), "sparse, sparse_csr"
    yield torch.quantize_per_tensor(eye, 0.1, 0, torch.qint8), "quantised, qint8"
    yield torch.empty(3, device="meta"), "without numbers"
    yield torch.zeros(2, dtype=torch.complex128), "complex128"
    yield torch.ones(3).to(torch.float8_e8m0fnu), "float8_e8m0fnu"
    yield z.conj(), "conjugated"
    yield z.conj().imag, "negated"
    yield torch.nested.nested_tensor([eye[0], eye[1]]), "nested"
    yield eye.untyped_storage(), "a storage without a tensor"


def test_what_safetensors_cannot_hold_is_named(bench):
    """The whole file is refused, with the tensor's name and the reason: a model without one weight is no model."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for tensor, reason in odd_ones(bench.torch):
            bench.save({"layer.odd": tensor, "w": bench.torch.ones(2)})
            told = bench.convert()
            assert told["outcome"] == "cannot", reason
            assert told["total"] == 1
            assert told["cannot"][0].startswith("layer.odd (")
            assert reason in told["cannot"][0]
            assert not bench.draft.exists()


def nameless(torch):
    one = torch.ones(1)
    with_tensor = torch.nn.Parameter(torch.ones(1))
    with_tensor.other = one
    circle = {"w": one}
    circle["self"] = circle
    ordered = collections.OrderedDict(w=one)
    ordered.other = one
    many = [one, one]
    for _ in range(30):
        many = [many, many]
    yield {(1, 2): one}, "key of type tuple"
    yield {True: one}, "key of type bool"
    yield {None: {"w": one}}, "key of type NoneType"
    yield {"w": with_tensor}, "attribute other"
    yield ordered, "attribute other"
    yield {"s": {one}}, "member of a set"
    yield {"a": {"b": one}, "a.b": one}, "two tensors would have the name 'a.b'"
    yield {1: one, "1": one}, "two tensors would have the name '1'"
    yield {"__metadata__": one}, "no room for the name '__metadata__'"
    yield {"a\udc80": one}, r"no room for the name 'a\udc80'"
    yield {"n" * 1001: one}, "no room for the name"
    yield circle, "nested too deep"
    yield many, "too many values"
    yield {"a": 1}, "there is no tensor in it"
    yield {}, "there is no tensor in it"
    yield "text", "there is no tensor in it"


def test_what_has_no_name_is_refused(bench, monkeypatch):
    """No tensor is passed over, and none takes another's place."""
    monkeypatch.setattr(naming, "_VALUES", 3000)
    for given_object, reason in nameless(bench.torch):
        bench.save(given_object)
        told = bench.convert()
        assert told["outcome"] == "unnamed", reason
        assert reason in told["message"]


def test_a_small_file_does_not_become_a_large_one(bench):
    """One number that is expanded a billion times is refused before it is written out."""
    bench.save({"a": bench.torch.zeros(1).expand(1 << 40)})
    assert bench.convert(most=1000) == {"outcome": "too large", "size": 4 << 40}


def test_a_whole_model_is_refused_by_the_unpickler(bench):
    """A pickled nn.Module names its class, which is on nobody's list."""
    bench.save(bench.torch.nn.Linear(2, 2))
    told = bench.convert()
    assert (told["outcome"], told["named"]) == ("refused", "torch.nn.modules.linear.Linear")


def test_a_name_does_not_choose_the_loader(bench):
    """A file of torch.save that is called .safetensors is still read for what it is."""
    bench.save({"w": bench.torch.ones(2)})
    renamed = bench.folder / "model.safetensors"
    bench.model.rename(renamed)
    bench.model = renamed
    try:
        assert bench.convert() == {"outcome": "written"}
        assert bench.prove().tensors == 1
    finally:
        bench.model = bench.folder / "model.pt"


def python2():
    """A legacy file whose dict is written as Python 2 did: a list of pairs, with byte strings for text."""
    from unpickled.specimens import torch_files

    whole = torch_files.legacy("")
    start = whole.index(b"\x80\x02}", 40)  # the object: after magic number, protocol and system
    start = whole.index(b"\x80\x02}X\x0c\x00\x00\x00layer.weight", start)
    end = whole.index(b"\x80\x02]", start)
    tensor = torch_files._tensor("0", (2, 3), (3, 1), legacy=True)
    other = torch_files._tensor("1", (2,), (1,), legacy=True)
    pairs = ["EMPTY_LIST"]
    for name, ops in (("w", tensor), ("b", other)):
        pairs += ["EMPTY_LIST", ("SHORT_BINSTRING", name), "APPEND", *ops, "APPEND", "APPEND"]
    ops = [("GLOBAL", "collections OrderedDict"), *pairs, "TUPLE1", "REDUCE", "STOP"]
    return whole[:start] + assemble([("PROTO", 2), *ops]) + whole[end:]


def test_a_file_of_python_2_is_converted(bench):
    """Its ordered dict is a list of pairs."""
    from safetensors.torch import load_file

    bench.model.write_bytes(python2())
    assert bench.convert() == {"outcome": "written"}
    assert bench.prove().tensors == 2
    assert load_file(bench.draft)["w"].tolist() == [[1, 2, 3], [4, 5, 6]]


def test_the_proof_sees_what_the_first_child_did_otherwise(bench):
    """Another part, another name, fewer tensors: not what the pickle describes by the same rule."""
    _, given = checkpoint(bench.torch)
    bench.save(given)
    bench.convert(everything=True)
    with pytest.raises(UnprovedError, match=r"was not written|not in the model"):
        bench.prove()
    bench.convert(part="optimizer")
    with pytest.raises(UnprovedError, match=r"was not written|not in the model"):
        bench.prove()


def test_the_rule_has_one_home():
    """Both children use the same table of keys."""
    assert naming.STATE_DICTS == ("state_dict", "model_state_dict", "model", "module")
