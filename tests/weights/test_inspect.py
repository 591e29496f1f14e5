"""What a header says is told truly; nothing is loaded, no other file is opened, and bad input ends in one line."""

from __future__ import annotations

import errno
import io
import json
import os
import pickle
import stat
import struct
import tarfile
import time
import zipfile

import h5py
import joblib
import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from safetensors.numpy import save_file

from unpickled import sandbox, specimens
from unpickled.cli.main import run as command
from unpickled.errors import ScanError
from unpickled.pickles import assemble
from unpickled.weights import identify, inspect, inspecting, reading_problem
from unpickled.weights.parsers import PARSERS

from . import fuzz
from .huge import GB, huge


def described(path):
    """Return tensors and risks in short."""
    contents = inspect(path).contents
    tensors = [(t.name, t.dtype, t.shape, t.bytes) for t in contents.tensors]
    return tensors, {(risk.kind, risk.where) for risk in contents.risks}


def graph(*initializers, nodes=()):
    nodes = nodes or [helper.make_node("Identity", ["x"], ["y"])]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
    return helper.make_graph(nodes, "g", ends[:1], ends[1:], initializer=list(initializers))


def test_every_format_is_told_as_its_library_wrote_it(tmp_path):
    """Names, types, shapes and sizes, of files that the real libraries wrote."""
    import gguf
    import torch

    save_file({"a": np.zeros((2, 3), "float16")}, tmp_path / "a.safetensors", metadata={"by": "me"})
    assert described(tmp_path / "a.safetensors") == ([("a", "F16", (2, 3), 12)], set())
    assert inspect(tmp_path / "a.safetensors").contents.metadata == (("by", "me"),)

    writer = gguf.GGUFWriter(tmp_path / "a.gguf", "llama")
    writer.add_chat_template("{{ messages }}")
    writer.add_tensor("t", np.zeros((4, 8), dtype="float32"))
    for step in ("header", "kv_data", "tensors"):
        getattr(writer, f"write_{step}_to_file")()
    writer.close()
    assert described(tmp_path / "a.gguf") == (
        [("t", "F32", (8, 4), 128)], {("template", "tokenizer.chat_template")},
    )  # fmt: skip

    weights = helper.make_tensor("w", TensorProto.INT64, [5], list(range(5)))
    inner = helper.make_node("If", ["c"], ["z"], then_branch=graph(weights), else_branch=graph())
    onnx.save(helper.make_model(graph(weights, nodes=[inner])), tmp_path / "a.onnx")
    assert described(tmp_path / "a.onnx") == ([("w", "INT64", (5,), 40)] * 2, set())

    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["layer/kernel"] = np.zeros((2, 2), "float32")
        file["again"] = file["layer"]  # a second hard link
        file["soft"] = h5py.SoftLink("/layer")
    assert len(described(tmp_path / "a.h5")[0]) == 1
    assert described(tmp_path / "a.h5")[0][0][1:] == ("float32", (2, 2), 16)

    np.save(tmp_path / "a.npy", np.zeros((3,), "complex64"))
    assert described(tmp_path / "a.npy") == ([("a", "complex64", (3,), 24)], set())
    np.savez_compressed(tmp_path / "a.npz", w=np.zeros(4), o=np.array([None], dtype=object))
    assert described(tmp_path / "a.npz") == (
        [("w", "float64", (4,), 32), ("o", "object", (1,), None)], {("objects", "o")},
    )  # fmt: skip
    joblib.dump({"a": np.arange(5)}, tmp_path / "a.joblib")
    assert described(tmp_path / "a.joblib")[0] == [("a", "i8", (5,), 40)]
    joblib.dump({"a": np.arange(5)}, tmp_path / "b.joblib", compress=3)
    assert described(tmp_path / "b.joblib")[0] == [("a", "i8", (5,), 40)]

    state = {
        "epoch": 3,
        "model": torch.nn.Linear(2, 3).state_dict(),
        "more": [torch.zeros(2, dtype=torch.bfloat16), torch.nn.Parameter(torch.ones(1))],
    }
    wanted = [
        ("model.weight", "float32", (3, 2), 24), ("model.bias", "float32", (3,), 12),
        ("more.0", "bfloat16", (2,), 4), ("more.1", "float32", (1,), 4),
    ]  # fmt: skip
    torch.save(state, tmp_path / "a.pt")
    torch.save(state, tmp_path / "b.pt", _use_new_zipfile_serialization=False)
    assert described(tmp_path / "a.pt") == (wanted, {("pickle", "a/data.pkl")})
    assert described(tmp_path / "b.pt") == (wanted, {("pickle", "")})
    torch.jit.script(torch.nn.Linear(2, 2)).save(tmp_path / "s.pt")
    tensors, risks = described(tmp_path / "s.pt")
    assert [name for name, *_ in tensors] == ["weight", "bias"]
    assert ("code", "s/code") in risks


@pytest.mark.parametrize(
    ("name", "risk"),
    [
        ("keras-lambda", ("lambda", "config.json")),
        ("h5-lambda", ("lambda", "model_config")),
        ("h5-lambda-nested", ("lambda", "model_config")),
        ("npy-canary", ("objects", "npy-canary")),
        ("joblib-xz", ("pickle", "<xz>")),
        ("zip-nested", ("pickle", "inner.zip > model.pkl")),
        ("tar-canary", ("pickle", "pickle")),
        ("pickle-as-safetensors", ("name", "")),
    ],
)
def test_what_is_risky_is_named(tmp_path, name, risk):
    """Each class of risk, by its kind and its place; and nothing happens."""
    path = specimens.write(name, tmp_path, marker=tmp_path / "canary")
    assert risk in described(path)[1]
    assert not (tmp_path / "canary").exists()


def test_no_file_that_the_file_names_is_opened(tmp_path):
    """External data of ONNX, links, raw files and virtual sources of HDF5: told, not followed."""
    secret = tmp_path / "secret.bin"
    secret.write_bytes(b"12345678" * 4)
    tensor = helper.make_tensor("w", TensorProto.FLOAT, [8], bytes(32), raw=True)
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret.bin")
    onnx.save(helper.make_model(graph(tensor)), tmp_path / "a.onnx")
    found = inspect(tmp_path / "a.onnx").contents
    assert [(t.name, t.bytes) for t in found.tensors] == [("w", 32)]
    assert "'../secret.bin'" in found.risks[0].text
    assert "out of the model's folder" in found.risks[0].text
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = [1]
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["link"] = h5py.ExternalLink("other.h5", "/x")
        file.create_dataset("raw", (8,), "f4", external=[(str(secret), 0, 32)])
        layout = h5py.VirtualLayout((1,), "i8")
        layout[:] = h5py.VirtualSource("other.h5", "x", (1,))
        file.create_virtual_dataset("virtual", layout)
    tensors, risks = described(tmp_path / "a.h5")
    assert {("external", "link"), ("external", "raw"), ("external", "virtual")} <= risks
    assert {name for name, *_ in tensors} == {"raw", "virtual"}


def zipped(path, *entries):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(name, data)
    return path


def bad_gguf(folder):
    """Yield files of that format and part of what is said of each."""

    def put(name, data):
        (folder / name).write_bytes(data)
        return folder / name

    # version, tensors, entries
    yield put("many.gguf", b"GGUF" + struct.pack("<IQQ", 3, 1 << 60, 0)), "over the limit"
    key = struct.pack("<Q", 1) + b"k" + struct.pack("<IB", 0, 1)
    yield put("twice.gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 2) + key * 2), "the key 'k' twice"
    long = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 1 << 62) + b"k"
    yield put("long.gguf", long + bytes(64)), "a length in it is false"
    room = b"GGUF" + struct.pack("<IQQ", 3, 900_000, 0)
    yield put("room.gguf", room + bytes(64)), "a length in it is false"
    array = key[:9] + struct.pack("<IIQ", 9, 4, 1 << 40)
    yield (
        put("array.gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + array),
        "a length in it is false",
    )
    nested = key[:9] + struct.pack("<I", 9) + struct.pack("<IQ", 9, 1) * 9
    yield (
        put("deep.gguf", b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + nested + bytes(64)),
        "nested too deep",
    )


def bad(folder):
    """Yield a path and part of what is said of it."""

    def put(name, data):
        (folder / name).write_bytes(data)
        return folder / name

    def header(text):
        return struct.pack("<Q", len(text)) + text

    yield folder / "none.pt", "no such file"
    yield folder, "it is a folder"
    yield put("empty.pt", b""), "it is empty"
    yield put("text.pt", b"hello"), "no weight format: text"
    one = b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}'
    twice = one + b',"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'
    yield put("twice.safetensors", header(twice) + b"x"), "the key 'a' twice"
    big = struct.pack("<Q", 40 << 20) + b'{"' + bytes(41 << 20)
    yield put("large.safetensors", big), "over the limit"
    lying = b'{"a":{"dtype":"U8","shape":[9],"data_offsets":[0,1]}}'
    yield put("lying.safetensors", header(lying) + b"x"), "damaged"
    npy = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        npy, {"descr": "<f8", "fortran_order": False, "shape": (1 << 50,)}
    )
    yield put("short.npy", npy.getvalue() + bytes(8)), "is cut off"
    yield put("version.npy", b"\x93NUMPY\x09\x00" + bytes(100)), "not known"
    array = io.BytesIO()
    np.save(array, np.zeros(3))
    yield zipped(folder / "up.npz", ("../../up.npy", array.getvalue())), "leads out of the archive"
    yield zipped(folder / "drive.npz", ("C:\\up.npy", array.getvalue())), "leads out of the archive"
    with pytest.warns(UserWarning, match="Duplicate"):
        path = zipped(folder / "twice.npz", ("a.npy", array.getvalue()), ("a.npy", b"other"))
    yield path, "'a.npy' twice"
    info = zipfile.ZipInfo("link.npy")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    yield zipped(folder / "link.npz", (info, b"/etc/passwd")), "is a link"
    yield zipped(folder / "bomb.npz", ("a.npy", bytes(80 << 20))), "unpacks to"
    late = zipped(folder / "inner.npz", ("a.npy", array.getvalue())).read_bytes()
    yield put("behind.npz", late + b"PK tail"), "before or behind"
    with tarfile.open(folder / "up.tar", "w") as archive:
        archive.addfile(tarfile.TarInfo("../up"))
    yield folder / "up.tar", "leads out of the archive"
    deep = "[" * 100_000
    yield (
        zipped(folder / "deep.keras", ("config.json", deep), ("metadata.json", "{}")),
        "nested too deep",
    )
    with h5py.File(folder / "deep.h5", "w") as file:
        file["/".join("a" * 80)] = 1
    yield folder / "deep.h5", "nested too deep"
    ops = ["EMPTY_LIST", ("BINPUT", 0)]
    for number in range(1, 30):  # ten lists of ten lists of ten lists …
        ten = [("BINGET", number - 1)] * 10
        ops += ["EMPTY_LIST", ("BINPUT", number), "MARK", *ten, "APPENDS"]
    yield put("laughs.pkl", assemble([("PROTO", 2), *ops, "STOP"])), "more than 300,000 objects"
    yield put("cut.pkl", pickle.dumps({"a": "b" * 100})[:-20]), "breaks off"


def test_bad_input_ends_in_one_line(tmp_path):
    """Lying, oversized, duplicated, nested, escaping, linked, cut: refused with a reason, and no more than that."""
    for path, reason in (*bad(tmp_path), *bad_gguf(tmp_path)):
        with pytest.raises(ScanError) as caught:
            inspect(path)
        assert reason in str(caught.value), (path.name, str(caught.value))
        assert "\n" not in str(caught.value), path.name


def test_a_file_is_found_by_any_path(tmp_path, monkeypatch):
    """One that goes up and down again, and one that goes up from where a link leads."""
    (tmp_path / "here").mkdir()
    (tmp_path / "far" / "in").mkdir(parents=True)
    path = specimens.write("safetensors", tmp_path / "far")
    (tmp_path / "here" / "link").symlink_to(tmp_path / "far" / "in")
    monkeypatch.chdir(tmp_path / "here")
    known = inspect(path).contents
    for other in (f"../far/{path.name}", f"link/../{path.name}"):
        assert inspect(other).contents == known
        assert inspect(other).path == other


def test_what_may_not_be_read_is_said_so(tmp_path):
    """Permission is asked of the system, not guessed: tried as nobody where the tests run as root."""
    path = tmp_path / "mine.npy"
    np.save(path, np.zeros(1))
    path.chmod(0)
    was_root = os.geteuid() == 0
    if was_root:
        os.seteuid(65534)
    try:
        with pytest.raises(ScanError, match="you may not read it"):
            inspect(path)
    finally:
        if was_root:
            os.seteuid(0)


def test_what_the_system_refuses_for_any_other_reason_has_a_remedy_too():
    """A link to /proc/self/mem, a bad disk: the system's words in brackets, then what to do."""
    told = str(reading_problem("a.pt", OSError(errno.EINVAL, "Invalid argument")))
    assert told.startswith("a.pt: it cannot be read (Invalid argument). Copy what it holds")
    assert "(OSError)" in str(reading_problem("a.pt", OSError()))


def test_cost_does_not_grow_with_the_weights(tmp_path, monkeypatch):
    """2 GB in each format: its tensor is listed, with less than 200 MB of memory in the child."""
    used = []
    run_python = sandbox.run_python

    def remembered(*given, **named):
        assert named["limits"].memory <= 512 << 20  # as docs/threat-model.md promises
        used.append(run_python(*given, **named))
        return used[-1]

    monkeypatch.setattr(sandbox, "run_python", remembered)
    for path in huge(tmp_path):
        tensors, _ = described(path)
        assert [tensor[0] for tensor in tensors] in (["w"], ["a"]), path.name
        assert tensors[0][3] == 2 * GB, path.name
        assert used[-1].memory < 200 << 20, path.name
    assert len(used) == 5


def test_a_vocabulary_of_a_language_model_is_told_by_its_length(tmp_path):
    """The package alone would take many seconds and hundreds of megabytes."""
    import gguf

    writer = gguf.GGUFWriter(tmp_path / "a.gguf", "llama")
    writer.add_token_list([f"word {n}" for n in range(150_000)])
    writer.add_token_scores([0.5] * 150_000)
    writer.add_array("short", ["one", "two"])
    writer.add_custom_alignment(64)
    writer.add_tensor("t", np.zeros(4, dtype="float32"))
    for step in ("header", "kv_data", "tensors"):
        getattr(writer, f"write_{step}_to_file")()
    writer.close()
    started = time.monotonic()
    told = dict(inspect(tmp_path / "a.gguf").contents.metadata)
    assert time.monotonic() - started < 6
    assert told["tokenizer.ggml.tokens"].startswith("150,000 items: ['word 0', 'word 1',")
    assert told["short"] == "2 items: ['one', 'two']"
    data = (tmp_path / "a.gguf").read_bytes()
    (tmp_path / "a.gguf").write_bytes(data[:-64])
    with pytest.raises(ScanError):
        inspect(tmp_path / "a.gguf")


def test_a_header_that_takes_too_much_ends_with_the_child(tmp_path, monkeypatch):
    """Beyond the limit of memory the child is ended, and the file named."""
    monkeypatch.setattr(inspecting, "MEMORY", 24 << 20)
    header = {f"t{n}": {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]} for n in range(80_000)}
    text = json.dumps(header).encode()
    (tmp_path / "a.safetensors").write_bytes(struct.pack("<Q", len(text)) + text)
    with pytest.raises(ScanError, match="takes more than 24 MB of memory"):
        inspect(tmp_path / "a.safetensors")


def test_a_header_on_which_the_library_never_ends_is_left_in_time(tmp_path, monkeypatch):
    """Found by the fuzzer: one byte changed, and HDF5 goes round for ever."""
    monkeypatch.setattr(inspecting, "_SECONDS", 1)
    path = specimens.write("h5-lambda", tmp_path, marker=tmp_path / "canary")
    data = bytearray(path.read_bytes())
    data[611] = 0xC9
    path.write_bytes(data)
    with pytest.raises(ScanError, match=r"longer than 1 second|damaged"):
        inspect(path)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "[]",
        "{}",
        '{"metadata": 1}',
        "[" * 50_000,
        '{"metadata": [[1, 2]], "tensors": [], "total": 0, "risks": []}',
        '{"refused": null, "metadata": [[1, 2]]}',
        '{"metadata": [], "tensors": [["a", "b", ["c"], 1]], "total": 1, "risks": []}',
    ],
)
def test_a_child_that_was_taken_over_cannot_choose_what_is_believed(tmp_path, monkeypatch, answer):
    """Its answer is checked like any other hostile input."""
    np.save(tmp_path / "a.npy", np.zeros(1))
    outcome = sandbox.Outcome(
        code=0, out=answer.encode(), err=b"", stopped_by="", isolation="", seconds=0, memory=0
    )
    monkeypatch.setattr(sandbox, "run_python", lambda *_, **__: outcome)
    with pytest.raises(ScanError, match="broke on it"):
        inspect(tmp_path / "a.npy")


def test_the_command_prints_json_and_ends_with_two_for_any_bad_file(tmp_path, capsys):
    """Good files are told all the same; what is in them cannot steer the terminal."""
    save_file({"a\x1b[31m\u202e": np.zeros(1)}, tmp_path / "good.safetensors")
    (tmp_path / "bad.pt").write_bytes(b"")
    assert command(["inspect", str(tmp_path / "good.safetensors")]) == 0
    out = capsys.readouterr().out
    assert "a\\x1b[31m\\u202e  F64  1  8 bytes" in out
    assert "\x1b" not in out
    names = [str(tmp_path / "bad.pt"), str(tmp_path / "good.safetensors")]
    assert command(["inspect", "--json", *names]) == 2
    both = capsys.readouterr()
    first, second = json.loads(both.out)
    assert "it is empty" in first["error"]
    assert (second["format"], second["tensors"][0]["bytes"]) == ("safetensors", 8)
    assert both.err.count("\n") == 1


def test_without_bubblewrap_headers_are_read_and_it_is_said(tmp_path, capsys, monkeypatch):
    """Parsing only is done in a limited child, and the output names it."""
    monkeypatch.setattr("unpickled.sandbox.wall.problem", lambda: "bubblewrap is not installed")
    np.save(tmp_path / "a.npy", np.zeros(1))
    assert command(["inspect", str(tmp_path / "a.npy")]) == 0
    assert "bubblewrap is missing" in capsys.readouterr().out
    assert command(["inspect", "--help"]) == 0
    assert "Without bubblewrap, the child has limits but no wall" in " ".join(
        capsys.readouterr().out.split()
    )


def test_damage_of_every_kind_is_survived(tmp_path):
    """150 cuts and 150 accidents a format; `make fuzz` does every cut of the first 4 KB, and twenty thousand."""
    if sandbox.problem():
        pytest.skip(sandbox.problem())
    seeds = fuzz.seeds(tmp_path)
    kinds = {identify(seed).id for seed in seeds}
    assert kinds >= set(PARSERS) - {"torchscript"}  # read as the other PyTorch zips
    for seed in seeds:
        told = fuzz.run(seed, "mixed", 300)
        assert not told["faults"], (seed.name, told)
        assert told["counts"]["refused"] > 20, (seed.name, told)
