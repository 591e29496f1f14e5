"""What a parser has to see: the places where a header can keep something from whoever only looks at the usual ones."""

from __future__ import annotations

import io
import json
import struct
import tarfile
import zipfile

import h5py
import joblib
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from unpickled.errors import CourseError
from unpickled.pickles import assemble
from unpickled.weights import identify, read_pickle
from unpickled.weights.parsers import RefusedError, parse

PLAIN = assemble([("PROTO", 2), "EMPTY_DICT", "STOP"])
CALL = [("GLOBAL", "os mkdir"), ("BINUNICODE", "canary"), "TUPLE1", "REDUCE"]
CANARY = assemble([("PROTO", 2), *CALL, "STOP"])
LAMBDA = json.dumps({"class_name": "Sequential", "config": {"class_name": "Lambda", "config": {}}})


def read(path):
    return parse(identify(path).id, path)


def told(path, kind):
    """Place and text of the risks of one kind."""
    return [(where, text) for what, where, text in read(path).risks if what == kind]


def named(path):
    return [(name, dtype, tuple(shape), size) for name, dtype, shape, size in read(path).tensors]


def zipped(path, *entries):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def test_torch_looks_up_members_without_regard_to_case(tmp_path):
    """So `a/DATA.PKL` is the pickle that it runs; beside `a/data.pkl` nobody can say which one it is."""
    alone = zipped(tmp_path / "a.pt", ("a/DATA.PKL", CANARY), ("a/Version", "3"))
    assert identify(alone).id == "torch-zip"
    ((where, text),) = told(alone, "pickle")
    assert (where, "os.mkdir" in text) == ("a/DATA.PKL", True)
    both = zipped(
        tmp_path / "b.pt", ("a/DATA.PKL", CANARY), ("a/data.pkl", PLAIN), ("a/version", "3")
    )
    with pytest.raises(RefusedError, match=r"member 'a/data\.pkl' twice, once as 'a/DATA\.PKL'"):
        read(both)
    with pytest.raises(CourseError, match=r"'a/data\.pkl' twice, once as 'a/DATA\.PKL'"):
        read_pickle(both)
    two = zipped(tmp_path / "c.npz", *((f"{name}.npy", npy(np.zeros(1))) for name in "aA"))
    assert read(two).total == 2  # NumPy and Keras tell them apart


def test_of_two_members_of_one_name_none_is_traced(tmp_path):
    """A later one in a zip or a tar, and one in an archive within that is called like one beside it."""
    pair = [("a.pkl", PLAIN), ("a.pkl", PLAIN + PLAIN)]
    with pytest.warns(UserWarning, match="Duplicate"):
        twins = zipped(tmp_path / "a.zip", *pair)
    inner = zipped(tmp_path / "c.zip", pair[0]).read_bytes()
    deep = zipped(tmp_path / "d.zip", ("c.zip", inner), ("c.zip > a.pkl", PLAIN))
    for path, name in (
        (twins, "a.pkl"),
        (taken(tmp_path / "b.tar", pair), "a.pkl"),
        (deep, "c.zip > a.pkl"),
    ):
        for member in (None, name):
            with pytest.raises(CourseError, match=f"it has the member '{name}' twice"):
                read_pickle(path, member, first=True)


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_each_member_of_a_torch_zip_that_opens_as_a_pickle_is_told(tmp_path):
    """Whatever its name; raw numbers are left alone."""
    path = zipped(
        tmp_path / "a.pt",
        ("a/data.pkl", PLAIN),
        ("a/version", "3"),
        ("a/extra", CANARY),
        ("a/data/0", CANARY),
    )
    assert [where for where, _ in told(path, "pickle")] == ["a/data.pkl", "a/extra"]


def external(name, dtype=TensorProto.FLOAT):
    tensor = onnx.TensorProto(name=name, data_type=dtype, dims=[1])
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret.bin")
    return tensor


def sparse(values, indices):
    return onnx.SparseTensorProto(values=values, indices=indices, dims=[2])


def in_function(model):
    constant = helper.make_node("Constant", [], ["b"], value=external("here"))
    opset = [helper.make_opsetid("", 18), helper.make_opsetid("strange", 1)]
    model.functions.append(helper.make_function("local", "F", [], ["b"], [constant], opset))


def in_default(model):
    model.functions.append(helper.make_function("local", "F", [], ["b"], [], []))
    model.functions[0].attribute_proto.append(helper.make_attribute("d", external("here")))


def in_training(model):
    model.training_info.add().algorithm.initializer.append(external("here"))


def before_training(model):
    model.training_info.add().initialization.initializer.append(external("here"))


def in_indices(model):
    plain = helper.make_tensor("v", TensorProto.FLOAT, [1], [1.0])
    indices = external("here", TensorProto.INT64)
    model.graph.sparse_initializer.append(sparse(plain, indices))


def in_sparse_attribute(model):
    indices = helper.make_tensor("i", TensorProto.INT64, [1], [0])
    value = sparse(external("here"), indices)
    model.graph.node.append(helper.make_node("Constant", [], ["z"], sparse_value=value))


def in_sparse_list(model):
    value = sparse(external("here"), helper.make_tensor("i", TensorProto.INT64, [1], [0]))
    model.graph.node.append(helper.make_node("Strange", [], ["z"], values=[value]))


def in_constant(model):
    model.graph.node.append(helper.make_node("Constant", [], ["z"], value=external("here")))


def model_of(change):
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    model = helper.make_model(helper.make_graph(nodes, "g", ends[:1], ends[1:]))
    change(model)
    return model


@pytest.mark.parametrize(
    "place",
    [
        in_constant, in_function, in_default, in_training, before_training, in_indices,
        in_sparse_attribute, in_sparse_list,
    ],
)  # fmt: skip
def test_a_path_outside_is_told_wherever_a_model_has_tensors(tmp_path, place):
    """Functions of the model's own, training, sparse values and indices, constants: `onnx.load` follows them all."""
    path = tmp_path / "a.onnx"
    path.write_bytes(model_of(place).SerializeToString())
    ((where, text),) = told(path, "external")
    assert where == "here"
    assert "'../secret.bin'" in text
    assert "here" in [name for name, *_ in named(path)]


def test_operators_that_onnx_does_not_define_are_told(tmp_path):
    """In the model, and in a function of its own; ONNX's own are not."""
    path = tmp_path / "a.onnx"
    model = model_of(in_function)
    model.opset_import.append(helper.make_opsetid("vendor.custom", 1))
    model.opset_import.append(helper.make_opsetid("ai.onnx.ml", 3))
    path.write_bytes(model.SerializeToString())
    assert [where for where, _ in told(path, "code")] == ["vendor.custom", "strange"]


def taken(path, members):
    with tarfile.open(path, "w") as archive:
        for name, data in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def number(value):
    return assemble([("PROTO", 2), ("BININT1", value), "STOP"])


def three(*ops):
    return assemble([("PROTO", 2), *ops, "TUPLE3", "STOP"])


STORAGE = three(
    ("BINUNICODE", "7"), ("BINUNICODE", "cpu"), ("GLOBAL", "torch FloatStorage")
) + struct.pack("<q4f", 4, 0, 0, 0, 0)
NO_VIEWS = assemble([("PROTO", 2), "EMPTY_LIST", "STOP"])
TENSOR = three(("BINUNICODE", "9"), ("BINUNICODE", "7"), ("GLOBAL", "torch FloatTensor"))
TENSOR += struct.pack("<2i5q", 2, 0, 2, 2, 2, 1, 0)
WHOLE = {
    "sys_info": PLAIN,
    "storages": number(1) + STORAGE + NO_VIEWS,
    "tensors": number(1) + TENSOR,
    "pickle": assemble([
        ("PROTO", 2), "EMPTY_DICT", ("BINUNICODE", "w"), ("BINUNICODE", "9"), "BINPERSID", "SETITEM", "STOP",
    ]),
}  # fmt: skip


def test_an_old_tar_lists_its_tensors(tmp_path):
    """Type, shape and bytes come from `storages` and `tensors`, the name from the object."""
    path = taken(tmp_path / "a.pt", WHOLE.items())
    assert named(path) == [("w", "float32", (2, 2), 16)]
    assert told(path, "closed") == []


def test_no_pickle_in_an_old_tar_hides_behind_raw_numbers(tmp_path):
    """Those after a storage or a tensor are told, or the file refused with what they import; a rest is noted."""
    views = {**WHOLE, "storages": number(1) + STORAGE + CANARY}
    path = taken(tmp_path / "a.pt", views.items())
    assert "os.mkdir" in dict(told(path, "pickle"))["storages"]
    second = {**WHOLE, "storages": number(2) + STORAGE + CANARY}
    with pytest.raises(RefusedError, match=r"its pickles import torch\.FloatStorage, os\.mkdir"):
        read(taken(tmp_path / "b.pt", second.items()))
    other = {**WHOLE, "tensors": number(2) + TENSOR + CANARY}
    with pytest.raises(RefusedError, match=r"its pickles import torch\.FloatTensor, os\.mkdir"):
        read(taken(tmp_path / "c.pt", other.items()))
    behind = {**WHOLE, "tensors": number(1) + TENSOR + CANARY}
    ((where, text),) = told(taken(tmp_path / "d.pt", behind.items()), "closed")
    assert (where, text[:8]) == ("tensors", f"{len(CANARY)} bytes")


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("storages", number(2) + STORAGE, "breaks off"),
        ("storages", STORAGE, "how many there are"),
        ("storages", number(1) + STORAGE[:-16], "it is cut off in 'storages'"),
        ("storages", number(1) + STORAGE.replace(struct.pack("<q", 4), b"\xff" * 8), "is false"),
        ("storages", number(1) + STORAGE.replace(b"FloatStorage", b"Odd"), "unknown type"),
        ("tensors", number(1) + TENSOR[:-8], "it is cut off in 'tensors'"),
        (
            "tensors",
            number(1) + TENSOR.replace(struct.pack("<2i", 2, 0), b"\xff" * 8),
            "dimensions",
        ),
        ("tensors", b"", "breaks off"),
        ("pickle", PLAIN[:-1], "breaks off"),
    ],
)
def test_an_old_tar_that_lies_is_refused(tmp_path, name, data, reason):
    """Counts, lengths, types; and no pickle goes on into the next member."""
    path = taken(tmp_path / "a.pt", {**WHOLE, name: data}.items())
    with pytest.raises(RefusedError, match=reason):
        read(path)


def test_no_pickle_of_an_old_tar_goes_on_into_the_next_member(tmp_path):
    """A text that reaches over the padding, up to a name that begins with the opcode that ends a pickle."""
    long = b"\x80\x02T" + struct.pack("<i", 512 - 7)
    parts = {"sys_info": PLAIN, "storages": long, ".next": b"", **WHOLE} | {"storages": long}
    with pytest.raises(RefusedError, match="goes on behind the end of its member"):
        read(taken(tmp_path / "a.pt", parts.items()))


def test_a_lambda_is_told_in_whatever_zip_keras_would_read(tmp_path):
    """With weights as npz, with nothing else, in an archive of another format, and far behind."""
    odd = io.BytesIO()
    np.savez(odd, w=np.zeros(1), o=np.array([None], dtype=object))
    weights = zipped(
        tmp_path / "a.keras", ("config.json", LAMBDA), ("model.weights.npz", odd.getvalue())
    )
    alone = zipped(tmp_path / "b.keras", ("config.json", LAMBDA))
    torch = zipped(
        tmp_path / "c.pt", ("a/data.pkl", PLAIN), ("a/version", "3"), ("config.json", LAMBDA)
    )
    late = json.dumps({"a": "x" * 70_000, **json.loads(LAMBDA)})
    far = zipped(tmp_path / "d.zip", ("config.json", late))
    kinds = ["keras-zip", "keras-zip", "torch-zip", "zip"]
    assert [identify(path).id for path in (weights, alone, torch, far)] == kinds
    for path in (weights, alone, torch, far):
        assert [where for where, _ in told(path, "lambda")] == ["config.json"], path.name
    assert [where for where, _ in told(weights, "pickle")] == ["model.weights.npz > o.npy"]
    both = zipped(tmp_path / "h.keras", ("config.json", late), ("model.weights.npz", b""))
    assert identify(both).id == "keras-zip"  # by its members, however long its config is
    assert identify(zipped(tmp_path / "e.zip", ("config.json", '{"a": 1}'))).id == "zip"
    with zipfile.ZipFile(tmp_path / "g.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("config.json", LAMBDA)
    packed = (tmp_path / "g.zip").read_bytes()
    (tmp_path / "g.zip").write_bytes(packed[:60] + bytes(20) + packed[80:])
    assert identify(tmp_path / "g.zip").id == "zip"  # its stream is damaged
    broken = zipped(tmp_path / "f.zip", ("config.json", "{"))
    assert told(broken, "closed")[0][0] == "config.json"


def test_weights_that_are_compressed_in_a_keras_file_are_said_to_be_unread(tmp_path):
    """Its tensors are not listed, and the file does not pass for one without any."""
    with zipfile.ZipFile(tmp_path / "a.keras", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", LAMBDA)
        archive.writestr("model.weights.h5", bytes(100))
    assert ("model.weights.h5", "It is compressed, so its tensors are not listed.") in told(
        tmp_path / "a.keras", "closed"
    )


def test_the_pickle_of_an_array_of_objects_is_traced(tmp_path):
    """Its imports are told, alone and in an archive; cut anywhere, it is refused."""
    header = npy(np.array([None], dtype=object))
    header = header[: header.index(b"\n") + 1]
    path = tmp_path / "a.npy"
    path.write_bytes(header + CANARY)
    ((_, text),) = told(path, "objects")
    assert "It imports os.mkdir." in text
    ((_, text),) = told(zipped(tmp_path / "a.npz", ("o.npy", header + CANARY)), "objects")
    assert "It imports os.mkdir." in text
    for less in range(1, len(CANARY) + 1):
        path.write_bytes((header + CANARY)[:-less])
        with pytest.raises(RefusedError, match="breaks off"):
            read(path)


@pytest.fixture(scope="module")
def torch():
    import torch

    return torch


@pytest.mark.filterwarnings("ignore")
def test_no_tensor_of_pytorch_is_left_out_silently(torch, tmp_path):
    """Quantised, sparse, with attributes: listed. Of those in a form that is not read, the number is told."""
    state = torch.nn.Parameter(torch.ones(5))
    state.note = 1
    given = {
        "q": torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.qint8),
        "s": torch.eye(4).to_sparse(),
        "c": torch.eye(4).to_sparse_csr(),
        "b": torch.nn.Buffer(torch.ones(2)),
        "p": state,
    }
    torch.save(given, tmp_path / "a.pt")
    assert named(tmp_path / "a.pt") == [
        ("q", "qint8", (3,), 3),
        ("s.indices", "int64", (2, 4), 64), ("s.values", "float32", (4,), 16),
        ("c.compressed_indices", "int64", (5,), 40), ("c.plain_indices", "int64", (4,), 32),
        ("c.values", "float32", (4,), 16),
        ("b", "float32", (2,), 8), ("p", "float32", (5,), 20),
    ]  # fmt: skip
    assert told(tmp_path / "a.pt", "closed") == []
    torch.save([torch.nn.UninitializedParameter(), torch.ones(2, device="meta")], tmp_path / "b.pt")
    ((_, text),) = told(tmp_path / "b.pt", "closed")
    assert text.startswith("2 tensors are not listed")
    assert "_rebuild_meta_tensor_no_storage" in text


def test_a_short_or_missing_storage_is_noticed(torch, tmp_path):
    """In a zip the directory says how long each is."""
    torch.save({"w": torch.zeros(4)}, tmp_path / "a.pt")
    with zipfile.ZipFile(tmp_path / "a.pt") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    short = zipped(tmp_path / "b.pt", *{**members, "a/data/0": bytes(15)}.items())
    with pytest.raises(RefusedError, match=r"'data/0', which its tensors need, has 15 of 16 bytes"):
        read(short)
    del members["a/data/0"]
    with pytest.raises(RefusedError, match="is not there"):
        read(zipped(tmp_path / "c.pt", *members.items()))


def test_every_array_of_joblib_is_listed_and_nothing_hides_between_them(tmp_path):
    """Also compressed, of one byte, empty, of objects; what follows them is traced to its end."""
    given = {"a": np.arange(10.0), "b": [np.ones((2, 2), "f4"), np.zeros(0)], "c": np.ones(1, "?")}
    given |= {"o": np.array([{"x": 1}], dtype=object), "d": np.arange(3)}
    wanted = [
        ("a", "f8", (10,), 80), ("b.0", "f4", (2, 2), 16), ("b.1", "f8", (0,), 0), ("c", "b1", (1,), 1),
        ("o", "object", (1,), None), ("d", "i8", (3,), 24),
    ]  # fmt: skip
    for name, options in (
        ("a.joblib", {}), ("b.joblib", {"compress": 3}), ("c.joblib", {"protocol": 0}), ("d.joblib", {"protocol": 5}),
    ):  # fmt: skip
        joblib.dump(given, tmp_path / name, **options)
        assert named(tmp_path / name) == wanted
        assert told(tmp_path / name, "closed") == []
    joblib.dump({"k" * n: np.zeros(0) for n in range(1, 18)}, tmp_path / "d.joblib")
    assert read(tmp_path / "d.joblib").total == 17  # after a padding of each length
    data = (tmp_path / "a.joblib").read_bytes()
    (tmp_path / "c.joblib").write_bytes(data[:-1] + assemble([*CALL, "POP", "STOP"]))
    assert "os.mkdir" in told(tmp_path / "c.joblib", "pickle")[0][1]
    assert (tmp_path / "a.joblib").read_bytes() == data  # nothing that covers numbers reaches it
    for less in (*range(1, 100), *range(100, len(data) - 100, 7)):
        (tmp_path / "c.joblib").write_bytes(data[:-less])
        with pytest.raises(RefusedError, match=r"cut off|breaks off"):
            read(tmp_path / "c.joblib")


def test_numbers_of_2_gb_between_opcodes_are_stepped_over(tmp_path):
    """Of joblib and of an old tar: what stands behind them is read; a hole takes no room on the disk."""
    many, length = 1 << 29, 2 << 30
    joblib.dump([np.zeros(1 << 9, "f4"), "behind"], tmp_path / "a.joblib")
    data = (tmp_path / "a.joblib").read_bytes()
    start = data.index(bytes(2048))
    shape = b"M" + struct.pack("<H", 1 << 9)
    head = data[:start].replace(shape, b"J" + struct.pack("<i", many))
    with (tmp_path / "a.joblib").open("wb") as file:
        file.write(head)
        file.seek(length, 1)
        file.write(data[start + 2048 : -2] + assemble([*CALL, "STOP"]))
    assert named(tmp_path / "a.joblib")[0][2:] == ((many,), length)
    assert "os.mkdir" in told(tmp_path / "a.joblib", "pickle")[0][1]

    storage = STORAGE[: -8 - 16] + struct.pack("<q", many)
    with (tmp_path / "a.pt").open("wb") as file:
        for name, data in WHOLE.items():
            entry = tarfile.TarInfo(name)
            hole = length if name == "storages" else 0
            first, rest = (number(1) + storage, NO_VIEWS) if hole else (data, b"")
            entry.size = len(first) + hole + len(rest)
            file.write(entry.tobuf(tarfile.USTAR_FORMAT) + first)
            file.seek(hole, 1)
            file.write(rest + bytes(-entry.size % 512))
        file.write(bytes(1024))
    assert named(tmp_path / "a.pt") == [("w", "float32", (2, 2), 16)]
    assert read(tmp_path / "a.pt").storages["7"].bytes == length


def test_an_array_of_joblib_whose_length_is_not_certain_is_not_stepped_over(tmp_path):
    """A dtype with another state, records, words: the rest is said to be unread."""
    records = np.zeros(2, dtype=[("x", "f4"), ("y", "i4")])
    for array in (records, np.array(["word"])):
        joblib.dump([array, 1], tmp_path / "a.joblib")
        ((_, text),) = told(tmp_path / "a.joblib", "closed")
        assert "unknown length" in text
        assert read(tmp_path / "a.joblib").total == 1
    joblib.dump(np.zeros(2), tmp_path / "a.joblib")
    data = (tmp_path / "a.joblib").read_bytes()
    (tmp_path / "a.joblib").write_bytes(data[:-1] + assemble(["EMPTY_DICT", "BUILD", "STOP"]))
    assert "changed after it was made" in told(tmp_path / "a.joblib", "closed")[0][1]
    joblib.dump([np.zeros(2), 1], tmp_path / "a.joblib")
    data = (tmp_path / "a.joblib").read_bytes()
    flagged = data.replace(
        b"J\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00t", b"J\xff\xff\xff\xff" * 2 + b"K\x3ft"
    )
    assert flagged != data  # the state's flags: joblib would look for a pickle there
    (tmp_path / "a.joblib").write_bytes(flagged)
    assert "unknown length" in told(tmp_path / "a.joblib", "closed")[0][1]


def twins(folder):
    """Yield files in which something comes twice, or a length lies; and what is said of each."""
    twice = '{"class_name": "Lambda", "class_name": "Dense"}'
    yield (
        zipped(folder / "a.keras", ("config.json", twice), ("metadata.json", "{}")),
        "'class_name' twice",
    )
    yield (
        zipped(folder / "b.keras", ("config.json", "{}"), ("metadata.json", '{"a":1,"a":2}')),
        "'a' twice",
    )
    with h5py.File(folder / "c.h5", "w") as file:
        file.attrs["model_config"] = twice
    yield folder / "c.h5", "its model_config has the key 'class_name' twice"
    header = b"{'descr': '|O', 'descr': '<f8', 'fortran_order': False, 'shape': (1,), }".ljust(117)
    (folder / "d.npy").write_bytes(b"\x93NUMPY\x01\x00v\x00" + header + b"\n" + bytes(8))
    yield folder / "d.npy", "has a key twice"
    yield taken(folder / "e.tar", [("a", b"1"), ("./a", b"2")]), "'./a' twice"
    whole = zipped(folder / "f.pt", ("a/version", "3"), ("a/data.pkl", PLAIN)).read_bytes()
    lying = bytearray(whole)
    struct.pack_into("<I", lying, whole.rindex(b"PK\x01\x02") + 20, 0x7FFFFFFF)
    (folder / "f.pt").write_bytes(lying)
    yield folder / "f.pt", "is only stored, and yet takes 2,147,483,647 bytes"


def test_what_comes_twice_or_lies_about_its_length_is_refused(tmp_path):
    """Two readers would each take another one."""
    for path, reason in twins(tmp_path):
        with pytest.raises(RefusedError) as caught:
            read(path)
        assert reason in str(caught.value), path.name


def test_bytes_behind_the_end_are_noted(torch, tmp_path):
    """Behind a pickle, the one in an archive, an array, an array of objects, an old file's last storage."""
    objects = npy(np.array([None], dtype=object))
    torch.save({"w": torch.zeros(4)}, tmp_path / "a.pt", _use_new_zipfile_serialization=False)
    legacy = (tmp_path / "a.pt").read_bytes()
    for name, data in (
        ("a.pkl", PLAIN), ("a.npy", npy(np.zeros(1))), ("b.npy", objects), ("b.pt", legacy),
    ):  # fmt: skip
        for rest, said in ((b"", ""), (b"\xff", "1 byte follows"), (b"\xff" * 9, "9 bytes follow")):
            (tmp_path / name).write_bytes(data + rest)
            notes = [text for _, text in told(tmp_path / name, "closed")]
            assert len(notes) == bool(rest), (name, rest)
            assert all(text.startswith(said) for text in notes)
    inner = zipped(tmp_path / "c.pt", ("a/data.pkl", PLAIN + CANARY), ("a/version", "3"))
    ((where, text),) = told(inner, "closed")
    assert (where, text[:8]) == ("a/data.pkl", f"{len(CANARY)} bytes")


def hdf5(path, **options):
    with h5py.File(path, "w", **options) as file:
        file["g/w"] = np.arange(3.0)
        file["t"] = np.dtype("f8")
    return path


def test_hdf5_tells_what_pytables_unpickles(tmp_path):
    """An attribute at a group, an array or a named type, in each way to write it; and an array of objects."""
    old = b"cos\nmkdir\n(S'canary'\ntR."
    path = hdf5(tmp_path / "a.h5")
    with h5py.File(path, "a") as file:
        file.attrs["bytes"] = np.bytes_(old)
        file["g"].attrs["opaque"] = np.void(CANARY)
        file["g/w"].attrs["text"] = old.decode()
        file["t"].attrs["numbers"] = np.frombuffer(CANARY, np.uint8)
        file.attrs["breaks off"] = np.bytes_(old[:-1] + b"garbage.")
        file.attrs["at once"] = np.bytes_(b"(ios\nabort\ngarbage.")
        file.attrs["late"] = np.bytes_(b"N0" * 6_000 + old)
        file.attrs["harmless"] = "A sentence."
        file.attrs["lines"] = "cat\ndog\n"
        file["g/w"].attrs["PSEUDOATOM"] = np.bytes_(b"object")
    assert {where for where, _ in told(path, "pickle")} == {
        "bytes", "g@opaque", "g/w@text", "t@numbers", "breaks off", "at once", "late",
    }  # fmt: skip
    assert [where for where, _ in told(path, "objects")] == ["g/w@PSEUDOATOM"]


@pytest.mark.parametrize("libver", ["earliest", "latest"])
@pytest.mark.parametrize("block", [0, 1024])
def test_hdf5_tells_what_stands_before_and_behind_it(tmp_path, libver, block):
    """HDF5 reads neither a user block nor what was appended, and others do."""
    path = hdf5(tmp_path / "a.h5", libver=libver, userblock_size=block)
    assert read(path).risks == []
    with path.open("r+b") as file:
        file.write(CANARY if block else b"")
        file.seek(0, 2)
        file.write(CANARY)
    texts = [text for _, text in told(path, "closed")]
    assert texts[-1].startswith(f"{len(CANARY)} bytes follow its end")
    assert [text for text in texts if "1,024 bytes stand before it" in text] == texts[:-1]
    assert len(texts) == 1 + bool(block)


@pytest.mark.parametrize("tensors", [0, 2])
def test_gguf_tells_what_follows_its_end(tmp_path, tensors):
    """Zeros up to the alignment are its own; nothing else is, not even there."""
    import gguf

    path = tmp_path / "a.gguf"
    writer = gguf.GGUFWriter(path, "llama")
    for number in range(tensors):
        writer.add_tensor(f"t{number}", np.ones(3, dtype="float32"))
    for step in ("header", "kv_data", "tensors"):
        getattr(writer, f"write_{step}_to_file")()
    writer.close()
    whole = path.read_bytes()
    assert read(path).risks == []
    path.write_bytes(whole + CANARY)
    ((_, text),) = told(path, "closed")
    assert text.startswith(f"{len(CANARY)} bytes follow")
    if tensors:
        path.write_bytes(whole[:-1] + b".")
        ((_, text),) = told(path, "closed")
        assert text.startswith("20 bytes follow")
